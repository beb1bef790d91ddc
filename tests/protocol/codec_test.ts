import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { Frame, utf8Length } from "../../src/protocol/codec.ts";

Deno.test("utf8Length counts what an encoder writes, lone surrogates included", () => {
  const encoder = new TextEncoder();
  const anyUnits = fc.array(fc.oneof(fc.nat(0xffff), fc.integer({ min: 0xd7f0, max: 0xe010 })))
    .map((units) => String.fromCharCode(...units));
  fc.assert(fc.property(anyUnits, (text) => assertEquals(utf8Length(text), encoder.encode(text).length)));
});

Deno.test("Frame tells its size on the wire", () => {
  assertEquals(new Frame("é😀").byteLength, 6);
  assertEquals(new Frame("").byteLength, 0);
  assertEquals(new Frame(new Uint8Array(5)).byteLength, 5);
});
