import { actor, child, type Context, type Reply, stop, supervisor } from "@troupe/core/actors";
import { Kit } from "@troupe/core/testing";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type Act, crash, diarist, Latch, NEVER, puppet } from "./puppet.ts";

Deno.test("ctx.spawn starts a child that stops with its parent", async () => {
  await using kit = new Kit();
  const diary: string[] = [];
  const parent = kit.system.spawn(diarist(diary, "parent"));
  parent.tell((ctx) => {
    ctx.spawn(diarist(diary, "first"));
    ctx.spawn(diarist(diary, "second"));
  });
  await kit.settle();
  kit.system.stop(parent);
  await kit.settle();
  assertEquals(diary, [
    "parent up",
    "first up",
    "second up",
    "second down (shutdown)",
    "first down (shutdown)",
    "parent down (shutdown)",
  ]);
});

Deno.test("a child of a plain actor is not restarted, and its crash harms nobody else", async () => {
  await using kit = new Kit();
  const diary: string[] = [];
  const parent = kit.system.spawn(diarist(diary, "parent"));
  parent.tell((ctx) => ctx.spawn(diarist(diary, "child")).tell(crash));
  await kit.settle();
  assertEquals(diary, ["parent up", "child up", "child down (crashed)"]);
  assertEquals(kit.system.tree().children[0].children, []);
});

Deno.test("ctx.stop ends another actor, or the own one", async () => {
  await using kit = new Kit();
  const diary: string[] = [];
  const other = kit.system.spawn(diarist(diary, "other"));
  const self = kit.system.spawn(diarist(diary, "self"));
  self.tell((ctx) => ctx.stop(other));
  await kit.settle();
  self.tell((ctx) => ctx.stop());
  await kit.settle();
  assertEquals(diary.slice(2), ["other down (shutdown)", "self down (shutdown)"]);
});

Deno.test("ctx gives the system's clock and randomness, and a log that names the actor", async () => {
  const lines: unknown[] = [];
  await using kit = new Kit({ logger: { log: (...line) => lines.push(line) } });
  let ctx!: Context<Act>;
  kit.system.spawn(puppet({ init: (own) => (ctx = own, null) }), { name: "me" });
  await kit.settle();
  assertEquals([ctx.clock, ctx.random], [kit.clock, kit.random]);
  ctx.log.log("info", "hello", { to: "you" });
  assertEquals(lines, [["info", "hello", { actor: "/me", to: "you" }]]);
});

Deno.test("unstash puts all stashed messages back in front of the mailbox, oldest first", async () => {
  await using kit = new Kit();
  const seen: string[] = [];
  let open = false;
  const door = kit.system.spawn(actor<string, null>({
    init: () => null,
    receive(state, message, ctx) {
      if (message === "open") {
        open = true;
        ctx.unstash();
      } else if (open) seen.push(message);
      else ctx.stash();
      return state;
    },
  }));
  for (const message of ["a", "b", "open", "c"]) door.tell(message);
  await kit.settle();
  assertEquals(seen, ["a", "b", "c"]);
});

Deno.test("the stash is bounded: 100 by default; beyond, a dead letter, and an ask fails with stash_full", async () => {
  await using kit = new Kit();
  for (const [stashCapacity, bound] of [[undefined, 100], [3, 3]]) {
    const ref = kit.system.spawn(puppet({ stashCapacity }));
    let later = 0;
    let open = false;
    const act: Act = (ctx) => open ? later++ : ctx.stash();
    for (let i = 0; i < bound! + 2; i++) ref.tell(act);
    const refused = ref.ask(act).catch((error) => error.code);
    await kit.settle();
    assertEquals(await refused, "stash_full");
    open = true;
    ref.tell((ctx) => ctx.unstash());
    await kit.settle();
    assertEquals(later, bound);
  }
  assertEquals(kit.system.deadLetters.count("stash_overflow"), 6);
});

Deno.test("a stashed ask is answered when its turn comes again", async () => {
  await using kit = new Kit();
  const ref = kit.system.spawn(puppet());
  let open = false;
  const asked = ref.ask((ctx) => open ? ctx.reply("now") : ctx.stash());
  await kit.settle();
  open = true;
  ref.tell((ctx) => ctx.unstash());
  await kit.settle();
  assertEquals(await asked, "now");
});

Deno.test("a message is stashed once, however often it is stashed, and nothing between messages", async () => {
  await using kit = new Kit();
  let runs = 0;
  let ctx!: Context<Act>;
  const ref = kit.system.spawn(puppet({ init: (own) => (ctx = own, null) }));
  ref.tell(() => {
    if (runs++ > 0) return;
    ctx.stash();
    ctx.stash();
  });
  await kit.settle();
  ctx.stash();
  ctx.unstash();
  await kit.settle();
  assertEquals(runs, 2);
});

Deno.test("what is stashed when an actor fails comes first in its next life", async () => {
  await using kit = new Kit();
  const seen: string[] = [];
  let life = 0;
  kit.system.spawn(supervisor({
    children: [child({
      name: "door",
      behavior: actor<string, null>({
        init: () => (life++, null),
        receive(state, message, ctx) {
          if (message === "fail") throw new Error("boom");
          if (life === 1) ctx.stash();
          else seen.push(message);
          return state;
        },
      }),
    })],
  }));
  await kit.settle();
  const door = kit.system.find<string>("door")!;
  for (const message of ["a", "b", "fail", "c"]) door.tell(message);
  await kit.settle();
  assertEquals(seen, ["a", "b", "c"]);
});

Deno.test("become handles the next messages with another function, until the next become", async () => {
  await using kit = new Kit();
  const seen: string[] = [];
  const ref = kit.system.spawn(actor<string, number>({
    init: () => 0,
    receive(count, message, ctx) {
      seen.push(`first ${message} ${count}`);
      ctx.become<number>((count, message, ctx) => {
        seen.push(`second ${message} ${count}`);
        ctx.become<number>((count, message) => (seen.push(`third ${message} ${count}`), count + 1));
        return count + 1;
      });
      return count + 1;
    },
  }));
  for (const message of ["a", "b", "c", "d"]) ref.tell(message);
  await kit.settle();
  assertEquals(seen, ["first a 0", "second b 1", "third c 2", "third d 3"]);
});

Deno.test("a restart undoes become", async () => {
  await using kit = new Kit();
  const seen: string[] = [];
  kit.system.spawn(supervisor({
    children: [child({
      name: "changeling",
      behavior: actor<string, null>({
        init: () => null,
        receive(state, message, ctx) {
          seen.push(`born ${message}`);
          ctx.become<null>(() => {
            throw new Error("boom");
          });
          return state;
        },
      }),
    })],
  }));
  await kit.settle();
  const ref = kit.system.find<string>("changeling")!;
  for (const message of ["a", "b", "c"]) ref.tell(message);
  await kit.settle();
  assertEquals(seen, ["born a", "born c"]);
});

Deno.test("ctx.signal fires when the actor begins to stop, before its pending handler has settled", async () => {
  await using kit = new Kit();
  const latch = new Latch();
  const fired: string[] = [];
  const ref = kit.system.spawn(puppet());
  ref.tell(async (ctx) => {
    ctx.signal.addEventListener("abort", () => fired.push("aborted"));
    await latch.promise;
    fired.push("settled");
  });
  await kit.settle();
  kit.system.stop(ref);
  await kit.settle();
  assertEquals(fired, ["aborted"]);
  latch.open();
  await kit.settle();
  assertEquals(fired, ["aborted", "settled"]);
});

Deno.test("ctx.signal fires on a crash, and the next life has a fresh one", async () => {
  await using kit = new Kit();
  const signals: AbortSignal[] = [];
  kit.system.spawn(supervisor({
    children: [child({ name: "it", behavior: puppet({ init: (ctx) => (signals.push(ctx.signal), null) }) })],
  }));
  await kit.settle();
  kit.system.find<Act>("it")!.tell(crash);
  await kit.settle();
  assertEquals(signals.map((signal) => signal.aborted), [true, false]);
});

Deno.test("ctx.signal that is first looked at while the actor stops has fired", async () => {
  await using kit = new Kit();
  const seen: boolean[] = [];
  const ref = kit.system.spawn(
    puppet({ stop: (_state, _reason, ctx) => void seen.push(ctx.signal.aborted) }),
  );
  await kit.settle();
  kit.system.stop(ref);
  await kit.settle();
  assertEquals(seen, [true]);
});

Deno.test("calls on a revoked context do nothing but leave dead letters", async () => {
  await using kit = new Kit();
  const other = kit.system.spawn(puppet());
  let ctx!: Context<Act>;
  let reply!: Reply;
  const ref = kit.system.spawn(puppet({ init: (own) => (ctx = own, null) }));
  ref.tell((own) => void (reply = own.defer()));
  ref.tell(() => stop);
  await kit.settle();
  const { deadLetters } = kit.system;
  const calls: (() => unknown)[] = [
    () => ctx.stop(),
    () => ctx.stop(other),
    () => ctx.watch(other),
    () => ctx.unwatch(other),
    () => ctx.reply(1),
    () => ctx.defer(),
    () => ctx.stash(),
    () => ctx.unstash(),
    () => ctx.become(() => null),
    () => ctx.after(1, () => {}).cancel(),
    () => ctx.every(1, () => {}).cancel(),
    () => ctx.setReceiveTimeout(1),
  ];
  for (const [i, call] of calls.entries()) {
    call();
    assertEquals(deadLetters.count("revoked"), i + 1, `${call}`);
  }
  assertThrows(() => ctx.spawn(puppet()), Error, "this incarnation has ended");
  await assertRejects(() => ctx.ask(other, () => {}), Error, "this incarnation has ended");
  assertEquals(deadLetters.count("revoked"), calls.length + 1);
  assert(ctx.signal.aborted);
  reply.send("no asker");
  await kit.settle();
  assertEquals([kit.clock.pending, kit.system.actorCount], [0, 2]);
});

Deno.test("the late result of an ended incarnation is dropped: state, stop, failure", async () => {
  for (const late of ["open", "fail"] as const) {
    await using kit = new Kit();
    const latch = new Latch();
    const states: number[] = [];
    kit.system.spawn(supervisor({
      strategy: "one-for-all",
      children: [
        child({
          name: "slow",
          stopTimeoutMs: 10,
          behavior: actor<string, number>({
            init: () => 0,
            async receive(state, message) {
              states.push(state);
              if (message === "wait") await latch.promise;
              return state + 1;
            },
          }),
        }),
        child({ name: "weak", behavior: puppet() }),
      ],
    }));
    await kit.settle();
    const slow = kit.system.find<string>("slow")!;
    slow.tell("wait");
    await kit.settle();
    kit.system.find<Act>("weak")!.tell(crash);
    await kit.advance(10); // cut off, and restarted
    slow.tell("go");
    await kit.settle();
    latch[late](new Error("late"));
    await kit.settle();
    slow.tell("go");
    await kit.settle();
    assertEquals(states, [0, 0, 1], late);
    assertEquals(kit.system.counters.get("actors.crashed"), 1, late);
  }
});

Deno.test("timers cannot be armed with something that is no number", async () => {
  await using kit = new Kit();
  const errors: unknown[] = [];
  const ref = kit.system.spawn(puppet());
  kit.system.ended(ref).then(({ error }) => errors.push((error as { code: string }).code));
  ref.tell((ctx) => ctx.after(NaN, () => {}));
  await kit.settle();
  assertEquals(errors, ["bad_timer"]);
});

Deno.test("an actor may be suspended forever without holding others or the shutdown beyond its time-out", async () => {
  const kit = new Kit();
  kit.system.spawn(puppet(), { stopTimeoutMs: 1_000 }).tell(() => NEVER);
  await kit.settle();
  let ended = false;
  kit.system.shutdown().then(() => ended = true);
  await kit.advance(999);
  assertEquals(ended, false);
  await kit.advance(1);
  assertEquals(ended, true);
});
