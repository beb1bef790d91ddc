import { actor, child, type Ref, type Signal, stop, supervisor } from "@troupe/core/actors";
import { Kit } from "@troupe/core/testing";
import { assertEquals, assertThrows } from "@std/assert";
import { type Act, crash, Latch, puppet } from "./puppet.ts";

/** Remembers all it is told; `"wait"` suspends it until the latch opens. */
function recorder(seen: unknown[], latch: Latch) {
  return actor<unknown, null>({
    init: () => null,
    receive(state, message) {
      seen.push(message);
      return message === "wait" ? latch.promise.then(() => state) : state;
    },
  });
}

Deno.test("a synchronous receive gets state in and gives state out, message by message", async () => {
  await using kit = new Kit();
  const sums: number[] = [];
  const ref = kit.system.spawn(actor<number, number>({
    init: () => 10,
    receive(sum, by) {
      sums.push(sum + by);
      return sum + by;
    },
  }));
  for (const by of [1, 2, 3]) ref.tell(by);
  await kit.settle();
  assertEquals(sums, [11, 13, 16]);
});

Deno.test("an asynchronous receive resolves to the next state", async () => {
  await using kit = new Kit();
  const sums: number[] = [];
  const ref = kit.system.spawn(actor<number, number>({
    init: () => 0,
    async receive(sum, by) {
      await Promise.resolve();
      sums.push(sum + by);
      return sum + by;
    },
  }));
  for (const by of [1, 2, 3]) ref.tell(by);
  await kit.settle();
  assertEquals(sums, [1, 3, 6]);
});

Deno.test("an asynchronous receive suspends that actor alone", async () => {
  await using kit = new Kit();
  const latch = new Latch();
  const slow: unknown[] = [];
  const quick: unknown[] = [];
  const suspended = kit.system.spawn(recorder(slow, latch));
  const other = kit.system.spawn(recorder(quick, latch));
  suspended.tell("wait");
  suspended.tell("behind");
  other.tell("free");
  await kit.settle();
  assertEquals([slow, quick], [["wait"], ["free"]]);
  assertEquals(kit.system.tree().children[0].status, "suspended");
  latch.open();
  await kit.settle();
  assertEquals(slow, ["wait", "behind"]);
});

Deno.test("while an actor is suspended its mailbox fills to its bound, 1,000 by default", async () => {
  await using kit = new Kit();
  const latch = new Latch();
  const ref = kit.system.spawn(recorder([], latch));
  ref.tell("wait");
  await kit.settle();
  for (let i = 0; i < 1_000; i++) ref.tell(i);
  const error = assertThrows(() => ref.tell(1_000));
  assertEquals((error as { code?: string }).code, "mailbox_full");
  assertEquals(kit.system.tree().children[0].mailboxLength, 1_000);
  latch.open();
});

Deno.test("a mailbox holds its capacity exactly while its idle actor has not run yet", async () => {
  await using kit = new Kit();
  const seen: unknown[] = [];
  const ref = kit.system.spawn(actor<number, null>({
    mailbox: { capacity: 3, overflow: "drop-newest" },
    init: () => null,
    receive: (state, message) => (seen.push(message), state),
  }));
  await kit.settle(); // idle: the first message will ride the run queue
  for (let i = 0; i < 5; i++) ref.tell(i);
  assertEquals(kit.system.tree().children[0].mailboxLength, 3);
  await kit.settle();
  assertEquals(seen, [0, 1, 2]);
  assertEquals(kit.system.deadLetters.count("overflow"), 2);
});

Deno.test("the system lane goes before all waiting messages", async () => {
  await using kit = new Kit();
  const seen: string[] = [];
  const watched = kit.system.spawn(puppet());
  const ref = kit.system.spawn(actor<string, null>({
    init(ctx) {
      ctx.watch(watched);
      return null;
    },
    receive: (state, message) => (seen.push(message), state),
    signal: (state, signal) => (seen.push(signal.type), state),
  }));
  await kit.settle();
  watched.tell(() => {
    ref.tell("first");
    ref.tell("second");
    return stop;
  });
  await kit.settle();
  assertEquals(seen, ["terminated", "first", "second"]);
});

Deno.test("a stop goes before all waiting messages, and those become dead letters", async () => {
  await using kit = new Kit();
  const seen: unknown[] = [];
  const ref = kit.system.spawn(recorder(seen, new Latch()));
  await kit.settle();
  for (let i = 0; i < 3; i++) ref.tell(i);
  const ended = kit.system.stop(ref);
  await kit.settle();
  assertEquals([seen, (await ended).kind], [[], "shutdown"]);
  assertEquals(kit.system.deadLetters.count("stopped"), 3);
});

Deno.test("signals that come while a handler is pending wait for it", async () => {
  await using kit = new Kit();
  const latch = new Latch();
  const seen: string[] = [];
  const watched = kit.system.spawn(puppet());
  const ref = kit.system.spawn(puppet({
    init: (ctx) => (ctx.watch(watched), null),
    signal: (state, signal) => (seen.push(signal.type), state),
  }));
  ref.tell(async () => {
    await latch.promise;
    seen.push("handled");
  });
  await kit.settle();
  kit.system.stop(watched);
  await kit.settle();
  assertEquals(seen, []);
  latch.open();
  await kit.settle();
  assertEquals(seen, ["handled", "terminated"]);
});

Deno.test("messages of one sender arrive in order, those to itself included, in every schedule", async () => {
  for (let seed = 0; seed < 50; seed++) {
    await using kit = new Kit({ seed, shuffle: true });
    const seen: unknown[] = [];
    const self = kit.system.spawn(actor<string, null>({
      init: () => null,
      receive(state, message, ctx) {
        seen.push(message);
        if (message === "go") { for (const next of ["a", "b", "c"]) ctx.self.tell(next); }
        return state;
      },
    }));
    const relay = kit.system.spawn(puppet());
    await kit.settle();
    self.tell("go");
    relay.tell(() => {
      for (const next of ["1", "2", "3"]) self.tell(next);
    });
    await kit.settle();
    assertEquals(seen.filter((each) => /[abc]/.test(each as string)), ["a", "b", "c"]);
    assertEquals(seen.filter((each) => /[123]/.test(each as string)), ["1", "2", "3"]);
  }
});

Deno.test("a handler that stops itself mid-message finishes that message and handles no other", async () => {
  await using kit = new Kit();
  const seen: string[] = [];
  const ref = kit.system.spawn(puppet());
  ref.tell((ctx) => {
    ctx.stop();
    seen.push("finished");
  });
  ref.tell(() => seen.push("never"));
  await kit.settle();
  assertEquals(seen, ["finished"]);
  assertEquals(kit.system.deadLetters.count("stopped"), 1);
});

Deno.test("returning `stop` ends the actor with the reason normal", async () => {
  await using kit = new Kit();
  const ref = kit.system.spawn(puppet());
  const ended = kit.system.ended(ref);
  ref.tell(() => stop);
  await kit.settle();
  assertEquals(await ended, { kind: "normal" });
});

Deno.test("a signal handler may end the actor, and may fail it", async () => {
  await using kit = new Kit();
  const reasons: string[] = [];
  for (const signal of [() => stop, crash] as const) {
    const watched = kit.system.spawn(puppet());
    const ref = kit.system.spawn(actor<null, null>({
      init: (ctx) => (ctx.watch(watched), null),
      receive: (state) => state,
      signal: signal as (state: null, signal: Signal) => null | typeof stop,
    }));
    kit.system.ended(ref).then((reason) => reasons.push(reason.kind));
    await kit.settle();
    kit.system.stop(watched);
    await kit.settle();
  }
  assertEquals(reasons, ["normal", "crashed"]);
});

Deno.test("an asynchronous signal handler is refused: the actor fails with bad_behavior", async () => {
  await using kit = new Kit();
  const watched = kit.system.spawn(puppet());
  const ref = kit.system.spawn(actor<null, unknown>({
    init: (ctx) => (ctx.watch(watched), null),
    receive: (state) => state,
    signal: () => Promise.reject(new Error("nobody awaits this")),
  }));
  const ended = kit.system.ended(ref);
  await kit.settle();
  kit.system.stop(watched);
  await kit.settle();
  assertEquals(((await ended).error as { code?: string }).code, "bad_behavior");
});

Deno.test("signals of the life before do not reach the next one", async () => {
  await using kit = new Kit();
  const seen: string[] = [];
  const watched = [kit.system.spawn(puppet()), kit.system.spawn(puppet())];
  let life = 0;
  let ref!: Ref<Act>;
  kit.system.spawn(supervisor({
    children: [child({
      behavior: puppet({
        init(ctx) {
          ref = ctx.self;
          if (life++ === 0) watched.forEach((each) => ctx.watch(each));
          return null;
        },
        signal(_state, signal) {
          seen.push(`${signal.type} in life ${life}`);
          throw new Error("boom");
        },
      }),
    })],
  }));
  await kit.settle();
  kit.system.scheduler.atCommit(() => watched.forEach((each) => each.tell(() => stop)));
  await kit.settle();
  assertEquals(seen, ["terminated in life 1"]);
  ref.tell(() => seen.push("alive"));
  await kit.settle();
  assertEquals(seen.at(-1), "alive");
});

Deno.test("a signal handler that provokes its own signal again yields to others", async () => {
  await using kit = new Kit();
  const gone = kit.system.spawn(puppet());
  kit.system.stop(gone);
  await kit.settle();
  let signals = 0;
  const ref = kit.system.spawn(puppet({
    init: (ctx) => (ctx.watch(gone), null),
    signal(state, signal, ctx) {
      if (++signals < 1_000 && signal.type === "terminated") ctx.watch(gone);
      return state;
    },
  }));
  let between = -1;
  const other = kit.system.spawn(puppet());
  other.tell(() => between = signals);
  await kit.settle();
  assertEquals([signals, between < 1_000], [1_000, true]);
  ref.tell(() => stop);
});
