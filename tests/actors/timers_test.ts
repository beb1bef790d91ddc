import { actor, type ActorTimer, child, supervisor } from "@troupe/core/actors";
import { Kit } from "@troupe/core/testing";
import { assertEquals } from "@std/assert";
import { type Act, crash, Latch, puppet } from "./puppet.ts";
import { ActorTimers } from "../../src/actors/timers.ts";
import type { Clock } from "../../src/base/clock.ts";

Deno.test("after: the message comes once, after exactly that long", async () => {
  await using kit = new Kit();
  const atMs: number[] = [];
  const ref = kit.system.spawn(puppet());
  ref.tell((ctx) => ctx.after(100, () => atMs.push(kit.clock.elapsedMs())));
  await kit.advance(99);
  assertEquals(atMs, []);
  await kit.advance(1_000);
  assertEquals(atMs, [100]);
});

Deno.test("every: the message comes at each period, until it is cancelled", async () => {
  await using kit = new Kit();
  const atMs: number[] = [];
  let timer!: ActorTimer;
  kit.system.spawn(puppet()).tell((ctx) => {
    timer = ctx.every(100, () => atMs.push(kit.clock.elapsedMs()));
  });
  await kit.advance(350);
  timer.cancel();
  timer.cancel();
  await kit.advance(1_000);
  assertEquals([atMs, kit.clock.pending], [[100, 200, 300], 0]);
});

Deno.test("cancel forgets a timer that has not fired; one that has fired is not called back", async () => {
  await using kit = new Kit();
  let fired = 0;
  const timers: ActorTimer[] = [];
  kit.system.spawn(puppet()).tell((ctx) => {
    for (const delayMs of [10, 20]) timers.push(ctx.after(delayMs, () => fired++));
  });
  await kit.advance(10);
  timers.forEach((timer) => timer.cancel());
  await kit.advance(100);
  assertEquals(fired, 1);
});

Deno.test("timers are gone with the actor, and with the incarnation", async () => {
  await using kit = new Kit();
  const lives: number[] = [];
  let life = 0;
  kit.system.spawn(supervisor({
    children: [child({
      name: "it",
      behavior: puppet({
        init(ctx) {
          const mine = ++life;
          ctx.every(100, () => lives.push(mine));
          ctx.after(150, () => lives.push(mine));
          ctx.setReceiveTimeout(1_000);
          return null;
        },
      }),
    })],
  }));
  await kit.advance(120);
  kit.system.find<Act>("it")!.tell(crash);
  await kit.advance(150);
  assertEquals(lives, [1, 2, 2]);
  kit.system.stop(kit.system.find("it")!);
  await kit.settle();
  assertEquals(kit.clock.pending, 0);
});

Deno.test("timers armed while the actor stops are gone with it too", async () => {
  await using kit = new Kit();
  const ref = kit.system.spawn(puppet({
    stop(_state, _reason, ctx) {
      ctx.after(10, () => {});
      ctx.setReceiveTimeout(10);
    },
  }));
  await kit.settle();
  kit.system.stop(ref);
  await kit.settle();
  assertEquals(kit.clock.pending, 0);
});

Deno.test("a timer's message that finds the mailbox full is a dead letter", async () => {
  await using kit = new Kit();
  const latch = new Latch();
  const ref = kit.system.spawn(puppet({ mailbox: { capacity: 2 } }));
  ref.tell((ctx) => {
    ctx.every(10, () => {});
    return latch.promise;
  });
  await kit.advance(50);
  assertEquals(kit.system.deadLetters.count("overflow"), 3);
  latch.open();
});

Deno.test("the receive time-out comes exactly so long after the last message was handled, again and again", async () => {
  await using kit = new Kit();
  const atMs: number[] = [];
  const ref = kit.system.spawn(actor<string, null>({
    init: (ctx) => (ctx.setReceiveTimeout(100), null),
    receive: (state) => state,
    signal: (state, signal) => (signal.type === "receive_timeout" && atMs.push(kit.clock.elapsedMs()), state),
  }));
  await kit.advance(60);
  ref.tell("still there");
  await kit.advance(99);
  assertEquals(atMs, []);
  await kit.advance(1);
  assertEquals(atMs, [160]);
  await kit.advance(200);
  assertEquals(atMs, [160, 260, 360]);
});

Deno.test("the receive time-out does not count the time of a pending handler", async () => {
  await using kit = new Kit();
  const atMs: number[] = [];
  const latch = new Latch();
  const ref = kit.system.spawn(puppet({
    signal: (state) => (atMs.push(kit.clock.elapsedMs()), state),
  }));
  ref.tell((ctx) => {
    ctx.setReceiveTimeout(100);
    return latch.promise;
  });
  await kit.advance(250);
  latch.open();
  await kit.advance(99);
  assertEquals(atMs, []);
  await kit.advance(1);
  assertEquals(atMs, [350]);
});

Deno.test("setReceiveTimeout changes the time-out, and null ends it", async () => {
  await using kit = new Kit();
  const atMs: number[] = [];
  const ref = kit.system.spawn(puppet({
    init: (ctx) => (ctx.setReceiveTimeout(100), null),
    signal: (state) => (atMs.push(kit.clock.elapsedMs()), state),
  }));
  await kit.advance(100);
  ref.tell((ctx) => ctx.setReceiveTimeout(30));
  await kit.advance(30);
  ref.tell((ctx) => ctx.setReceiveTimeout(null));
  await kit.advance(1_000);
  assertEquals([atMs, kit.clock.pending], [[100, 130], 0]);
});

Deno.test("every keeps its grid when the clock's callback is late, and does not make up for missed ticks", () => {
  let nowMs = 0;
  const armed: { callback: () => void; delayMs: number }[] = [];
  const clock: Clock = {
    now: () => nowMs,
    elapsedMs: () => nowMs,
    setTimer: (callback, delayMs) => armed.push({ callback, delayMs }),
    clearTimer: () => {},
  };
  let ticks = 0;
  const timers = new ActorTimers({ clock, deliver: () => ticks++, receiveTimedOut: () => {} });
  timers.every(100, "tick");
  assertEquals(timers.size, 1);
  const fireAt = (atMs: number): number => {
    nowMs = atMs;
    armed.at(-1)!.callback();
    return nowMs + armed.at(-1)!.delayMs;
  };
  assertEquals(fireAt(100), 200);
  assertEquals(fireAt(230), 300);
  assertEquals(fireAt(620), 700); // 400, 500 and 600 are lost
  assertEquals(fireAt(699.9), 800); // some clocks are early
  assertEquals(ticks, 4);
});
