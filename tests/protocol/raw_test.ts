import { assertEquals, assertNotStrictEquals, assertStringIncludes } from "@std/assert";
import { rawFrame } from "../../src/protocol/raw.ts";
import { bytesFrom, refusalOf } from "./fixtures.ts";

Deno.test("rawFrame passes text and bytes through unchanged", () => {
  assertEquals(rawFrame("").data, "");
  assertEquals(rawFrame("hé😀").data, "hé😀");
  assertEquals(rawFrame(bytesFrom("00 ff")).data, bytesFrom("00 ff"));
  assertEquals(rawFrame(bytesFrom("00 ff").buffer).data, bytesFrom("00 ff"));
  assertEquals(rawFrame(new DataView(bytesFrom("00 ff 01").buffer, 1)).data, bytesFrom("ff 01"));
});

Deno.test("rawFrame copies bytes, so that a sender may reuse its buffer", () => {
  const bytes = bytesFrom("01");
  const { data } = rawFrame(bytes);
  assertNotStrictEquals(data, bytes);
  bytes[0] = 9;
  assertEquals(data, bytesFrom("01"));
});

Deno.test("rawFrame says what it accepts", () => {
  for (
    const [value, name] of [[5, "5"], [{}, "an object"], [undefined, "undefined"], [() => {}, "a function"]]
  ) {
    const { code, message } = refusalOf(() => rawFrame(value as string));
    assertEquals(code, "unsendable_data");
    assertStringIncludes(message, `Cannot send ${name}: accepted are a string, an ArrayBuffer`);
  }
});
