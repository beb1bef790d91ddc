import { actor, child, type Context, stop, supervisor, TroupeError } from "@troupe/core/actors";
import { Kit } from "@troupe/core/testing";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Act, crash, diarist, Latch, NEVER, puppet } from "./puppet.ts";

Deno.test("a throw in receive ends the incarnation as crashed, with what was thrown", async () => {
  await using kit = new Kit();
  const diary: string[] = [];
  const ref = kit.system.spawn(diarist(diary, "it"));
  const ended = kit.system.ended(ref);
  ref.tell(crash);
  ref.tell(() => diary.push("never"));
  await kit.settle();
  const reason = await ended;
  assertEquals([reason.kind, (reason.error as Error).message], ["crashed", "boom"]);
  assertEquals(diary, ["it up", "it down (crashed)"]);
  assertEquals(kit.system.counters.get("actors.crashed"), 1);
  assertEquals(kit.system.deadLetters.count("stopped"), 1);
});

Deno.test("a rejected promise in receive ends the incarnation as crashed", async () => {
  await using kit = new Kit();
  const diary: string[] = [];
  const ref = kit.system.spawn(diarist(diary, "it"));
  ref.tell(async () => {
    await Promise.resolve();
    throw new Error("boom");
  });
  await kit.settle();
  assertEquals(diary, ["it up", "it down (crashed)"]);
});

Deno.test("a crash is logged with the actor, its behaviour and the error", async () => {
  const lines: unknown[] = [];
  await using kit = new Kit({ logger: { log: (...line) => lines.push(line) } });
  const error = new Error("boom");
  kit.system.spawn(puppet(), { label: "it" }).tell(() => {
    throw error;
  });
  await kit.settle();
  assertEquals(lines, [["error", "actor crashed", { actor: "/it", behavior: "puppet", error }]]);
});

Deno.test("an init that throws or is rejected ends the actor as crashed, without its stop hook", async () => {
  await using kit = new Kit();
  const seen: string[] = [];
  for (const init of [() => crash({} as Context<Act>), () => Promise.reject(new Error("boom"))]) {
    const ref = kit.system.spawn(puppet({
      init: init as () => null,
      stop: () => void seen.push("stop hook"),
    }));
    kit.system.ended(ref).then((reason) => seen.push(reason.kind));
    ref.tell(() => {});
    await kit.settle();
  }
  assertEquals(seen, ["crashed", "crashed"]);
  assertEquals(kit.system.deadLetters.count("stopped"), 2);
});

Deno.test("messages wait while init is pending, and are handled in order when it has finished", async () => {
  await using kit = new Kit();
  const latch = new Latch();
  const seen: unknown[] = [];
  const ref = kit.system.spawn(actor<number, string>({
    init: async (ctx) => {
      ctx.self.tell(0);
      await latch.promise;
      return "ready";
    },
    receive: (state, message) => (seen.push(state, message), state),
  }));
  ref.tell(1);
  await kit.settle();
  ref.tell(2);
  assertEquals([seen, kit.system.tree().children[0].status], [[], "starting"]);
  latch.open();
  await kit.settle();
  assertEquals(seen, ["ready", 1, "ready", 0, "ready", 2]);
});

Deno.test("a stop hook that throws or is rejected is logged and counted, and the actor ends all the same", async () => {
  const lines: string[] = [];
  await using kit = new Kit({ logger: { log: (_level, message) => lines.push(message) } });
  for (const hook of [crash, () => Promise.reject(new Error("boom"))] as const) {
    const ref = kit.system.spawn(puppet({ stop: () => hook({} as Context<Act>) as void }));
    const ended = kit.system.stop(ref);
    await kit.settle();
    assertEquals(await ended, { kind: "shutdown" });
  }
  assertEquals(lines, ["stop hook failed", "stop hook failed"]);
  assertEquals(kit.system.counters.get("actors.stop_failed"), 2);
});

Deno.test("the stop hook runs after the children have ended, with the latest state and the reason", async () => {
  await using kit = new Kit();
  const seen: unknown[] = [];
  const ref = kit.system.spawn(actor<"count" | "stop", number>({
    init(ctx) {
      ctx.spawn(diarist(seen as string[], "child"));
      return 0;
    },
    receive: (count, message) => message === "stop" ? stop : count + 1,
    stop: (count, reason) => void seen.push(count, reason.kind),
  }));
  for (const message of ["count", "count", "stop"] as const) {
    ref.tell(message);
    await kit.settle();
  }
  assertEquals(seen, ["child up", "child down (shutdown)", 2, "normal"]);
});

Deno.test("a handler that finishes while its actor stops gives the stop hook its state", async () => {
  await using kit = new Kit();
  const latch = new Latch();
  const seen: number[] = [];
  const ref = kit.system.spawn(actor<null, number>({
    init: () => 1,
    receive: (state) => latch.promise.then(() => state + 1),
    stop: (state) => void seen.push(state),
  }));
  ref.tell(null);
  await kit.settle();
  kit.system.stop(ref);
  await kit.settle();
  assertEquals(kit.system.tree().children[0].status, "stopping");
  latch.open();
  await kit.settle();
  assertEquals(seen, [2]);
});

Deno.test("a stop during an asynchronous init waits for it, and its stop hook cleans up", async () => {
  await using kit = new Kit();
  const latch = new Latch();
  const seen: string[] = [];
  const ref = kit.system.spawn(actor<null, string>({
    init: () => latch.promise.then(() => "a resource"),
    receive: (state) => state,
    stop: (state) => void seen.push(`closed ${state}`),
  }));
  await kit.settle();
  const ended = kit.system.stop(ref);
  await kit.settle();
  latch.open();
  await kit.settle();
  assertEquals([seen, await ended], [["closed a resource"], { kind: "shutdown" }]);
});

Deno.test("a stop during an asynchronous init that fails then has no stop hook", async () => {
  await using kit = new Kit();
  const latch = new Latch();
  const seen: string[] = [];
  const ref = kit.system.spawn(puppet({
    init: () => latch.promise.then(() => null),
    stop: () => void seen.push("stop hook"),
  }));
  await kit.settle();
  const ended = kit.system.stop(ref);
  await kit.settle();
  latch.fail(new Error("boom"));
  await kit.settle();
  assertEquals([seen, await ended], [[], { kind: "shutdown" }]);
});

Deno.test("a stop before the actor has run at all ends it without init", async () => {
  await using kit = new Kit();
  const diary: string[] = [];
  const parent = kit.system.spawn(puppet());
  parent.tell((ctx) => {
    ctx.spawn(diarist(diary, "child")).tell(() => {});
    return stop;
  });
  await kit.settle();
  assertEquals(diary, []);
  assertEquals([kit.system.actorCount, kit.system.deadLetters.count("stopped")], [1, 1]);
});

Deno.test("a crash while stopping is logged and counted, answers the asker, and the stop goes on", async () => {
  await using kit = new Kit();
  const latch = new Latch();
  const diary: string[] = [];
  const ref = kit.system.spawn(diarist(diary, "it"));
  const asked = ref.ask(() => latch.promise).catch((error) => error.code);
  await kit.settle();
  const ended = kit.system.stop(ref);
  await kit.settle();
  latch.fail(new Error("boom"));
  await kit.settle();
  assertEquals([await asked, await ended], ["actor_crashed", { kind: "shutdown" }]);
  assertEquals(diary, ["it up", "it down (shutdown)"]);
  assertEquals(kit.system.counters.get("actors.crashed"), 1);
});

Deno.test("children that crash while their parent stops are not restarted", async () => {
  await using kit = new Kit();
  const diary: string[] = [];
  const latch = new Latch();
  const parent = kit.system.spawn(supervisor({
    children: ["a", "b"].map((name) => child({ name, behavior: diarist(diary, name) })),
  }));
  await kit.settle();
  kit.system.find<Act>("b")!.tell(() => latch.promise);
  await kit.settle();
  const ended = kit.system.stop(parent);
  await kit.settle();
  kit.system.find<Act>("a")!.tell(crash);
  await kit.settle();
  latch.fail(new Error("boom"));
  await kit.settle();
  await ended;
  assertEquals(diary, ["a up", "b up", "a down (crashed)", "b down (shutdown)"]);
  assertEquals(kit.system.actorCount, 1);
});

Deno.test("an actor that stops accepts no children", async () => {
  await using kit = new Kit();
  const errors: unknown[] = [];
  const ref = kit.system.spawn(puppet({
    stop: (_state, _reason, ctx) => {
      try {
        ctx.spawn(puppet());
      } catch (error) {
        errors.push((error as TroupeError).code);
      }
    },
  }));
  ref.tell(() => stop);
  await kit.settle();
  assertEquals(errors, ["actor_stopped"]);
});

Deno.test("a handler that stops its parent ends with it", async () => {
  await using kit = new Kit();
  const diary: string[] = [];
  const parent = kit.system.spawn(diarist(diary, "parent"));
  parent.tell((above) => {
    above.spawn(diarist(diary, "child")).tell((ctx) => ctx.stop(above.self));
  });
  await kit.settle();
  assertEquals(diary, ["parent up", "child up", "child down (shutdown)", "parent down (shutdown)"]);
});

Deno.test("a name is taken until its actor has ended for good", async () => {
  await using kit = new Kit();
  const { system } = kit;
  const ref = system.spawn(puppet(), { name: "unique" });
  const error = assertThrows(() => system.spawn(puppet(), { name: "unique" }), TroupeError);
  assertEquals([error.code, system.actorCount], ["name_taken", 2]);
  assertEquals(system.find("unique"), ref);
  system.stop(ref);
  await kit.settle();
  assertEquals(system.find("unique"), undefined);
  system.spawn(puppet(), { name: "unique" });
});

Deno.test("10,000 children stop without a stack overflow: at once, and with asynchronous hooks", async () => {
  for (const hook of [() => {}, () => Promise.resolve()]) {
    await using kit = new Kit();
    const parent = kit.system.spawn(puppet());
    parent.tell((ctx) => {
      for (let i = 0; i < 10_000; i++) ctx.spawn(puppet({ stop: hook }));
    });
    await kit.settle();
    assertEquals(kit.system.actorCount, 10_002);
    kit.system.stop(parent);
    await kit.settle();
    assertEquals(kit.system.actorCount, 1);
  }
});

Deno.test("the live tree tells path, behaviour, state, mailbox length, restarts and uptime", async () => {
  await using kit = new Kit();
  await kit.advance(100);
  kit.system.spawn(
    supervisor({
      name: "workers",
      backoff: { minMs: 50, maxMs: 50, jitter: 0 },
      children: [
        child({ behavior: puppet({ name: "worker" }), label: "one" }),
        child({ behavior: puppet({ name: "worker" }), label: "two", name: "two" }),
        child({ behavior: puppet({ name: "worker" }), label: "three", name: "three" }),
      ],
    }),
    { label: "team" },
  );
  await kit.settle();
  await kit.advance(10);
  kit.system.find<Act>("two")!.tell(crash);
  kit.system.find<Act>("three")!.tell(() => NEVER);
  await kit.settle();
  kit.system.find<Act>("three")!.tell(() => {});
  const [team] = kit.system.tree().children;
  assertEquals([team.path, team.behavior, team.uptimeMs], ["/team", "workers", 10]);
  const rows = () =>
    kit.system.tree().children[0].children
      .map((
        each,
      ) => [each.path, each.behavior, each.status, each.mailboxLength, each.restarts, each.uptimeMs]);
  assertEquals(rows(), [
    ["/team/one", "worker", "running", 0, 0, 10],
    ["/team/two", "worker", "waiting", 0, 0, 10],
    ["/team/three", "worker", "suspended", 1, 0, 10],
  ]);
  await kit.advance(50);
  assertEquals(rows()[1], ["/team/two", "worker", "running", 0, 1, 0]);
  assertEquals(kit.system.tree().path, "/");
});

Deno.test("an actor that has not run yet is starting, with no uptime", async () => {
  await using kit = new Kit();
  await kit.advance(1_000);
  kit.system.spawn(puppet());
  const [{ status, uptimeMs, path }] = kit.system.tree().children;
  assertEquals([status, uptimeMs, path], ["starting", 0, "/puppet-2"]);
});

Deno.test("an idle actor holds on to none of its messages", async () => {
  await using kit = new Kit();
  let ctx!: Context<Act> & { current?: unknown };
  const ref = kit.system.spawn(puppet({ init: (own) => (ctx = own, null) }));
  const act: Act = () => {};
  ref.tell(act);
  await kit.settle();
  assert(ctx.current !== act);
});
