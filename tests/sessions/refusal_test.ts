import { assertEquals, assertInstanceOf } from "@std/assert";
import { Joined, joined, Refusal, refuse } from "../../mod.ts";

Deno.test("refuse makes a value with the response, which may be anything", () => {
  assertInstanceOf(refuse({ reason: "no" }), Refusal);
  assertEquals(refuse(null).response, null);
});

Deno.test("joined makes a value with the state, and the reply where there is one", () => {
  assertInstanceOf(joined(1), Joined);
  assertEquals([joined(1).state, joined(1).reply], [1, undefined]);
  assertEquals(joined({ a: 1 }, { b: 2 }).reply, { b: 2 });
});
