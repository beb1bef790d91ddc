import { assertEquals } from "@std/assert";
import { App, defineTopic } from "../../mod.ts";
import { collect } from "../../src/asyncapi/collect.ts";

const Room = defineTopic("room:{id}", {});
const Game = defineTopic("game:{id}", {});

Deno.test("the contracts of an app that is exported, each once, and the patterns without one", () => {
  const app = new App().topic("feed:*", {}).topic(Room, {});
  assertEquals(collect({ default: app, app, Room }), { contracts: [Room], untyped: ["feed:*"] });
});

Deno.test("contracts that are exported without an app", () => {
  assertEquals(collect({ Game, default: Room }), { contracts: [Game, Room], untyped: [] });
});

Deno.test("what is of another copy of the package is known by its form", () => {
  const copy = { pattern: { source: "room:{id}", segments: Room.pattern.segments }, definition: {} };
  assertEquals(collect({ default: { contracts: [copy] } }).contracts as unknown[], [copy]);
});

Deno.test("other exports are passed over", () => {
  const others = {
    a: null,
    b: undefined,
    c: 7,
    d: () => {},
    e: {},
    f: { contracts: 7 },
    g: { pattern: null },
  };
  const patterns = { h: { pattern: /x/, definition: {} }, i: { contracts: [null, "room"] } };
  assertEquals(collect({ ...others, ...patterns }), { contracts: [], untyped: [] });
});
