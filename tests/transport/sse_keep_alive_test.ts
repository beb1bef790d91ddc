import { assert, assertEquals } from "@std/assert";
import { VirtualClock } from "../../src/testing/virtual_clock.ts";
import { KeepAlive } from "../../src/transport/sse_keep_alive.ts";

/** Runs all timers that fall due within `ms`. */
function pass(clock: VirtualClock, ms: number): void {
  const untilMs = clock.elapsedMs() + ms;
  while (clock.step(untilMs));
}

Deno.test("KeepAlive beats once an interval for each, never later than that after it was added", () => {
  const clock = new VirtualClock();
  const keepAlive = new KeepAlive(clock, 16_000);
  const beats: number[][] = [];
  for (let i = 0; i < 40; i++) {
    const times: number[] = [clock.elapsedMs()];
    beats.push(times);
    keepAlive.add({ beat: () => void times.push(clock.elapsedMs()) });
    pass(clock, 700);
  }
  assertEquals(keepAlive.size, 40);
  assertEquals(clock.pending, 1);
  pass(clock, 100_000);
  for (const [added, first, ...rest] of beats) {
    assert(first - added >= 15_000 && first - added <= 16_000);
    rest.forEach((at, index) => assertEquals(at - first, (index + 1) * 16_000));
  }
});

Deno.test("KeepAlive does nothing for those that were removed, and sets no timer for nobody", () => {
  const clock = new VirtualClock();
  const keepAlive = new KeepAlive(clock, 1_000);
  let beats = 0;
  const one = { beat: () => keepAlive.remove(one) }, two = { beat: () => void beats++ };
  keepAlive.add(one);
  keepAlive.add(two);
  keepAlive.remove(two);
  keepAlive.remove(two);
  pass(clock, 5_000);
  assertEquals([beats, keepAlive.size, clock.pending], [0, 0, 0]);
  keepAlive.add(two);
  pass(clock, 1_000);
  assertEquals(beats, 1);
});
