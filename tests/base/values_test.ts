import { assertEquals } from "@std/assert";
import { ValueKey, Values } from "../../src/base/values.ts";

Deno.test("Values keeps what is set under a key, whatever other keys are called", () => {
  const [first, second] = [new ValueKey<number>("n"), new ValueKey<string>("n")];
  const values = new Values();
  values.set(first, 1);
  assertEquals([values.get(first), values.get(second)], [1, undefined]);
  values.set(second, "two");
  values.set(first, 3);
  assertEquals([values.get(first), values.get(second)], [3, "two"]);
});
