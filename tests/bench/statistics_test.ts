import { assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { exponent, spread } from "../../bench/statistics.ts";

Deno.test("statistics: the median is in the middle, or between the two that are", () => {
  assertEquals(spread([3, 1, 2]), { median: 2, min: 1, max: 3 });
  assertEquals(spread([4, 1, 2, 3]), { median: 2.5, min: 1, max: 4 });
  assertEquals(spread([7]), { median: 7, min: 7, max: 7 });
});

Deno.test("statistics: the exponent of a power is found, whatever its factor", () => {
  const power = fc.double({ min: -2, max: 3, noNaN: true });
  const factor = fc.double({ min: 0.001, max: 1_000, noNaN: true });
  fc.assert(fc.property(power, factor, (power, factor) => {
    const points = [10, 100, 1_000, 10_000].map((size) => ({ size, cost: factor * size ** power }));
    assertAlmostEquals(exponent(points), power, 1e-6);
  }));
});
