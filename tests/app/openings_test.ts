import { assertEquals } from "@std/assert";
import { Counters } from "../../src/base/inspect.ts";
import { Openings } from "../../src/app/openings.ts";
import type { Connection } from "../../src/sessions/connection.ts";
import { VirtualClock } from "../../src/testing/virtual_clock.ts";

/** As much of a connection as is needed here. */
function connection(closed: [number, string][]): Connection {
  return { close: (code: number, reason: string) => closed.push([code, reason]) } as unknown as Connection;
}

function run(clock: VirtualClock, untilMs: number): void {
  while (clock.step(untilMs));
}

Deno.test("Openings closes a connection that takes too long to open, and counts it", () => {
  const clock = new VirtualClock();
  const counters = new Counters();
  const openings = new Openings(clock, counters, { openTimeoutMs: 1_600 });
  const closed: [number, string][] = [];
  openings.add(connection(closed));
  run(clock, 1_599);
  assertEquals(closed, []);
  run(clock, 1_700);
  assertEquals(closed, [[1001, "it took too long to open"]]);
  assertEquals(counters.get("connections.never_opened"), 1);
});

Deno.test("Openings forgets a connection that is open, and keeps no timer for it", () => {
  const clock = new VirtualClock();
  const openings = new Openings(clock, new Counters(), { openTimeoutMs: 1_600 });
  const closed: [number, string][] = [];
  const [first, second] = [connection(closed), connection(closed)];
  openings.add(first);
  openings.add(second);
  assertEquals([...openings], [first, second]);
  openings.delete(first);
  openings.delete(second);
  assertEquals([[...openings].length, clock.pending], [0, 0]);
  run(clock, 10_000);
  assertEquals(closed, []);
});

Deno.test("Openings gives those that come later the time that is set meanwhile", () => {
  const clock = new VirtualClock();
  const limits = { openTimeoutMs: 1_600 };
  const openings = new Openings(clock, new Counters(), limits);
  const [before, after]: [number, string][][] = [[], []];
  openings.add(connection(before));
  limits.openTimeoutMs = 160;
  openings.add(connection(after));
  run(clock, 200);
  assertEquals([before.length, after.length], [0, 1]);
  run(clock, 1_700);
  assertEquals([before.length, clock.pending], [1, 0]);
});
