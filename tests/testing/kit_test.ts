import { actor } from "@troupe/core/actors";
import { Kit } from "@troupe/core/testing";
import { assertEquals, assertRejects } from "@std/assert";

const echo = actor<number, null>({ init: () => null, receive: (state, n, ctx) => (ctx.reply(n), state) });

Deno.test("nothing runs until the kit is told to settle", async () => {
  await using kit = new Kit();
  let ran = false;
  kit.system.spawn(actor<null, null>({ init: () => (ran = true, null), receive: (state) => state }));
  await Promise.resolve();
  assertEquals(ran, false);
  await kit.settle();
  assertEquals(ran, true);
});

Deno.test("settle waits for the promises of asynchronous handlers, at the same instant", async () => {
  await using kit = new Kit();
  const ref = kit.system.spawn(actor<number, null>({
    init: () => null,
    async receive(state, hops, ctx) {
      for (let i = 0; i < 20; i++) await null;
      if (hops > 0) ctx.self.tell(hops - 1);
      else done = true;
      return state;
    },
  }));
  let done = false;
  ref.tell(10);
  await kit.settle();
  assertEquals([done, kit.clock.elapsedMs()], [true, 0]);
});

Deno.test("settle says so when the actors never come to rest", async () => {
  const kit = new Kit({ scheduler: { maxSteps: 1 } });
  kit.system.spawn(actor<null, null>({
    init: (ctx) => (ctx.self.tell(null), null),
    receive(state, message, ctx) {
      ctx.self.tell(message);
      return state;
    },
  }));
  await assertRejects(() => kit.settle(500), Error, "did not come to rest within 500 turns");
});

Deno.test("advance runs every timer that falls due, in order, and settles after each", async () => {
  await using kit = new Kit();
  const seen: string[] = [];
  const ref = kit.system.spawn(actor<string, null>({
    init: () => null,
    async receive(state, message) {
      await null;
      seen.push(`${message} at ${kit.clock.elapsedMs()}`);
      return state;
    },
  }));
  kit.clock.setTimer(() => ref.tell("b"), 20);
  kit.clock.setTimer(() => ref.tell("a"), 10);
  await kit.advance(30);
  assertEquals([seen, kit.clock.elapsedMs()], [["a at 10", "b at 20"], 30]);
});

Deno.test("the kit's randomness is the system's, and its seed fixes it", () => {
  const ids = (seed: number) => new Kit({ seed }).system.random.uuid();
  assertEquals(ids(3), ids(3));
  assertEquals(ids(3) === ids(4), false);
});

Deno.test("disposing stops the system in virtual time, also when somebody never stops", async () => {
  const kit = new Kit();
  {
    await using own = kit;
    own.system.spawn(echo);
    own.system.spawn(actor<null, null>({
      init: () => null,
      receive: (state) => state,
      stop: () => new Promise<void>(() => {}),
    }));
    await own.settle();
  }
  assertEquals([kit.system.actorCount, kit.clock.pending], [0, 0]);
  assertEquals(kit.clock.elapsedMs() >= 5_000, true); // its stop time-out
});
