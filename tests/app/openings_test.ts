import { assertEquals } from "@std/assert";
import { Counters } from "../../src/base/inspect.ts";
import { Openings } from "../../src/app/openings.ts";
import { Connection, type ConnectionPorts } from "../../src/sessions/connection.ts";
import type { IdleWheel } from "../../src/sessions/idle_wheel.ts";
import { VirtualClock } from "../../src/testing/virtual_clock.ts";

/** As much of a connection's surroundings as it needs to end before it is open. */
class Stage {
  readonly clock = new VirtualClock();
  readonly counters = new Counters();
  readonly closed: Connection[] = [];

  connection(wheel: IdleWheel<Connection> | null = null): Connection {
    const { counters, closed } = this;
    const scheduler = { enter() {}, drain() {} };
    const ports = { counters, scheduler, wheel, closed: (connection: Connection) => closed.push(connection) };
    const interpreter = { opened() {}, received() {}, handle() {}, closed() {} };
    return new Connection(ports as unknown as ConnectionPorts, null!, { id: "ada" }, null, interpreter);
  }

  run(untilMs: number): void {
    while (this.clock.step(untilMs));
  }
}

Deno.test("Openings closes a connection that takes too long to open, and counts it", () => {
  const stage = new Stage();
  const openings = new Openings(stage.clock, { openTimeoutMs: 1_600 });
  const connection = stage.connection();
  openings.add(connection);
  stage.run(1_599);
  assertEquals([stage.closed.length, openings.size], [0, 1]);
  stage.run(1_700);
  assertEquals([stage.closed, openings.size], [[connection], 0]);
  assertEquals(stage.counters.get("connections.never_opened"), 1);
});

Deno.test("Openings forgets a connection that is open or has ended, and keeps no timer for it", () => {
  const stage = new Stage();
  const openings = new Openings(stage.clock, { openTimeoutMs: 1_600 });
  const [first, second] = [stage.connection(), stage.connection()];
  openings.add(first);
  openings.add(second);
  assertEquals([...openings], [first, second]);
  first.lookedAfterBy(null); // as it does when it is open
  second.close(1001, "gone");
  assertEquals([[...openings].length, stage.clock.pending], [0, 0]);
  stage.run(10_000);
  assertEquals(stage.counters.get("connections.never_opened"), 0);
});

Deno.test("Openings gives those that come later the time that is set meanwhile", () => {
  const stage = new Stage();
  const limits = { openTimeoutMs: 1_600 };
  const openings = new Openings(stage.clock, limits);
  const [before, after] = [stage.connection(), stage.connection()];
  openings.add(before);
  limits.openTimeoutMs = 160;
  openings.add(after);
  assertEquals([...openings], [before, after]);
  stage.run(200);
  assertEquals(stage.closed, [after]);
  stage.run(1_700);
  assertEquals([stage.closed, stage.clock.pending], [[after, before], 0]);
});
