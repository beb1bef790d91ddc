import { assertEquals, assertThrows } from "@std/assert";
import { z } from "zod";
import { App } from "../../mod.ts";
import { TroupeError } from "../../src/base/errors.ts";
import { checkedContract, defineTopic as defineChecked } from "../../src/contract/define_topic.ts";
import type { TopicDefinition } from "../../src/contract/definition.ts";
import { defineTopic } from "../../src/contract/lean.ts";

const said = z.object({ text: z.string() });

Deno.test("a lean contract is what it was given; checked, it is what defineTopic would have made", () => {
  const definition = { client: { say: { payload: said } }, server: { said } };
  const Room = defineTopic("room:{id}", definition);
  assertEquals(Room.definition, definition);
  assertEquals(Room.pattern.fill({ id: "7" }), "room:7");
  const strict = defineChecked("room:{id}", definition);
  assertEquals(checkedContract(Room), strict);
  assertEquals(checkedContract(strict) === strict, true);
});

Deno.test("the server refuses what is wrong with a lean contract", () => {
  const wrong: [string, unknown, string][] = [
    ["room*", {}, "invalid_pattern"],
    ["room:{id}", { cleint: {} }, "invalid_contract"],
    ["room:{id}", { server: { phx_join: said } }, "invalid_contract"],
  ];
  for (const [pattern, definition, code] of wrong) {
    const Room = defineTopic(pattern, definition as TopicDefinition);
    assertEquals(assertThrows(() => new App().topic(Room, {}), TroupeError).code, code);
  }
  new App().topic(defineTopic("room:{id}", { server: { said } }), {});
});

Deno.test("a name that a lean contract's topic cannot have says why", () => {
  const Room = defineTopic("room:{id}:{part}", {});
  assertEquals(Room.pattern.fill({ id: "7", part: "$&" }), "room:7:$&");
  for (const id of [undefined, "", "a:b", 7]) {
    const error = assertThrows(() => Room.pattern.fill({ id, part: "x" } as never), TroupeError);
    assertEquals([error.code, error.details.param], ["invalid_params", "id"]);
  }
  assertThrows(() => defineTopic("room:*", {}).pattern.fill({}), TroupeError, "*");
});
