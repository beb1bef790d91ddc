import { assertEquals } from "@std/assert";
import { CountedClock } from "../../src/base/counted_clock.ts";
import { VirtualClock } from "../../src/testing/mod.ts";

Deno.test("CountedClock keeps the time of its clock, and counts the timers that wait", () => {
  const virtual = new VirtualClock();
  const clock = new CountedClock(virtual);
  const fired: string[] = [];
  const first = clock.setTimer(() => fired.push(`first, ${clock.pending} left`), 10);
  clock.setTimer(() => fired.push(`second, ${clock.pending} left`), 20);
  const never = clock.setTimer(() => fired.push("never"), 30);
  assertEquals(clock.pending, 3);
  clock.clearTimer(never);
  clock.clearTimer(never);
  while (virtual.step(100));
  assertEquals(fired, ["first, 1 left", "second, 0 left"]);
  clock.clearTimer(first);
  assertEquals([clock.pending, clock.now(), clock.elapsedMs()], [0, virtual.now(), virtual.elapsedMs()]);
});
