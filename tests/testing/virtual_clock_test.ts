import { VirtualClock } from "@troupe/core/testing";
import { assertEquals } from "@std/assert";
import * as fc from "fast-check";

Deno.test("a virtual clock stands still until it is told to move", () => {
  const clock = new VirtualClock(1_000);
  assertEquals([clock.now(), clock.elapsedMs()], [1_000, 0]);
  assertEquals(clock.step(250), false);
  assertEquals([clock.now(), clock.elapsedMs()], [1_250, 250]);
  clock.step(100); // it never goes backwards
  assertEquals(clock.elapsedMs(), 250);
  assertEquals(new VirtualClock().now(), Date.UTC(2026, 0, 1));
});

Deno.test("a step runs the next timer that is due, at its own time, and one that it sets meanwhile", () => {
  const clock = new VirtualClock();
  const rung: [string, number][] = [];
  const ring = (name: string) => () => rung.push([name, clock.elapsedMs()]);
  clock.setTimer(() => {
    ring("a")();
    clock.setTimer(ring("at once"), 0);
    clock.setTimer(ring("later"), 5);
  }, 10);
  clock.setTimer(ring("b"), 12);
  assertEquals(clock.nextDueMs, 10);
  while (clock.step(14));
  assertEquals(rung, [["a", 10], ["at once", 10], ["b", 12]]);
  assertEquals([clock.pending, clock.nextDueMs, clock.elapsedMs()], [1, 15, 14]);
});

Deno.test("timers run by due time, then in the order in which they were set; cleared ones never, like a sorted list", () => {
  const action = fc.oneof(
    fc.record({ set: fc.nat(50) }),
    fc.record({ clear: fc.nat(100) }),
    fc.record({ advance: fc.nat(20) }),
  );
  fc.assert(fc.property(fc.array(action, { maxLength: 300, size: "max" }), (actions) => {
    const clock = new VirtualClock();
    const rung: number[] = [];
    const expected: number[] = [];
    const ids: ReturnType<typeof clock.setTimer>[] = [];
    let model: { dueMs: number; number: number }[] = [];
    for (const act of actions) {
      if ("set" in act) {
        const number = ids.length;
        model.push({ dueMs: clock.elapsedMs() + act.set, number });
        ids.push(clock.setTimer(() => rung.push(number), act.set));
      } else if ("clear" in act) {
        if (act.clear < ids.length) clock.clearTimer(ids[act.clear]);
        model = model.filter(({ number }) => number !== act.clear);
      } else {
        const untilMs = clock.elapsedMs() + act.advance;
        const due = model.filter(({ dueMs }) => dueMs <= untilMs);
        due.sort((a, b) => a.dueMs - b.dueMs || a.number - b.number);
        expected.push(...due.map(({ number }) => number));
        model = model.filter((each) => !due.includes(each));
        while (clock.step(untilMs));
      }
      assertEquals(clock.pending, model.length);
    }
    assertEquals(rung, expected);
  }));
});

Deno.test("timers that are set and cleared again and again cost no memory that lasts", () => {
  const clock = new VirtualClock();
  let rung = 0;
  clock.setTimer(() => rung++, 1_000);
  for (let i = 0; i < 100_000; i++) clock.clearTimer(clock.setTimer(() => rung += 100, 500));
  assertEquals([clock.pending, clock.nextDueMs], [1, 1_000]);
  while (clock.step(1_000));
  assertEquals(rung, 1);
});
