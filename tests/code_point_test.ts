import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { anyCodePoint } from "./code_point.ts";

Deno.test("any code point is one, well-formed, and of every length in UTF-8 and UTF-16", () => {
  const sample = fc.sample(anyCodePoint, { numRuns: 10_000, seed: 1 });
  for (const text of sample) assert([...text].length === 1 && text.isWellFormed(), JSON.stringify(text));
  const utf8 = new Set(sample.map((text) => new TextEncoder().encode(text).length));
  assertEquals([...utf8].sort(), [1, 2, 3, 4]);
  assertEquals([...new Set(sample.map((text) => text.length))].sort(), [1, 2]);
});

Deno.test("the first and the last code point are among them", () => {
  const sample = new Set(fc.sample(anyCodePoint, { numRuns: 10_000, seed: 1 }));
  for (const edge of ["\0", "\ud7ff", "\ue000", "\u{10ffff}"]) assert(sample.has(edge), JSON.stringify(edge));
});
