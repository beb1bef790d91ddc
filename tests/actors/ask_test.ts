import { actor, type Asks, type Reply, stop, TroupeError } from "@troupe/core/actors";
import { Kit } from "@troupe/core/testing";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Act, crash, Latch, NEVER, puppet } from "./puppet.ts";

/** The answer, or the code of the error, of every ask that has settled. */
function outcomes(...asks: Promise<unknown>[]): unknown[] {
  const settled: unknown[] = [];
  for (const ask of asks) {
    ask.then((answer) => settled.push(answer), (error) => settled.push((error as TroupeError).code));
  }
  return settled;
}

const answering = (value: unknown): Act => (ctx) => ctx.reply(value);
const silent: Act = () => {};

Deno.test("an ask resolves with what the actor replies", async () => {
  await using kit = new Kit();
  type Question = { x: number } & Asks<number>;
  const doubler = kit.system.spawn(actor<Question, null>({
    init: () => null,
    receive: (state, { x }, ctx) => (ctx.reply(x * 2), state),
  }));
  const answer: Promise<number> = doubler.ask({ x: 21 });
  await kit.settle();
  assertEquals(await answer, 42);
  assertEquals(kit.clock.pending, 0);
});

Deno.test("an asynchronous handler can reply after its await", async () => {
  await using kit = new Kit();
  const latch = new Latch();
  const ref = kit.system.spawn(puppet());
  const settled = outcomes(ref.ask(async (ctx) => {
    await latch.promise;
    ctx.reply("late but right");
  }));
  await kit.settle();
  assertEquals(settled, []);
  latch.open();
  await kit.settle();
  assertEquals(settled, ["late but right"]);
});

Deno.test("an ask without an answer times out, after 5 s if it does not say, and that is retryable", async () => {
  await using kit = new Kit();
  const ref = kit.system.spawn(puppet());
  const settled = outcomes(ref.ask(silent), ref.ask(silent, { timeoutMs: 100 }));
  await kit.advance(99);
  assertEquals(settled, []);
  await kit.advance(1);
  assertEquals(settled, ["ask_timeout"]);
  await kit.advance(4_899);
  assertEquals(settled.length, 1);
  await kit.advance(1);
  assertEquals(settled, ["ask_timeout", "ask_timeout"]);
  const late = assertRejects(() => ref.ask(silent, { timeoutMs: 0 }), TroupeError);
  await kit.advance(0);
  assert((await late).retryable);
});

Deno.test("an answer after the time-out is a dead letter, late_reply", async () => {
  await using kit = new Kit();
  const latch = new Latch();
  const ref = kit.system.spawn(puppet());
  const settled = outcomes(ref.ask(async (ctx) => {
    await latch.promise;
    ctx.reply("too late");
  }, { timeoutMs: 10 }));
  await kit.advance(10);
  latch.open();
  await kit.settle();
  assertEquals(settled, ["ask_timeout"]);
  assertEquals(kit.system.deadLetters.count("late_reply"), 1);
});

Deno.test("a second answer is a dead letter, late_reply", async () => {
  await using kit = new Kit();
  const ref = kit.system.spawn(puppet());
  const settled = outcomes(ref.ask((ctx) => {
    ctx.reply(1);
    ctx.reply(2);
  }));
  await kit.settle();
  assertEquals(settled, [1]);
  assertEquals(kit.system.deadLetters.count("late_reply"), 1);
});

Deno.test("an ask of an actor that has stopped fails with actor_stopped", async () => {
  await using kit = new Kit();
  const ref = kit.system.spawn(puppet());
  kit.system.stop(ref);
  await kit.settle();
  const settled = outcomes(ref.ask(answering(1)));
  await kit.settle();
  assertEquals(settled, ["actor_stopped"]);
  assertEquals(kit.system.deadLetters.count("stopped"), 1);
  assertEquals(kit.clock.pending, 0);
});

Deno.test("an ask that waits in the mailbox of an actor that stops fails with actor_stopped", async () => {
  await using kit = new Kit();
  const ref = kit.system.spawn(puppet());
  ref.tell(() => stop);
  const settled = outcomes(ref.ask(answering(1)));
  await kit.settle();
  assertEquals(settled, ["actor_stopped"]);
});

Deno.test("an ask whose handler is cut off fails with actor_stopped at that moment", async () => {
  await using kit = new Kit();
  const ref = kit.system.spawn(puppet(), { stopTimeoutMs: 200 });
  const settled = outcomes(ref.ask(() => NEVER));
  await kit.settle();
  kit.system.stop(ref);
  await kit.advance(199);
  assertEquals(settled, []);
  await kit.advance(1);
  assertEquals(settled, ["actor_stopped"]);
});

Deno.test("an ask whose handler throws or is rejected fails with actor_crashed and the cause", async () => {
  await using kit = new Kit();
  const asks = [crash, () => Promise.reject(new Error("boom"))]
    .map((act) => kit.system.spawn(puppet()).ask(act).catch((error) => error));
  await kit.settle();
  for (const error of await Promise.all(asks) as TroupeError[]) {
    assertEquals([error.code, (error.cause as Error).message], ["actor_crashed", "boom"]);
  }
});

Deno.test("an ask ends early when its signal fires, and is not sent if it has fired already", async () => {
  await using kit = new Kit();
  const ref = kit.system.spawn(puppet());
  const abort = new AbortController();
  let handled = 0;
  const settled = outcomes(ref.ask(() => void handled++, { signal: abort.signal }));
  await kit.settle();
  abort.abort();
  settled.push(...outcomes());
  const late = outcomes(ref.ask(() => void handled++, { signal: abort.signal }));
  await kit.settle();
  assertEquals([settled, late, handled], [["aborted"], ["aborted"], 1]);
  assertEquals(kit.clock.pending, 0);
});

Deno.test("an ask of a full mailbox fails with mailbox_full, whatever the policy, and that is retryable", async () => {
  await using kit = new Kit();
  for (const overflow of ["fail", "drop-newest", "drop-oldest"] as const) {
    const ref = kit.system.spawn(puppet({ mailbox: { capacity: 1, overflow } }));
    const asks = [ref.ask(answering("first")), ref.ask(answering("second"))];
    const settled = outcomes(...asks);
    await kit.settle();
    const lost = overflow === "drop-oldest" ? "second" : "first";
    assertEquals(new Set(settled), new Set([lost, "mailbox_full"]), overflow);
  }
  const ref = kit.system.spawn(puppet({ mailbox: { capacity: 1 } }));
  ref.tell(silent);
  const error = await assertRejects(() => ref.ask(silent), TroupeError);
  assert(error.retryable);
});

Deno.test("a deferred reply frees the actor and answers later", async () => {
  await using kit = new Kit();
  const ref = kit.system.spawn(puppet());
  const replies: Reply[] = [];
  const settled = outcomes(
    ref.ask((ctx) => void replies.push(ctx.defer())),
    ref.ask((ctx) => void replies.push(ctx.defer())),
    ref.ask(answering("at once")),
  );
  await kit.settle();
  assertEquals(settled, ["at once"]);
  replies[1].send("second");
  replies[0].send("first");
  replies[0].send("again");
  await kit.settle();
  assertEquals(settled, ["at once", "second", "first"]);
  assertEquals(kit.system.deadLetters.count("late_reply"), 1);
});

Deno.test("a deferred reply of an actor that ends fails: actor_stopped, or actor_crashed", async () => {
  await using kit = new Kit();
  for (const [last, code] of [[() => stop, "actor_stopped"], [crash, "actor_crashed"]] as const) {
    const ref = kit.system.spawn(puppet());
    let reply!: Reply;
    const settled = outcomes(ref.ask((ctx) => void (reply = ctx.defer())));
    await kit.settle();
    ref.tell(last);
    await kit.settle();
    assertEquals(settled, [code]);
    reply.send("nobody waits");
  }
  assertEquals(kit.system.deadLetters.count("late_reply"), 2);
});

Deno.test("a deferred ask that timed out is forgotten by the actor", async () => {
  await using kit = new Kit();
  const ref = kit.system.spawn(puppet());
  const settled = outcomes(ref.ask((ctx) => void ctx.defer(), { timeoutMs: 5 }));
  await kit.advance(5);
  ref.tell(() => stop);
  await kit.settle();
  assertEquals(settled, ["ask_timeout"]);
});

Deno.test("a reply to a message that nobody asked is a dead letter, no_asker; so is one after its handler", async () => {
  await using kit = new Kit();
  const ref = kit.system.spawn(puppet());
  ref.tell((ctx) => {
    ctx.reply("whom?");
    ctx.defer().send("whom?");
  });
  await kit.settle();
  assertEquals(kit.system.deadLetters.count("no_asker"), 2);
  const settled = outcomes(ref.ask((ctx) => void Promise.resolve().then(() => ctx.reply("not deferred"))));
  await kit.advance(5_000);
  assertEquals(settled, ["ask_timeout"]);
  assertEquals(kit.system.deadLetters.count("no_asker"), 3);
});

Deno.test("ctx.ask ends when its incarnation begins to stop", async () => {
  await using kit = new Kit();
  const mute = kit.system.spawn(puppet());
  let settled: unknown[] = [];
  const asker = kit.system.spawn(puppet());
  asker.tell((ctx) => {
    settled = outcomes(
      ctx.ask(mute, silent),
      ctx.ask(mute, silent, { signal: new AbortController().signal }),
    );
  });
  await kit.settle();
  assertEquals(settled, []);
  kit.system.stop(asker);
  await kit.settle();
  assertEquals(settled, ["aborted", "aborted"]);
  assertEquals(kit.clock.pending, 0);
});
