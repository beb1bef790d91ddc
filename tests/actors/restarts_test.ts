import type { Backoff } from "@troupe/core/actors";
import { seededRandom } from "@troupe/core/testing";
import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { BackoffCount, RestartWindow } from "../../src/actors/restarts.ts";

const random = seededRandom(1);

Deno.test("a window allows so many restarts within so long: 3 within 5 s by default", () => {
  const byDefault = new RestartWindow();
  assertEquals([0, 1, 2, 3].map((ms) => byDefault.allows(ms)), [true, true, true, false]);
  const sliding = new RestartWindow({ restarts: 2, withinMs: 100 });
  assertEquals([0, 99, 100, 150, 199].map((ms) => sliding.allows(ms)), [true, true, true, false, false]);
});

Deno.test("the n-th wait in a row is minMs · factor^(n−1), at most maxMs", () => {
  const count = new BackoffCount();
  const backoff: Backoff = { minMs: 10, maxMs: 1_000, factor: 3, jitter: 0 };
  assertEquals(
    Array.from({ length: 7 }, () => count.nextDelayMs(backoff, 0, random)),
    [10, 30, 90, 270, 810, 1_000, 1_000],
  );
});

Deno.test("the defaults: factor 2, jitter up to 20 %, a reset after maxMs", () => {
  const count = new BackoffCount();
  const backoff: Backoff = { minMs: 100, maxMs: 400 };
  const between = (ms: number, plainMs: number) => assert(ms >= plainMs && ms < plainMs * 1.2, `${ms}`);
  between(count.nextDelayMs(backoff, 0, random), 100);
  between(count.nextDelayMs(backoff, 0, random), 200);
  count.started(1_000);
  between(count.nextDelayMs(backoff, 1_399, random), 400);
  count.started(2_000);
  between(count.nextDelayMs(backoff, 2_400, random), 100);
});

Deno.test("a wait is never shorter than plain and never longer than the jitter allows, however many there were", () => {
  const backoffs = fc.record({
    minMs: fc.nat(1_000),
    maxMs: fc.integer({ min: 1_000, max: 100_000 }),
    factor: fc.integer({ min: 1, max: 10 }),
    jitter: fc.float({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(backoffs, fc.nat(2_000), (backoff, times) => {
      const count = new BackoffCount();
      for (let n = 0; n <= times; n++) {
        const ms = count.nextDelayMs(backoff, 0, random);
        const growth = Math.min(backoff.factor ** n, Number.MAX_VALUE); // 0 · Infinity is no number
        const plainMs = Math.min(backoff.minMs * growth, backoff.maxMs);
        assert(ms >= plainMs && ms <= plainMs * (1 + backoff.jitter));
      }
    }),
    { numRuns: 50 },
  );
});
