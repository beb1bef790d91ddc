import { child, type Signal, stop, supervisor } from "@troupe/core/actors";
import { Kit } from "@troupe/core/testing";
import { assertEquals } from "@std/assert";
import { unwatchFrom, watchFrom } from "../../src/actors/inside.ts";
import { type Act, crash, puppet } from "./puppet.ts";

/** An actor that writes down its signals. */
function watcher(kit: Kit, seen: Signal[]) {
  return kit.system.spawn(puppet({ signal: (state, signal) => (seen.push(signal), state) }));
}

Deno.test("a watcher gets terminated exactly once, with the address and the reason, however often it watches", async () => {
  for (let seed = 0; seed < 20; seed++) {
    await using kit = new Kit({ seed, shuffle: true });
    const seen: Signal[] = [];
    const watched = kit.system.spawn(puppet());
    const ref = watcher(kit, seen);
    ref.tell((ctx) => {
      ctx.watch(watched);
      ctx.watch(watched);
    });
    await kit.settle();
    watched.tell(() => stop);
    kit.system.stop(watched);
    await kit.settle();
    assertEquals(seen.length, 1);
    assertEquals(seen[0].type === "terminated" && seen[0].ref, watched);
  }
});

Deno.test("watching an actor that has ended tells at once, with the reason it ended for", async () => {
  await using kit = new Kit();
  const seen: Signal[] = [];
  const watched = kit.system.spawn(puppet());
  watched.tell(crash);
  await kit.settle();
  watcher(kit, seen).tell((ctx) => ctx.watch(watched));
  await kit.settle();
  assertEquals(seen.map((signal) => signal.type === "terminated" && signal.reason.kind), ["crashed"]);
  assertEquals((await kit.system.ended(watched)).kind, "crashed");
});

Deno.test("unwatch takes it back, also when the signal waits already", async () => {
  await using kit = new Kit();
  const seen: Signal[] = [];
  const [one, two] = [kit.system.spawn(puppet()), kit.system.spawn(puppet())];
  const ref = watcher(kit, seen);
  ref.tell((ctx) => {
    ctx.watch(one);
    ctx.unwatch(one);
    ctx.watch(two);
  });
  await kit.settle();
  kit.system.stop(one);
  await kit.settle();
  ref.tell(async (ctx) => {
    kit.system.stop(two);
    await new Promise((resolve) => kit.clock.setTimer(() => resolve(null), 10));
    ctx.unwatch(two); // it has ended meanwhile, and the signal waits for this handler
  });
  await kit.advance(10);
  assertEquals(seen, []);
});

Deno.test("a restart is not an end: watchers of a restarted child hear nothing until it ends for good", async () => {
  await using kit = new Kit();
  const seen: Signal[] = [];
  const family = kit.system.spawn(supervisor({
    backoff: { minMs: 100, maxMs: 100 },
    children: [child({ name: "it", behavior: puppet() })],
  }));
  await kit.settle();
  const it = kit.system.find<Act>("it")!;
  watcher(kit, seen).tell((ctx) => ctx.watch(it));
  it.tell(crash);
  await kit.advance(200);
  it.tell(crash);
  await kit.settle();
  assertEquals([seen, kit.system.tree().children[0].children[0].status], [[], "waiting"]);
  kit.system.stop(family);
  await kit.settle();
  assertEquals(seen.length, 1);
});

Deno.test("a new incarnation watches nobody: what the last one watched is forgotten", async () => {
  await using kit = new Kit();
  const seen: Signal[] = [];
  kit.system.spawn(supervisor({
    children: [
      child({ name: "it", behavior: puppet({ signal: (state, signal) => (seen.push(signal), state) }) }),
    ],
  }));
  await kit.settle();
  const watched = kit.system.spawn(puppet());
  const it = kit.system.find<Act>("it")!;
  it.tell((ctx) => ctx.watch(watched));
  it.tell(crash);
  await kit.settle();
  kit.system.stop(watched);
  await kit.settle();
  assertEquals(seen, []);
});

Deno.test("an actor that ends before those it watches leaves nothing behind", async () => {
  await using kit = new Kit();
  const seen: Signal[] = [];
  const watched = kit.system.spawn(puppet());
  const ref = watcher(kit, seen);
  ref.tell((ctx) => ctx.watch(watched));
  ref.tell(() => stop);
  await kit.settle();
  kit.system.stop(watched);
  await kit.settle();
  assertEquals([seen, kit.system.deadLetters.count()], [[], 0]);
});

Deno.test("an actor that watches itself ends in peace", async () => {
  await using kit = new Kit();
  const ref = kit.system.spawn(puppet());
  ref.tell((ctx) => ctx.watch(ctx.self));
  ref.tell(() => stop);
  await kit.settle();
  assertEquals(kit.system.actorCount, 1);
});

Deno.test("the engine's own layers can watch from outside, and take it back", async () => {
  await using kit = new Kit();
  const [one, two] = [kit.system.spawn(puppet()), kit.system.spawn(puppet())];
  const kinds: string[] = [];
  const note = { terminated: (_ref: unknown, reason: { kind: string }) => void kinds.push(reason.kind) };
  watchFrom(one, note);
  watchFrom(two, note);
  unwatchFrom(two, note);
  one.tell(() => stop);
  two.tell(() => stop);
  await kit.settle();
  assertEquals(kinds, ["normal"]);
});
