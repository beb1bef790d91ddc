import { assertEquals } from "@std/assert";
import { Counters } from "../../src/base/inspect.ts";
import { lagGuard, LoopLag } from "../../src/http/loop_lag.ts";
import type { UpgradeRequest } from "../../src/http/middleware.ts";
import { VirtualClock } from "../../src/testing/virtual_clock.ts";

const LIMITS = { maxLagMs: 500 };

/** Lets time pass with a loop that is free. */
function pass(clock: VirtualClock, ms: number): void {
  const untilMs = clock.elapsedMs() + ms;
  while (clock.step(untilMs));
}

/** A clock whose timers can be late: they run when they are told to. */
class LateClock extends VirtualClock {
  #lateMs = 0;

  override elapsedMs(): number {
    return super.elapsedMs() + this.#lateMs;
  }

  /** The loop is held up. */
  block(ms: number): void {
    this.#lateMs += ms;
  }
}

Deno.test("LoopLag is 0 while the loop is free", () => {
  const clock = new VirtualClock();
  const lag = new LoopLag(clock, new Counters(), LIMITS);
  lag.allow(true);
  for (let i = 0; i < 10; i++) {
    assertEquals(lag.lagMs, 0);
    pass(clock, 50);
  }
  assertEquals(lag.maxMs, 0);
});

Deno.test("LoopLag says by how much the loop is late: at the last look, or right now", () => {
  const clock = new LateClock();
  const counters = new Counters();
  const lag = new LoopLag(clock, counters, LIMITS);
  lag.allow(true);
  assertEquals(lag.lagMs, 0);
  clock.block(800);
  assertEquals(lag.lagMs, 700, "the look is overdue by that");
  clock.step(clock.nextDueMs!); // now it comes
  assertEquals([lag.lagMs, lag.maxMs, counters.get("loop.late")], [800, 800, 1]);
  clock.step(clock.nextDueMs!);
  assertEquals([lag.lagMs, lag.maxMs, counters.get("loop.late")], [0, 800, 1], "it has caught up");
});

Deno.test("LoopLag has no timer when nothing goes on, or when it is not allowed", () => {
  const clock = new VirtualClock();
  const lag = new LoopLag(clock, new Counters(), LIMITS);
  assertEquals([lag.recentMs, lag.lagMs, clock.pending], [0, 0, 0]);
  lag.allow(true);
  assertEquals([lag.recentMs, clock.pending], [0, 1]);
  pass(clock, 100);
  assertEquals(clock.pending, 1);
  pass(clock, 100);
  assertEquals(clock.pending, 0, "nobody has asked since");
  pass(clock, 1_000);
  assertEquals([lag.recentMs, clock.pending], [1_200, 1]);
  lag.allow(false);
  assertEquals(clock.pending, 0);
});

Deno.test("LoopLag tells the time for nothing, never early and at most 100 ms late", () => {
  const clock = new VirtualClock();
  const lag = new LoopLag(clock, new Counters(), LIMITS);
  lag.allow(true);
  for (let i = 0; i < 100; i++) {
    const behindMs = clock.elapsedMs() - lag.recentMs;
    assertEquals(behindMs >= 0 && behindMs <= 100, true, `${behindMs} ms`);
    pass(clock, (i * 37) % 90);
  }
});

Deno.test("lagGuard refuses with 503 and Retry-After while the loop is late, by a limit that may change", () => {
  const clock = new LateClock();
  const limits = { maxLagMs: 500 };
  const lag = new LoopLag(clock, new Counters(), limits);
  lag.allow(true);
  const guard = lagGuard(lag, limits);
  const ask = (): unknown => guard.upgrade!({} as UpgradeRequest);
  assertEquals(ask(), null);
  clock.block(650);
  assertEquals(ask(), {
    status: 503,
    reason: "overloaded",
    details: { lagMs: 550, maxLagMs: 500 },
    headers: { "retry-after": "2" },
  });
  limits.maxLagMs = 1_000;
  assertEquals(ask(), null);
});
