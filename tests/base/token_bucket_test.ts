import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { TokenBucket } from "../../src/base/token_bucket.ts";

const RATE = { perSecond: 10, burst: 5 };

Deno.test("TokenBucket gives a burst, then one at a time at its rate", () => {
  const bucket = new TokenBucket();
  for (let i = 0; i < 5; i++) assertEquals(bucket.take(1, 1_000, RATE), 0);
  assertEquals(bucket.take(1, 1_000, RATE), 100);
  assertEquals(bucket.take(1, 1_099, RATE), 1, "what is refused costs nothing");
  assertEquals(bucket.take(1, 1_100, RATE), 0);
  assertEquals(bucket.take(1, 1_100, RATE), 100);
});

Deno.test("TokenBucket follows a rate that changes", () => {
  const bucket = new TokenBucket();
  assertEquals(bucket.take(5, 0, RATE), 0);
  assertEquals(bucket.take(1, 0, { perSecond: 10, burst: 6 }), 0);
  assertEquals(bucket.take(1, 0, { perSecond: 10, burst: 3 }), 400);
});

Deno.test("TokenBucket takes more than a burst when it is full", () => {
  const bucket = new TokenBucket();
  assertEquals(bucket.take(50, 0, RATE), 0);
  assertEquals(bucket.take(50, 0, RATE), 500);
  assertEquals(bucket.isFull(499), false);
  assertEquals(bucket.isFull(500), true);
  assertEquals(bucket.take(50, 500, RATE), 0);
});

Deno.test("TokenBucket tells which part is left", () => {
  const bucket = new TokenBucket();
  assertEquals(bucket.left(0, RATE), 1);
  bucket.take(4, 0, RATE);
  assert(Math.abs(bucket.left(0, RATE) - 0.2) < 1e-9);
  assert(Math.abs(bucket.left(200, RATE) - 0.6) < 1e-9);
  assertEquals(bucket.left(10_000, RATE), 1);
});

Deno.test("TokenBucket never gives more than the burst and the rate, and lets those in who wait as told", () => {
  const steps = fc.array(fc.record({ afterMs: fc.nat(2_000), tokens: fc.integer({ min: 1, max: 5 }) }));
  fc.assert(fc.property(steps, (asked) => {
    const bucket = new TokenBucket();
    let nowMs = 0;
    let taken = 0;
    for (const { afterMs, tokens } of asked) {
      nowMs += afterMs;
      const waitMs = bucket.take(tokens, nowMs, RATE);
      if (waitMs > 0) {
        nowMs += waitMs;
        assertEquals(bucket.take(tokens, nowMs, RATE), 0);
      }
      taken += tokens;
      assert(taken <= RATE.burst + nowMs * RATE.perSecond / 1_000 + 1e-6);
    }
  }));
});
