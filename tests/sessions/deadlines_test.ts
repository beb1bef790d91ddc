import { assertEquals, assertLess } from "@std/assert";
import { type Deadline, NOT_KEPT } from "../../src/sessions/deadline_heap.ts";
import { Deadlines } from "../../src/sessions/deadlines.ts";
import { VirtualClock } from "../../src/testing/virtual_clock.ts";

const YEAR_MS = 365 * 24 * 3_600_000;

/** A wall clock that can be set, on top of one whose time only passes. */
class SettableClock extends VirtualClock {
  #offsetMs = 0;

  constructor() {
    super(0);
  }

  override now(): number {
    return super.now() + this.#offsetMs;
  }

  set(byMs: number): void {
    this.#offsetMs += byMs;
  }
}

/** Deadlines, and when each was met, by the time that has passed. */
function stage() {
  const clock = new SettableClock();
  const met: [atMs: number, elapsedMs: number][] = [];
  const deadlines = new Deadlines<Deadline>(clock, ({ atMs }) => met.push([atMs, clock.elapsedMs()]));
  return {
    clock,
    deadlines,
    met,
    add(atMs: number): Deadline {
      const deadline = { atMs, heapIndex: NOT_KEPT };
      deadlines.add(deadline);
      return deadline;
    },
    pass(untilMs: number): void {
      while (clock.step(untilMs));
    },
  };
}

Deno.test("Deadlines are met at their instant, in order, whatever the order in which they were added", () => {
  const { add, pass, met } = stage();
  for (const atMs of [500, 100, 300, 100]) add(atMs);
  pass(99);
  assertEquals(met, []);
  pass(1_000);
  assertEquals(met, [[100, 100], [100, 100], [300, 300], [500, 500]]);
});

Deno.test("A deadline that is past is met soon, not within add", () => {
  const { add, pass, met } = stage();
  pass(50);
  add(10);
  assertEquals(met, []);
  pass(50);
  assertEquals(met, [[10, 50]]);
});

Deno.test("A hundred thousand deadlines take one timer, and none is left when all are gone", () => {
  const { add, deadlines, clock } = stage();
  const all = Array.from({ length: 100_000 }, (_, i) => add(1_000_000 - i));
  assertEquals([deadlines.size, clock.pending], [100_000, 1]);
  for (const deadline of all) deadlines.delete(deadline);
  assertEquals([deadlines.size, clock.pending], [0, 0]);
});

Deno.test("A hundred thousand that are due at once are met in slices, and the loop turns in between", () => {
  const { add, clock, met } = stage();
  for (let i = 0; i < 100_000; i++) add(1_000);
  let turns = 0;
  for (let before = 0; clock.step(1_000); before = met.length, turns++) {
    assertLess(met.length - before, 1_001);
  }
  assertEquals([met.length, turns], [100_000, 100]);
});

Deno.test("A deadline years away is met in its time: no timer is longer than a platform's can be", () => {
  const { add, clock, met } = stage();
  add(YEAR_MS);
  assertLess(clock.nextDueMs!, 2 ** 31);
  while (met.length === 0) {
    const dueMs: number = clock.nextDueMs!;
    assertLess(dueMs - clock.elapsedMs(), 2 ** 31);
    clock.step(dueMs);
  }
  assertEquals(met, [[YEAR_MS, YEAR_MS]]);
});

Deno.test("A wall clock that is set forward brings deadlines nearer, within 30 s", () => {
  const { add, pass, clock, met } = stage();
  add(3_600_000);
  pass(1_000);
  clock.set(3_600_000);
  pass(30_000);
  assertEquals(met, [[3_600_000, 30_000]]);
});

Deno.test("A wall clock that is set back puts deadlines off: none is early by it", () => {
  const { add, pass, clock, met } = stage();
  add(10_000);
  clock.set(-5_000);
  pass(14_999);
  assertEquals(met, []);
  pass(15_000);
  assertEquals(met, [[10_000, 15_000]]);
});
