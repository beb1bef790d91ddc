import { assertEquals } from "@std/assert";
import { Counters } from "../../src/base/inspect.ts";
import { VirtualClock } from "../../src/testing/virtual_clock.ts";
import { Closings } from "../../src/transport/closings.ts";

function setUp() {
  const clock = new VirtualClock();
  const counters = new Counters();
  const closings = new Closings({ clock, counters, limits: { closeTimeoutMs: 1_000 } });
  const run = (untilMs: number): void => {
    clock.setTimer(() => {}, untilMs - clock.elapsedMs());
    while (clock.step(untilMs));
  };
  return { clock, closings, run, abandoned: () => counters.get("connections.abandoned") };
}

Deno.test("A socket that has not ended after closeTimeoutMs is abandoned: counted and forgotten", () => {
  const { closings, run, abandoned } = setUp();
  closings.add({ ended: false });
  run(500);
  closings.add({ ended: false });
  run(999);
  assertEquals([closings.size, abandoned()], [2, 0]);
  run(1_000);
  assertEquals([closings.size, abandoned()], [1, 1]);
  run(1_500);
  assertEquals([closings.size, abandoned()], [0, 2]);
});

Deno.test("A socket that has ended in time is not counted, whether it said so or not", () => {
  const { clock, closings, run, abandoned } = setUp();
  const told = { ended: false };
  closings.add(told);
  closings.add({ ended: true });
  closings.delete(told);
  run(2_000);
  assertEquals([closings.size, abandoned(), clock.pending], [0, 0, 0]);
});

Deno.test("No timer is left when all have ended, or when all are forgotten", () => {
  const { clock, closings } = setUp();
  const [one, other] = [{ ended: false }, { ended: false }];
  closings.add(one);
  closings.add(other);
  assertEquals(clock.pending, 1);
  closings.delete(one);
  closings.delete(one);
  assertEquals(clock.pending, 1);
  closings.delete(other);
  assertEquals(clock.pending, 0);
  closings.add(one);
  closings.clear();
  assertEquals([clock.pending, closings.size], [0, 0]);
});

Deno.test("Where the transport can, it is cut off instead, and at the end of the app at once", () => {
  const { closings, run, abandoned } = setUp();
  const cutOff: string[] = [];
  closings.add({ ended: false, cutOff: () => void cutOff.push("late") });
  closings.add({ ended: true, cutOff: () => void cutOff.push("in time") });
  run(1_000);
  assertEquals([cutOff, abandoned(), closings.size], [["late"], 0, 0]);
  closings.add({ ended: false, cutOff: () => void cutOff.push("at the end") });
  closings.clear();
  assertEquals([cutOff, abandoned()], [["late", "at the end"], 0]);
});
