import { TroupeError } from "@troupe/core/actors";
import { Kit } from "@troupe/core/testing";
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { offer } from "../../src/actors/inside.ts";
import { target } from "../../src/actors/ref.ts";
import { type Act, puppet } from "./puppet.ts";

Deno.test("an address prints the actor's place in the tree", async () => {
  await using kit = new Kit();
  const ref = kit.system.spawn(puppet(), { label: "it" });
  assertEquals(`${ref}`, "Ref(/it)");
});

Deno.test("an actor has one address, that its context gives too", async () => {
  await using kit = new Kit();
  const ref = kit.system.spawn(puppet());
  const self = ref.ask((ctx) => ctx.reply(ctx.self));
  await kit.settle();
  assertStrictEquals(await self, ref);
});

Deno.test("a message to an actor that has stopped is a dead letter, and tell does not throw", async () => {
  await using kit = new Kit();
  const ref = kit.system.spawn(puppet());
  kit.system.stop(ref);
  await kit.settle();
  ref.tell(() => {});
  assertEquals(kit.system.deadLetters.count("stopped"), 1);
});

Deno.test("offer answers false where tell throws", async () => {
  await using kit = new Kit();
  const ref = kit.system.spawn(puppet({ mailbox: { capacity: 1 } }));
  const act: Act = () => {};
  assertEquals([offer(ref, act), offer(ref, act)], [true, false]);
  const error = assertThrows(() => ref.tell(act), TroupeError);
  assertEquals([error.code, error.details], ["mailbox_full", { path: target(ref).path }]);
});
