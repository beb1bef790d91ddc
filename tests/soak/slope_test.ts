import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { seededRandom } from "../../src/base/random.ts";
import { grows, type Sample, slopeOf } from "../../soak/slope.ts";

/** So much a minute, with noise of so much either way, once a second. */
function samples(count: number, perMinute: number, noise: number, seed = 1): Sample[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, i) => ({
    atMs: 5_000 + i * 1_000,
    value: 200_000 + perMinute * i / 60 + noise * (2 * random.float() - 1),
  }));
}

Deno.test("Soak slope: a straight line has its slope, and no error", () => {
  const slope = slopeOf(samples(61, 120, 0))!;
  assertAlmostEquals(slope.perMinute, 120, 1e-6);
  assertAlmostEquals(slope.error, 0, 1e-6);
  assertAlmostEquals(slope.mean, 200_060, 1e-6);
  assertEquals([slope.overMs, slope.count], [60_000, 61]);
});

Deno.test("Soak slope: a few samples have none", () => {
  assertEquals(slopeOf(samples(7, 120, 0)), null);
});

Deno.test("Soak slope: the error covers what the noise does", () => {
  let covered = 0;
  for (let seed = 1; seed <= 100; seed++) {
    const { perMinute, error } = slopeOf(samples(40, 1_000, 2_000, seed))!;
    if (Math.abs(perMinute - 1_000) <= 3 * error) covered++;
  }
  assert(covered >= 97, `${covered} of 100`);
});

Deno.test("Soak slope: where neighbours are alike, the error is greater", () => {
  const wave = (period: number): Sample[] =>
    Array.from({ length: 60 }, (_, i) => ({ atMs: i * 1_000, value: Math.sin(2 * Math.PI * i / period) }));
  assert(slopeOf(wave(20))!.error > 1.5 * slopeOf(wave(2.1))!.error);
});

Deno.test("Soak slope: what clearly grows is found, what is noise and what is allowed is not", () => {
  const isGrowth = (perMinute: number, noise: number): boolean =>
    grows(slopeOf(samples(31, perMinute, noise))!, 1_000);
  assert(isGrowth(10_000, 1_000));
  assert(!isGrowth(0, 5_000));
  assert(!isGrowth(1_500, 10)); // 750 over half a minute
  assert(isGrowth(2_500, 10));
  assert(!isGrowth(-10_000, 1_000));
});

Deno.test("Soak slope: what follows from how much is held is no growth, and growth beside it is found", () => {
  const random = seededRandom(5);
  const growing = (leakPerMinute: number): Sample[] =>
    Array.from({ length: 40 }, (_, i) => {
      const held = 4_000 + 20 * i + random.integer(600); // more and more, with ups and downs
      return { atMs: i * 1_000, held, value: 10 * held + leakPerMinute * i / 60 + 100 * random.float() };
    });
  const none = slopeOf(growing(0))!;
  assert(Math.abs(none.perMinute) <= 3 * none.error && none.error < 500, JSON.stringify(none));
  assert(!grows(none, 1_000));
  assert(grows(slopeOf(growing(3_000))!, 1_000));
});

Deno.test("Soak slope: where what is held goes up all the time, nothing can be said", () => {
  const random = seededRandom(6);
  const samples = Array.from({ length: 40 }, (_, i) => ({
    ...{ atMs: i * 1_000, held: i, value: 1_000 * i + random.float() },
  }));
  assert(!grows(slopeOf(samples)!, 10));
});
