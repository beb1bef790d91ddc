import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Dots } from "../../src/presence/dots.ts";

function dotsOf(numbers: Iterable<number>): Dots {
  const dots = new Dots();
  for (const number of numbers) dots.add(number);
  return dots;
}

Deno.test("Dots keeps neighbours in one range", () => {
  const dots = dotsOf([1, 2, 3, 7, 5, 6]);
  assertEquals(dots.ends, [1, 3, 5, 7]);
  assertEquals(dots.rangeCount, 2);
  dots.add(4);
  assertEquals(dots.ends, [1, 7]);
});

Deno.test("Dots does what a Set of numbers does, whatever is added", () => {
  const numbers = fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 40 });
  fc.assert(
    fc.property(numbers, numbers, (some, others) => {
      const [a, b] = [dotsOf(some), dotsOf(others)];
      const [setA, setB] = [new Set(some), new Set(others)];
      assertEquals([...a], [...setA].sort((x, y) => x - y));
      assertEquals(a.size, setA.size);
      for (let n = 0; n <= 32; n++) assertEquals(a.has(n), setA.has(n));
      assertEquals(a.includes(b), setB.isSubsetOf(setA));
      assertEquals([...a.with(b)], [...setA.union(setB)].sort((x, y) => x - y));
      assertEquals([...a], [...setA].sort((x, y) => x - y)); // it is left as it was
      assertEquals(new Dots(a.ends).ends, a.ends);
      for (let i = 2; i < a.ends.length; i += 2) assertEquals(a.ends[i] > a.ends[i - 1] + 1, true);
    }),
    { numRuns: 500 },
  );
});
