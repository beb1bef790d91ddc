/**
 * Text of every kind, for properties.
 *
 * @module
 */

import fc from "fast-check";

/**
 * Any code point but a lone surrogate: `fc.string({ unit: anyCodePoint })`. The same as fast-check's `"binary"`, which
 * each process that asks for it spends a second on: it sorts a million code points first.
 */
export const anyCodePoint: fc.Arbitrary<string> = fc.oneof(
  fc.integer({ min: 0, max: 0xd7ff }),
  fc.integer({ min: 0xe000, max: 0x10ffff }),
).map((codePoint) => String.fromCodePoint(codePoint));
