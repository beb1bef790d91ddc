import { assertEquals, assertThrows } from "@std/assert";
import { MalformedMessage } from "../../src/protocol/codec.ts";
import { malformed, nameOf, parseJson, readName, readRef } from "../../src/protocol/malformed.ts";

Deno.test("malformed cuts its message to a close reason", () => {
  assertEquals(malformed("x".repeat(200)).message, "x".repeat(123));
});

Deno.test("nameOf quotes scalars, cuts long strings, and names the rest by kind", () => {
  const cases: [unknown, string][] = [
    [null, "null"],
    [true, "true"],
    [-1.5, "-1.5"],
    ["a\nb", '"a\\nb"'],
    ["x".repeat(30), `"${"x".repeat(24)}"…`],
    [[1, 2], "an array of 2"],
    [{}, "an object"],
    [undefined, "undefined"],
  ];
  for (const [value, name] of cases) assertEquals(nameOf(value), name);
});

Deno.test("parseJson throws MalformedMessage and nothing else", () => {
  for (const text of ["", "x", "[", "\u0000", '"\ud800', "1 2"]) {
    assertThrows(() => parseJson(text), MalformedMessage);
  }
  assertEquals(parseJson(' {"a":1} '), { a: 1 });
});

Deno.test("readName and readRef say where a fault stood", () => {
  assertThrows(
    () => readName("", "topic", "message 2 of 3: "),
    MalformedMessage,
    "message 2 of 3: topic must be",
  );
  assertThrows(() => readRef(7, "ref", "message 2 of 3: "), MalformedMessage, "message 2 of 3: ref must be");
  assertEquals(readRef("", "ref", ""), "");
});
