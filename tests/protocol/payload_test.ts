import { assertEquals, assertStrictEquals } from "@std/assert";
import { bytesOf, encodeJson, jsonPayload } from "../../src/protocol/payload.ts";
import { bytesFrom, refusalOf } from "./fixtures.ts";

Deno.test("bytesOf sees an ArrayBuffer and every view of one, and nothing else", () => {
  const bytes = bytesFrom("01 02 03 04");
  assertStrictEquals(bytesOf(bytes), bytes);
  assertEquals(bytesOf(bytes.buffer), bytes);
  assertEquals(bytesOf(new Uint16Array(bytes.buffer, 2)), bytesFrom("03 04"));
  assertEquals(bytesOf(new DataView(bytes.buffer, 1, 2)), bytesFrom("02 03"));
  for (const value of [null, undefined, {}, [1], "x", 1]) assertStrictEquals(bytesOf(value), null);
});

Deno.test("jsonPayload keeps values, makes {} of undefined, and applies toJSON", () => {
  const value = { a: 1 };
  assertStrictEquals(jsonPayload(value, "t", "e"), value);
  assertEquals(jsonPayload(undefined, "t", "e"), {});
  assertStrictEquals(jsonPayload(null, "t", "e"), null);
  assertEquals(jsonPayload({ toJSON: () => [1] }, "t", "e"), [1]);
  assertEquals(jsonPayload({ toJSON: 5 }, "t", "e"), { toJSON: 5 });
});

Deno.test("jsonPayload and encodeJson refuse what JSON would lose without a word", () => {
  for (const value of [() => 1, Symbol("s"), { toJSON() {} }, { toJSON: () => () => 1 }]) {
    assertEquals(refusalOf(() => jsonPayload(value, "t", "e")).code, "unencodable_payload");
  }
  assertEquals(refusalOf(() => encodeJson([1n], "t", "e")).code, "unencodable_payload");
});
