import { assert, assertEquals } from "@std/assert";
import { SlowWatch } from "../../src/actors/slow_watch.ts";
import { actor } from "../../src/actors/behavior.ts";
import { type SlowHandler, System } from "../../src/actors/system.ts";
import { ManualTurns } from "../../src/testing/manual_turns.ts";
import { VirtualClock } from "../../src/testing/virtual_clock.ts";

/** A clock that counts how often it is read. */
class ReadClock extends VirtualClock {
  reads = 0;

  override now(): number {
    this.reads++;
    return super.now();
  }
}

function stage() {
  const clock = new ReadClock();
  const reports: [string, number, number][] = [];
  const watch = new SlowWatch<string>(
    clock,
    50,
    (name, _carried, tookMs, steps) => reports.push([name, tookMs, steps]),
  );
  const drain = (name: string, ms: number): boolean => {
    if (!watch.begin()) {
      clock.step(clock.elapsedMs() + ms);
      return false;
    }
    clock.step(clock.elapsedMs() + ms);
    watch.look(name, null, 1);
    return true;
  };
  return { clock, reports, watch, drain };
}

Deno.test("SlowWatch reports what took as long as the limit, and nothing else", () => {
  const { reports, drain, clock } = stage();
  for (const ms of [0, 49, 50, 400]) {
    drain(`${ms}`, ms);
    clock.step(clock.elapsedMs() + 1_000);
  }
  assertEquals(reports, [["50", 50, 1], ["400", 400, 1]]);
});

Deno.test("SlowWatch says how many messages share the time that it measured", () => {
  const { reports, watch, clock } = stage();
  watch.begin();
  watch.look("a", null, 1);
  clock.step(60);
  watch.look("b", null, 4);
  clock.step(130);
  watch.look("c", null, 5);
  assertEquals(reports, [["b", 60, 3], ["c", 70, 1]]);
});

Deno.test("SlowWatch reads the clock for one drain in sixteen, while they come in a rush", () => {
  const { clock, drain } = stage();
  for (let i = 0; i < 10_000; i++) drain("quick", 0.01);
  assert(clock.reads < 2 * (300 + 10_000 / 16), `${clock.reads} reads`);
  assert(clock.reads > 10_000 / 16);
});

Deno.test("SlowWatch times every drain again when the rush is over, and when it is told to", () => {
  const { drain, watch, clock } = stage();
  const rush = (): void => {
    for (let i = 0; i < 1_000; i++) drain("quick", 0.01);
    while (!drain("quick", 0.01));
    assertEquals(drain("unseen", 60), false);
  };
  rush();
  watch.wake();
  assertEquals(drain("seen", 60), true);
  rush();
  clock.step(clock.elapsedMs() + 5_000);
  while (!drain("late", 0));
  assertEquals([drain("seen", 60), drain("seen", 60)], [true, true]);
});

Deno.test("System.watchSlow names the actor and its message", () => {
  const clock = new VirtualClock();
  const turns = new ManualTurns();
  const system = new System({ clock, scheduler: { turns } });
  const slow: SlowHandler[] = [];
  const worker = actor<{ ms: number }, null>({
    init: () => null,
    receive(state, { ms }) {
      clock.step(clock.elapsedMs() + ms);
      return state;
    },
  });
  const ref = system.spawn(worker, { name: "worker" });
  system.scheduler.drain();
  system.watchSlow(50, (each) => slow.push(each));
  ref.tell({ ms: 10 });
  system.scheduler.drain();
  ref.tell({ ms: 70 });
  system.scheduler.drain();
  assertEquals(slow, [{ path: "/worker", message: { ms: 70 }, tookMs: 70, messages: 1 }]);
});
