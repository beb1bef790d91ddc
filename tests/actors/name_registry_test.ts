import { Ref, TroupeError } from "@troupe/core/actors";
import { assertEquals, assertThrows } from "@std/assert";
import { NameRegistry } from "../../src/actors/name_registry.ts";

const refTo = (path: string) =>
  new Ref<never>({ path, post: () => true, ask: () => Promise.reject(new Error("not asked here")) });

Deno.test("a name has one holder; who comes second is told who that is", () => {
  const names = new NameRegistry();
  const first = refTo("/first");
  names.register("unique", first);
  const error = assertThrows(() => names.register("unique", refTo("/second")), TroupeError, "Ref(/first)");
  assertEquals([error.code, error.details], ["name_taken", { name: "unique" }]);
  assertEquals([names.find("unique"), names.names()], [first, ["unique"]]);
});

Deno.test("only its holder frees a name", () => {
  const names = new NameRegistry();
  const holder = refTo("/holder");
  names.register("unique", holder);
  names.unregister("unique", refTo("/other"));
  assertEquals(names.find("unique"), holder);
  names.unregister("unique", holder);
  assertEquals([names.find("unique"), names.names()], [undefined, []]);
});
