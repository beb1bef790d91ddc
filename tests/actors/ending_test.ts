import { child, type Ref, supervisor } from "@troupe/core/actors";
import { Kit } from "@troupe/core/testing";
import { assertEquals } from "@std/assert";
import { cutOff } from "../../src/actors/inside.ts";
import { type Act, crash, diarist, NEVER, puppet } from "./puppet.ts";

/** Writes down at what time, in milliseconds, something happened. */
function clockedDiary(kit: Kit): { push: (line: string) => number; lines: string[] } {
  const lines: string[] = [];
  return { lines, push: (line) => lines.push(`${kit.clock.elapsedMs()}: ${line}`) };
}

Deno.test("a stop hook that never settles is cut off after the actor's stop time-out, 5 s by default", async () => {
  await using kit = new Kit();
  for (const [stopTimeoutMs, atMs] of [[undefined, 5_000], [70, 70]]) {
    const ref = kit.system.spawn(puppet({ stop: () => NEVER }), { stopTimeoutMs });
    await kit.settle();
    const reasons: string[] = [];
    kit.system.stop(ref).then((reason) => reasons.push(reason.kind));
    await kit.advance(atMs! - 1);
    assertEquals(reasons, []);
    await kit.advance(1);
    assertEquals(reasons, ["aborted"]);
  }
  assertEquals(kit.system.counters.get("actors.aborted"), 2);
  assertEquals(kit.clock.pending, 0);
});

Deno.test("a handler that never settles is cut off after the stop time-out, without the stop hook", async () => {
  await using kit = new Kit();
  const diary: string[] = [];
  const ref = kit.system.spawn(diarist(diary, "it"), { stopTimeoutMs: 100 });
  ref.tell((ctx) => {
    ctx.spawn(diarist(diary, "child"));
    return NEVER;
  });
  await kit.settle();
  const ended = kit.system.stop(ref);
  await kit.advance(99);
  assertEquals(diary, ["it up", "child up"]);
  await kit.advance(1);
  assertEquals(diary, ["it up", "child up", "child down (shutdown)"]); // its child is not to suffer
  assertEquals(await ended, { kind: "aborted" });
});

Deno.test("a pending handler and the stop hook share one stop time-out", async () => {
  await using kit = new Kit();
  const diary = clockedDiary(kit);
  const ref = kit.system.spawn(puppet({ stop: () => NEVER }), { stopTimeoutMs: 100 });
  ref.tell(() => new Promise((resolve) => kit.clock.setTimer(() => resolve(null), 60)));
  await kit.settle();
  kit.system.stop(ref).then((reason) => diary.push(reason.kind));
  await kit.advance(1_000);
  assertEquals(diary.lines, ["100: aborted"]);
});

Deno.test("children stop in reverse order, each with a time-out of its own; then it is cut off", async () => {
  await using kit = new Kit();
  const diary = clockedDiary(kit);
  const hooks = { a: () => {}, b: () => NEVER, c: () => NEVER, d: () => {} };
  const family = kit.system.spawn(
    supervisor({
      children: Object.entries(hooks).map(([name, hook], i) =>
        child({
          name,
          stopTimeoutMs: i * 100,
          behavior: puppet({ stop: () => (diary.push(`${name} stops`), hook()) as void }),
        })
      ),
    }),
    { stopTimeoutMs: 1 },
  );
  await kit.settle();
  for (const name of Object.keys(hooks)) {
    kit.system.ended(kit.system.find(name)!).then((reason) => diary.push(`${name} ${reason.kind}`));
  }
  kit.system.stop(family).then((reason) => diary.push(`family ${reason.kind}`));
  await kit.advance(1_000);
  assertEquals(diary.lines, [
    "0: d stops",
    "0: c stops",
    "0: d shutdown",
    "200: b stops",
    "200: c aborted",
    "300: a stops",
    "300: b aborted",
    "300: a shutdown",
    "300: family shutdown",
  ]);
});

Deno.test("a crashed child whose stop hook never settles is cut off and then restarted", async () => {
  await using kit = new Kit();
  const diary = clockedDiary(kit);
  kit.system.spawn(supervisor({
    children: [child({
      name: "it",
      stopTimeoutMs: 30,
      behavior: puppet({ init: () => (diary.push("up"), null), stop: () => NEVER }),
    })],
  }));
  await kit.settle();
  kit.system.find<Act>("it")!.tell(crash);
  await kit.advance(100);
  assertEquals(diary.lines, ["0: up", "30: up"]);
});

Deno.test("an actor that is cut off while it stops runs no more stop hooks, of its own or below it", async () => {
  await using kit = new Kit();
  const diary: string[] = [];
  const parent = kit.system.spawn(diarist(diary, "parent"));
  parent.tell((ctx) => {
    ctx.spawn(diarist(diary, "first"));
    ctx.spawn(diarist(diary, "second", { stop: () => NEVER }));
  });
  await kit.settle();
  const ended = kit.system.stop(parent);
  await kit.settle(); // it waits for the second
  cutOff(parent);
  await kit.settle();
  assertEquals(await ended, { kind: "aborted" });
  assertEquals(diary, ["parent up", "first up", "second up"]);
  assertEquals([kit.system.actorCount, kit.clock.pending], [1, 0]);
});

Deno.test("an actor that is cut off in the middle of its own message is gone when that message ends", async () => {
  await using kit = new Kit();
  const diary: string[] = [];
  const ref: Ref<Act> = kit.system.spawn(diarist(diary, "it"));
  ref.tell(() => {
    cutOff(ref);
    diary.push("still in the handler");
    throw new Error("too late to matter");
  });
  ref.tell(() => diary.push("never"));
  await kit.settle();
  assertEquals(diary, ["it up", "still in the handler"]);
  assertEquals(kit.system.counters.get("actors.crashed"), 0);
  assertEquals(kit.system.actorCount, 1);
});

Deno.test("asked to stop while it crashes, a permanent child ends for good", async () => {
  await using kit = new Kit();
  const diary: string[] = [];
  kit.system.spawn(supervisor({ children: [child({ name: "it", behavior: diarist(diary, "it") })] }));
  await kit.settle();
  kit.system.find<Act>("it")!.tell((ctx) => {
    ctx.stop();
    throw new Error("boom");
  });
  await kit.settle();
  assertEquals(diary, ["it up", "it down (crashed)"]);
  assertEquals(kit.system.find("it"), undefined);
});

Deno.test("a child that is cut off by its own stop hook is gone, and not restarted", async () => {
  await using kit = new Kit();
  let inits = 0;
  kit.system.spawn(supervisor({
    children: [child({
      name: "it",
      behavior: puppet({
        init: () => (inits++, null),
        stop: (_state, _reason, ctx) => cutOff(ctx.self),
      }),
    })],
  }));
  await kit.settle();
  kit.system.find<Act>("it")!.tell(crash);
  await kit.settle();
  assertEquals([inits, kit.system.find("it"), kit.system.actorCount], [1, undefined, 2]);
});

Deno.test("a parent that a child's stop hook cuts off ends once, and everything below it", async () => {
  await using kit = new Kit();
  const diary: string[] = [];
  const parent = kit.system.spawn(diarist(diary, "parent"));
  parent.tell((ctx) => {
    ctx.spawn(diarist(diary, "first"));
    ctx.spawn(diarist(diary, "second", { stop: () => cutOff(ctx.self) }));
  });
  await kit.settle();
  const ended = kit.system.stop(parent);
  await kit.settle();
  assertEquals(await ended, { kind: "aborted" });
  assertEquals([diary, kit.system.actorCount], [["parent up", "first up", "second up"], 1]);
});
