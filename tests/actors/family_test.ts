import { child, type Restart, stop, type Strategy, supervisor, type TroupeError } from "@troupe/core/actors";
import { Kit } from "@troupe/core/testing";
import { assertEquals } from "@std/assert";
import { type Act, crash, diarist, Latch, NEVER, puppet, type PuppetOptions } from "./puppet.ts";

type Members = Record<string, { restart?: Restart; stopTimeoutMs?: number } & PuppetOptions>;

/** A supervisor of diarists, and a way to tell them by name. */
function family(
  kit: Kit,
  members: Members,
  options: Partial<Parameters<typeof supervisor>[0]> = {},
) {
  const diary: string[] = [];
  const ref = kit.system.spawn(supervisor({
    ...options,
    children: Object.entries(members).map(([name, { restart, stopTimeoutMs, ...behavior }]) =>
      child({ name, restart, stopTimeoutMs, behavior: diarist(diary, name, behavior) })
    ),
  }));
  return {
    ref,
    diary,
    /** What has happened since the last call. */
    take: () => diary.splice(0),
    tell: (name: string, act: Act) => kit.system.find<Act>(name)!.tell(act),
    status: () =>
      Object.fromEntries(kit.system.tree().children[0].children.map((c) => [c.path.slice(14), c.status])),
  };
}

const THREE = { a: {}, b: {}, c: {} };

Deno.test("one-for-one: the child that failed is restarted, the others live on", async () => {
  await using kit = new Kit();
  const { take, tell } = family(kit, THREE);
  await kit.settle();
  assertEquals(take(), ["a up", "b up", "c up"]);
  tell("b", crash);
  await kit.settle();
  assertEquals(take(), ["b down (crashed)", "b up"]);
});

Deno.test("one-for-all: all children end in reverse order and start in order", async () => {
  await using kit = new Kit();
  const { take, tell } = family(kit, THREE, { strategy: "one-for-all" });
  await kit.settle();
  take();
  tell("b", crash);
  await kit.settle();
  assertEquals(take(), [
    "b down (crashed)",
    "c down (shutdown)",
    "a down (shutdown)",
    "a up",
    "b up",
    "c up",
  ]);
});

Deno.test("rest-for-one: the child that failed and those started after it", async () => {
  await using kit = new Kit();
  const { take, tell } = family(kit, THREE, { strategy: "rest-for-one" });
  await kit.settle();
  take();
  tell("b", crash);
  await kit.settle();
  assertEquals(take(), ["b down (crashed)", "c down (shutdown)", "b up", "c up"]);
});

Deno.test("permanent: always restarted; transient: after a failure; temporary: never", async () => {
  const ends: [Act, string][] = [[() => stop, "normal"], [crash, "crashed"]];
  const expected: Record<Restart, boolean[]> = {
    permanent: [true, true],
    transient: [false, true],
    temporary: [false, false],
  };
  for (const [restart, restarted] of Object.entries(expected) as [Restart, boolean[]][]) {
    for (const [i, [act, kind]] of ends.entries()) {
      await using kit = new Kit();
      const { take, tell } = family(kit, { it: { restart } });
      await kit.settle();
      take();
      tell("it", act);
      await kit.settle();
      assertEquals(take(), [`it down (${kind})`, ...restarted[i] ? ["it up"] : []], `${restart}, ${kind}`);
      assertEquals(kit.system.find("it") !== undefined, restarted[i]);
    }
  }
});

Deno.test("a restarted child keeps its address, its name and its waiting messages; its state is made anew", async () => {
  await using kit = new Kit();
  const { take, tell } = family(kit, { it: {} });
  await kit.settle();
  take();
  const ref = kit.system.find<Act>("it")!;
  const seen: unknown[] = [];
  tell("it", crash);
  for (const message of ["first", "second"]) ref.tell((ctx) => seen.push(message, ctx.self === ref));
  await kit.settle();
  assertEquals(seen, ["first", true, "second", true]);
  assertEquals(kit.system.find("it"), ref);
  assertEquals(kit.system.deadLetters.count(), 0);
});

Deno.test("messages told while a child waits for its restart wait with it", async () => {
  await using kit = new Kit();
  const { tell, status } = family(kit, { it: {} }, { backoff: { minMs: 100, maxMs: 100, jitter: 0 } });
  await kit.settle();
  const seen: string[] = [];
  tell("it", crash);
  await kit.settle();
  tell("it", () => seen.push("waited"));
  await kit.advance(99);
  assertEquals([seen, status()], [[], { it: "waiting" }]);
  await kit.advance(1);
  assertEquals([seen, status()], [["waited"], { it: "running" }]);
});

Deno.test("more restarts than the intensity allows: children stop in reverse order, the supervisor fails", async () => {
  await using kit = new Kit();
  const { ref, take, tell } = family(kit, THREE, { intensity: { restarts: 2, withinMs: 1_000 } });
  await kit.settle();
  const ended = kit.system.ended(ref);
  const reasons: string[] = [];
  kit.system.ended(kit.system.find("b")!).then((reason) => reasons.push(reason.kind));
  for (let i = 0; i < 2; i++) {
    tell("b", crash);
    await kit.settle();
  }
  take();
  tell("b", crash);
  await kit.settle();
  assertEquals(take(), ["b down (crashed)", "c down (shutdown)", "a down (shutdown)"]);
  const { kind, error } = await ended;
  const { code, cause } = error as TroupeError;
  assertEquals([kind, code, (cause as Error).message], ["crashed", "too_many_restarts", "boom"]);
  assertEquals(reasons, ["crashed"]); // its watchers hear why the child ended, not why the family did
});

Deno.test("restarts outside the window do not count", async () => {
  await using kit = new Kit();
  const { take, tell } = family(kit, { it: {} }, { intensity: { restarts: 1, withinMs: 1_000 } });
  await kit.settle();
  for (let i = 0; i < 5; i++) {
    tell("it", crash);
    await kit.advance(1_000);
  }
  assertEquals(take().filter((line) => line === "it up").length, 6);
});

Deno.test("an intensity of 0 restarts fails at the first crash", async () => {
  await using kit = new Kit();
  const { ref, tell } = family(kit, { it: {} }, { intensity: { restarts: 0 } });
  await kit.settle();
  const ended = kit.system.ended(ref);
  tell("it", crash);
  await kit.settle();
  assertEquals((await ended).kind, "crashed");
});

Deno.test("a supervisor inside a supervisor: what the inner one gives up, the outer one restarts whole", async () => {
  await using kit = new Kit();
  const diary: string[] = [];
  const inner = supervisor({
    name: "inner",
    intensity: { restarts: 0 },
    children: ["x", "y"].map((name) => child({ name, behavior: diarist(diary, name) })),
  });
  kit.system.spawn(supervisor({
    name: "outer",
    strategy: "rest-for-one",
    children: [
      child({ name: "first", behavior: diarist(diary, "first") }),
      child({ behavior: inner, label: "inner" }),
      child({ name: "last", behavior: diarist(diary, "last") }),
    ],
  }));
  await kit.settle();
  assertEquals(diary.splice(0), ["first up", "x up", "y up", "last up"]);
  kit.system.find<Act>("x")!.tell(crash);
  await kit.settle();
  assertEquals(diary, [
    "x down (crashed)",
    "y down (shutdown)",
    "last down (shutdown)",
    "x up",
    "y up",
    "last up",
  ]);
  assertEquals(kit.system.tree().children[0].children.map((each) => each.restarts), [0, 1, 1]);
});

Deno.test("exponential backoff: exact times, the upper bound, and the reset after a long life", async () => {
  await using kit = new Kit();
  const upsMs: number[] = [];
  family(kit, {
    it: {
      init: (ctx) => {
        upsMs.push(kit.clock.elapsedMs());
        if (upsMs.length <= 5) ctx.self.tell(crash);
        return null;
      },
    },
  }, {
    intensity: { restarts: 100, withinMs: 1 },
    backoff: { minMs: 100, maxMs: 500, factor: 2, jitter: 0, resetMs: 1_000 },
  });
  await kit.advance(5_000);
  assertEquals(upsMs, [0, 100, 300, 700, 1_200, 1_700]);
  kit.system.find<Act>("it")!.tell(crash); // it ran 3,300 ms: begins again at minMs
  await kit.advance(100);
  assertEquals(upsMs.at(-1), 5_100);
  await kit.advance(999);
  kit.system.find<Act>("it")!.tell(crash); // 999 ms are too short for a reset
  await kit.advance(200);
  assertEquals(upsMs.at(-1), 6_299);
});

Deno.test("backoff grows also while init fails again and again: a child that never ran has not run long", async () => {
  await using kit = new Kit();
  await kit.advance(60_000);
  const upsMs: number[] = [];
  kit.system.spawn(supervisor({
    intensity: { restarts: 100, withinMs: 1 },
    backoff: { minMs: 100, maxMs: 800, jitter: 0 },
    children: [child({
      behavior: puppet({
        init: () => {
          upsMs.push(kit.clock.elapsedMs() - 60_000);
          throw new Error("no database");
        },
      }),
    })],
  }));
  await kit.advance(4_000);
  assertEquals(upsMs, [0, 100, 300, 700, 1_500, 2_300, 3_100, 3_900]);
});

Deno.test("jitter makes a wait up to that share longer, never shorter", async () => {
  const waitsMs = new Set<number>();
  for (let seed = 1; seed <= 40; seed++) {
    await using kit = new Kit({ seed });
    const upsMs: number[] = [];
    const { tell } = family(kit, { it: { init: () => (upsMs.push(kit.clock.elapsedMs()), null) } }, {
      backoff: { minMs: 100, maxMs: 100, jitter: 0.5 },
    });
    await kit.settle();
    tell("it", crash);
    await kit.advance(1_000);
    waitsMs.add(upsMs[1]);
  }
  assertEquals([...waitsMs].filter((ms) => ms < 100 || ms >= 150), []);
  assertEquals(waitsMs.size > 20, true);
});

Deno.test("children start in order, each after the init of the one before, asynchronous ones too", async () => {
  await using kit = new Kit();
  const latch = new Latch();
  const { take, diary } = family(kit, {
    a: { init: () => latch.promise.then(() => (diary.push("a ready"), null)) as unknown as null },
    b: {},
  });
  await kit.settle();
  assertEquals(take(), []);
  latch.open();
  await kit.settle();
  assertEquals(take(), ["a ready", "b up"]);
});

Deno.test("a supervisor counts as started when all its children have: its next sibling waits for that", async () => {
  await using kit = new Kit();
  const latch = new Latch();
  const diary: string[] = [];
  const inner = supervisor({
    children: [
      child({ behavior: puppet({ init: () => latch.promise.then(() => null) }) }),
      child({ behavior: diarist(diary, "inner") }),
    ],
  });
  kit.system.spawn(
    supervisor({ children: [child({ behavior: inner }), child({ behavior: diarist(diary, "outer") })] }),
  );
  await kit.settle();
  assertEquals(diary, []);
  latch.open();
  await kit.settle();
  assertEquals(diary, ["inner up", "outer up"]);
});

Deno.test("the start goes on when the awaited child fails for good, or is stopped", async () => {
  await using kit = new Kit();
  const { take } = family(kit, {
    a: {
      restart: "temporary",
      init: () => {
        throw new Error("boom");
      },
    },
    b: { init: (ctx) => (ctx.stop(), NEVER as unknown as null), stopTimeoutMs: 10 },
    c: {},
  });
  await kit.advance(10);
  assertEquals(take(), ["c up"]);
});

Deno.test("the start goes on when the awaited child succeeds at a later attempt", async () => {
  await using kit = new Kit();
  let attempts = 0;
  const { take } = family(kit, {
    a: {
      init: () => {
        if (++attempts < 3) throw new Error("boom");
        return null;
      },
    },
    b: {},
  });
  await kit.settle();
  assertEquals([attempts, take()], [3, ["b up"]]);
});

Deno.test("a group restart before the list was started in full: what never started starts in its turn", async () => {
  await using kit = new Kit();
  const latch = new Latch();
  const { take, tell, diary } = family(kit, {
    a: {},
    b: { init: () => latch.promise.then(() => (diary.push("b up"), null)) as unknown as null },
    c: {},
  }, { strategy: "one-for-all" });
  await kit.settle();
  assertEquals(take(), ["a up"]);
  tell("a", crash);
  await kit.settle();
  latch.open();
  await kit.settle();
  assertEquals(take(), ["a down (crashed)", "b up", "b down (shutdown)", "a up", "b up", "c up"]);
});

Deno.test("a second failure outside the group while the group is still ending takes over, and nothing is lost", async () => {
  await using kit = new Kit();
  const latch = new Latch();
  const { take, tell } = family(kit, { a: {}, b: {}, c: {}, d: {} }, { strategy: "rest-for-one" });
  await kit.settle();
  take();
  tell("d", () => latch.promise);
  await kit.settle();
  tell("c", crash); // waits for d
  await kit.settle();
  tell("a", crash);
  await kit.settle();
  latch.open();
  await kit.settle();
  assertEquals(take(), [
    "c down (crashed)",
    "a down (crashed)",
    "d down (shutdown)",
    "b down (shutdown)",
    "a up",
    "b up",
    "c up",
    "d up",
  ]);
  await kit.advance(60_000);
  assertEquals([take(), kit.clock.pending], [[], 0]);
});

Deno.test("a failure of an earlier child while a later group waits for its backoff restarts both, once", async () => {
  await using kit = new Kit();
  const { take, tell } = family(kit, THREE, {
    strategy: "rest-for-one",
    backoff: { minMs: 100, maxMs: 100, jitter: 0 },
  });
  await kit.settle();
  take();
  tell("c", crash);
  await kit.advance(50);
  tell("a", crash);
  await kit.advance(99);
  assertEquals(take(), ["c down (crashed)", "a down (crashed)", "b down (shutdown)"]);
  await kit.advance(1);
  assertEquals(take(), ["a up", "b up", "c up"]);
  await kit.advance(1_000);
  assertEquals(take(), []);
});

Deno.test("two members of a group that crash at the same time cost one restart", async () => {
  await using kit = new Kit();
  const latch = new Latch();
  const { take, tell } = family(kit, THREE, { strategy: "one-for-all", intensity: { restarts: 1 } });
  await kit.settle();
  take();
  tell("c", () => latch.promise);
  await kit.settle();
  tell("a", crash);
  await kit.settle();
  tell("b", crash); // while c is being waited for
  latch.fail(new Error("boom"));
  await kit.settle();
  assertEquals(take().filter((line) => line.endsWith("up")), ["a up", "b up", "c up"]);
});

Deno.test("temporary members of a group end with it and are not started again", async () => {
  await using kit = new Kit();
  const { take, tell, status } = family(kit, { a: {}, b: { restart: "temporary" }, c: {} }, {
    strategy: "one-for-all",
  });
  await kit.settle();
  take();
  tell("a", crash);
  await kit.settle();
  assertEquals(take(), ["a down (crashed)", "c down (shutdown)", "b down (shutdown)", "a up", "c up"]);
  assertEquals(Object.keys(status()), ["a", "c"]);
  tell("c", crash);
  await kit.settle();
  assertEquals(take(), ["c down (crashed)", "a down (shutdown)", "a up", "c up"]);
});

Deno.test("a group member that does not stop in time is cut off, and the group starts again", async () => {
  await using kit = new Kit();
  const { take, tell } = family(kit, { a: {}, b: { stop: () => NEVER, stopTimeoutMs: 100 } }, {
    strategy: "one-for-all",
  });
  await kit.settle();
  take();
  tell("a", crash);
  await kit.advance(99);
  assertEquals(take(), ["a down (crashed)"]);
  await kit.advance(1);
  assertEquals(take(), ["a up", "b up"]);
});

Deno.test("a child that is stopped for good while its group waits is not started again", async () => {
  await using kit = new Kit();
  const { take, tell } = family(kit, THREE, {
    strategy: "one-for-all",
    backoff: { minMs: 100, maxMs: 100, jitter: 0 },
  });
  await kit.settle();
  take();
  tell("a", crash);
  await kit.settle();
  const ended = kit.system.stop(kit.system.find("b")!);
  await kit.settle();
  assertEquals((await ended).kind, "shutdown");
  await kit.advance(100);
  assertEquals(take().slice(3), ["a up", "c up"]);
});

Deno.test("a held child that is stopped for good tells its watchers at once, and leaves no timer", async () => {
  await using kit = new Kit();
  const { tell } = family(kit, { it: {} }, { backoff: { minMs: 1_000, maxMs: 1_000 } });
  await kit.settle();
  const ref = kit.system.find<Act>("it")!;
  tell("it", crash);
  ref.tell(() => {});
  await kit.settle();
  const reasons: string[] = [];
  kit.system.ended(ref).then((reason) => reasons.push(reason.kind));
  kit.system.stop(ref);
  await kit.settle();
  assertEquals([reasons, kit.clock.pending, kit.system.deadLetters.count("stopped")], [["shutdown"], 0, 1]);
});

Deno.test("a supervisor that stops while a child waits for its restart ends both, and leaves no timer", async () => {
  for (const strategy of ["one-for-one", "one-for-all", "rest-for-one"] as Strategy[]) {
    await using kit = new Kit();
    const { ref, tell } = family(kit, THREE, { strategy, backoff: { minMs: 1_000, maxMs: 1_000 } });
    await kit.settle();
    tell("b", crash);
    await kit.settle();
    kit.system.stop(ref);
    await kit.settle();
    assertEquals([kit.system.actorCount, kit.clock.pending], [1, 0]);
  }
});

Deno.test("a supervisor's restart forgets the restarts that its last life had planned", async () => {
  await using kit = new Kit();
  const diary: string[] = [];
  kit.system.spawn(supervisor({
    strategy: "one-for-all",
    children: [
      child({
        behavior: supervisor({
          backoff: { minMs: 500, maxMs: 500, jitter: 0 },
          children: [child({ name: "inner", behavior: diarist(diary, "inner") })],
        }),
      }),
      child({ name: "outer", behavior: diarist(diary, "outer") }),
    ],
  }));
  await kit.settle();
  diary.length = 0;
  kit.system.find<Act>("inner")!.tell(crash);
  await kit.advance(100);
  kit.system.find<Act>("outer")!.tell(crash);
  await kit.advance(2_000);
  assertEquals(diary, ["inner down (crashed)", "outer down (crashed)", "inner up", "outer up"]);
  assertEquals(kit.clock.pending, 0);
});

Deno.test("a child whose name is taken fails its supervisor, at the start and in a later turn", async () => {
  for (const first of [{}, { init: () => Promise.resolve(null) as unknown as null }]) {
    await using kit = new Kit();
    kit.system.spawn(puppet(), { name: "taken" });
    const { ref } = family(kit, { a: first, taken: {} });
    const ended = kit.system.ended(ref);
    await kit.settle();
    const { kind, error } = await ended;
    assertEquals([kind, (error as TroupeError).code], ["crashed", "name_taken"]);
    assertEquals(kit.system.actorCount, 2);
  }
});

Deno.test("10,000 members of a group are restarted without a stack overflow", async () => {
  await using kit = new Kit();
  let ups = 0;
  const weak: Act[] = [];
  const ref = kit.system.spawn(supervisor({
    strategy: "one-for-all",
    children: Array.from({ length: 10_000 }, (_, i) =>
      child({
        behavior: puppet({
          init(ctx) {
            ups++;
            if (i === 5_000) weak.push(() => ctx.self.tell(crash));
            return null;
          },
        }),
      })),
  }));
  await kit.settle();
  assertEquals(ups, 10_000);
  kit.system.spawn(puppet()).tell(weak[0]);
  await kit.settle();
  assertEquals(ups, 20_000);
  kit.system.stop(ref);
});

Deno.test("the same seed restarts in the same order; every seed restarts everybody", async () => {
  const run = async (seed: number): Promise<string[]> => {
    await using kit = new Kit({ seed, shuffle: true });
    const { diary, tell } = family(kit, { a: {}, b: {}, c: {}, d: {} }, {
      intensity: { restarts: 10 },
      backoff: { minMs: 10, maxMs: 100 },
    });
    await kit.settle();
    for (const name of ["d", "a", "c"]) tell(name, crash);
    await kit.advance(1_000);
    return diary.slice();
  };
  for (let seed = 1; seed <= 30; seed++) {
    const diary = await run(seed);
    assertEquals(diary, await run(seed));
    assertEquals(diary.filter((line) => line.endsWith("up")).length, 7);
  }
});
