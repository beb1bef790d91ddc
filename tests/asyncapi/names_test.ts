import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { keyOf, Names } from "../../src/asyncapi/names.ts";
import { anyCodePoint } from "../code_point.ts";

Deno.test("a name is its parts with dots between", () => {
  assertEquals(new Names().take("room", "id"), "room.id");
});

Deno.test("what keys do not accept becomes _, and a part is never empty", () => {
  assertEquals(keyOf("a b.c", "größe", ""), "a_b_c.gr__e._");
});

Deno.test("names that would be the same get a number", () => {
  const names = new Names();
  assertEquals([names.take("a b"), names.take("a_b"), names.take("a.b")], ["a_b", "a_b_2", "a_b_3"]);
});

Deno.test("whatever the parts are, each name is accepted by AsyncAPI, and is there once", () => {
  const parts = fc.array(fc.oneof(fc.string({ unit: anyCodePoint }), fc.constant("__proto__")), {
    minLength: 1,
  });
  fc.assert(fc.property(fc.array(parts), (all) => {
    const names = new Names();
    const taken = all.map((each) => names.take(...each));
    assertEquals(new Set(taken).size, all.length);
    for (const name of taken) assertEquals([/^[\w.-]+$/.test(name), name === "__proto__"], [true, false]);
  }));
});
