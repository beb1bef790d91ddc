import { TroupeError } from "@troupe/core/actors";
import { Kit } from "@troupe/core/testing";
import { assertEquals, assertThrows } from "@std/assert";
import { cutOff, requestStop, spawnUnder } from "../../src/actors/inside.ts";
import { diarist } from "./puppet.ts";

Deno.test("the engine's own layers can spawn below an actor from outside, until it stops", async () => {
  await using kit = new Kit();
  const diary: string[] = [];
  const parent = kit.system.spawn(diarist(diary, "parent"));
  spawnUnder(parent, diarist(diary, "child"), { label: "child" });
  await kit.settle();
  assertEquals(kit.system.tree().children[0].children[0].path, `${kit.system.tree().children[0].path}/child`);
  requestStop(parent);
  await kit.settle();
  assertEquals(diary, ["parent up", "child up", "child down (shutdown)", "parent down (shutdown)"]);
  assertEquals(
    assertThrows(() => spawnUnder(parent, diarist([], "late")), TroupeError).code,
    "actor_stopped",
  );
});

Deno.test("cutOff ends an actor and all below it at once, without stop hooks", async () => {
  await using kit = new Kit();
  const diary: string[] = [];
  const parent = kit.system.spawn(diarist(diary, "parent"));
  spawnUnder(parent, diarist(diary, "child"));
  await kit.settle();
  cutOff(parent);
  cutOff(parent);
  assertEquals([kit.system.actorCount, diary], [1, ["parent up", "child up"]]);
  assertEquals(kit.system.counters.get("actors.aborted"), 2);
});
