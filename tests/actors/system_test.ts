import { stop, System, TroupeError } from "@troupe/core/actors";
import { Kit } from "@troupe/core/testing";
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { type Act, crash, diarist, NEVER, puppet } from "./puppet.ts";

Deno.test("shutdown stops all actors in reverse order of their start, and resolves when all have ended", async () => {
  await using kit = new Kit();
  const diary: string[] = [];
  for (const name of ["a", "b", "c"]) kit.system.spawn(diarist(diary, name));
  await kit.settle();
  diary.length = 0;
  const done = kit.system.shutdown();
  assertStrictEquals(kit.system.shutdown(), done);
  await kit.settle();
  await done;
  assertEquals(diary, ["c down (shutdown)", "b down (shutdown)", "a down (shutdown)"]);
  assertEquals([kit.system.actorCount, kit.clock.pending], [0, 0]);
});

Deno.test("shutdown has a deadline, 10 s by default: what has not stopped by then is cut off", async () => {
  for (const [deadlineMs, atMs] of [[undefined, 10_000], [300, 300]]) {
    const kit = new Kit();
    const diary: string[] = [];
    kit.system.spawn(diarist(diary, "fine"));
    kit.system.spawn(diarist(diary, "stuck", { stop: () => NEVER }), { stopTimeoutMs: 60_000 });
    const last = kit.system.spawn(puppet(), { stopTimeoutMs: 60_000 });
    await kit.settle();
    let answer: unknown;
    last.ask(() => NEVER, { timeoutMs: 60_000 }).catch((error) => answer = error.code);
    await kit.settle();
    let done = false;
    kit.system.shutdown({ deadlineMs }).then(() => done = true);
    await kit.advance(atMs! - 1);
    assertEquals(done, false);
    await kit.advance(1);
    assertEquals([done, answer], [true, "actor_stopped"]);
    assertEquals(diary, ["fine up", "stuck up"]);
    assertEquals([kit.system.actorCount, kit.clock.pending], [0, 0]);
  }
});

Deno.test("after a shutdown messages are dead letters, and spawn throws actor_stopped", async () => {
  const kit = new Kit();
  const ref = kit.system.spawn(puppet(), { name: "it" });
  const done = kit.system.shutdown();
  await kit.settle();
  await done;
  ref.tell(() => {});
  kit.system.tell("it", () => {});
  const { deadLetters } = kit.system;
  assertEquals([deadLetters.count("stopped"), deadLetters.count("unknown_name")], [1, 1]);
  assertEquals(assertThrows(() => kit.system.spawn(puppet()), TroupeError).code, "actor_stopped");
  assertEquals((await kit.system.stop(ref)).kind, "shutdown");
});

Deno.test("`await using` shuts the system down, on the machine's clock too", async () => {
  const diary: string[] = [];
  let system: System;
  {
    await using own = new System();
    system = own;
    const ref = own.spawn(diarist(diary, "it"));
    assertEquals(await ref.ask((ctx) => ctx.reply("here")), "here");
  }
  assertEquals([diary.at(-1), system.actorCount], ["it down (shutdown)", 0]);
});

Deno.test("systems share nothing: each has its names, letters and counters", async () => {
  await using one = new Kit();
  await using two = new Kit();
  const ref = one.system.spawn(puppet(), { name: "same" });
  two.system.spawn(puppet(), { name: "same" });
  assertStrictEquals(one.system.find("same"), ref);
  one.system.tell("nobody", 1);
  assertEquals([one.system.deadLetters.count(), two.system.deadLetters.count()], [1, 0]);
});

Deno.test("tell by name reaches the actor; an unknown name is a dead letter, unknown_name", async () => {
  await using kit = new Kit();
  let told = false;
  kit.system.spawn(puppet(), { name: "it" });
  kit.system.tell("it", (() => void (told = true)) satisfies Act);
  kit.system.tell("nobody", "lost");
  await kit.settle();
  assertEquals([told, kit.system.deadLetters.count("unknown_name")], [true, 1]);
});

Deno.test("stop resolves with the reason when the actor has ended, whoever ended it", async () => {
  await using kit = new Kit();
  const kinds: Promise<unknown>[] = [];
  for (const last of [() => stop, crash, undefined] as (Act | undefined)[]) {
    const ref = kit.system.spawn(puppet());
    await kit.settle();
    if (last === undefined) kinds.push(kit.system.stop(ref).then(({ kind }) => kind));
    else {
      kinds.push(kit.system.ended(ref).then(({ kind }) => kind));
      ref.tell(last);
    }
    await kit.settle();
  }
  assertEquals(await Promise.all(kinds), ["normal", "crashed", "shutdown"]);
});

Deno.test("a crash at the root ends that actor alone", async () => {
  await using kit = new Kit();
  const diary: string[] = [];
  kit.system.spawn(diarist(diary, "weak")).tell(crash);
  kit.system.spawn(diarist(diary, "strong"));
  await kit.settle();
  assertEquals(diary, ["weak up", "weak down (crashed)", "strong up"]);
});

Deno.test("a shutdown asked for by an actor waits for that actor, too", async () => {
  const kit = new Kit();
  const { system } = kit;
  let done = false;
  system.spawn(puppet(), { stopTimeoutMs: 500 }).tell(async () => {
    await system.shutdown(); // can never be: it waits for this very handler, and is cut off
    done = true;
  });
  await kit.advance(499);
  assertEquals(system.actorCount, 2);
  await kit.advance(1);
  assertEquals([system.actorCount, done], [0, true]);
});

Deno.test("a system gives its clock, randomness and logger", () => {
  const logger = { log(): void {} };
  const kit = new Kit({ logger });
  assertEquals([kit.system.clock, kit.system.random, kit.system.logger], [kit.clock, kit.random, logger]);
});
