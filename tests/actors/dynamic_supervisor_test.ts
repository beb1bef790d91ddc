import {
  actor,
  child,
  DynamicSupervisor,
  type Spawner,
  stop,
  supervisor,
  TroupeError,
} from "@troupe/core/actors";
import { Kit } from "@troupe/core/testing";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Act, crash, diarist, NEVER, puppet } from "./puppet.ts";

Deno.test("starting a child is a plain call: its address works at once, its init runs in its own turn", async () => {
  await using kit = new Kit();
  const seen: string[] = [];
  const greeter = actor<string, string, string>({
    init: (_ctx, name) => (seen.push(`init ${name}`), name),
    receive: (name, greeting) => (seen.push(`${greeting} ${name}`), name),
  });
  const greeters = new DynamicSupervisor(kit.system, { child: greeter });
  greeters.start({ args: "Ada" }).tell("hello");
  assertEquals([seen, greeters.size], [[], 1]);
  await kit.settle();
  assertEquals(seen, ["init Ada", "hello Ada"]);
});

Deno.test("children are temporary by default: one that ends is gone, whatever the reason", async () => {
  await using kit = new Kit();
  const family = new DynamicSupervisor(kit.system, { child: puppet() });
  family.start().tell(crash);
  family.start().tell(() => stop);
  family.start();
  await kit.settle();
  assertEquals([family.size, kit.system.counters.get("actors.restarted")], [1, 0]);
});

Deno.test("a transient child is restarted with its args, alone", async () => {
  await using kit = new Kit();
  const inits: string[] = [];
  const named = actor<Act, string, string>({
    init: (_ctx, name) => (inits.push(name), name),
    receive: (name, act, ctx) => (act(ctx), name),
  });
  const family = new DynamicSupervisor(kit.system, { child: named, restart: "transient" });
  const [one] = [family.start({ args: "one" }), family.start({ args: "two" })];
  one.tell(crash);
  await kit.settle();
  assertEquals([inits, family.size], [["one", "two", "one"], 2]);
});

Deno.test("the number of children is bounded: too_many_children, retryable and counted", async () => {
  await using kit = new Kit();
  const family = new DynamicSupervisor(kit.system, { child: puppet(), maxChildren: 2 });
  const first = family.start();
  family.start();
  const error = assertThrows(() => family.start(), TroupeError);
  assert(error.code === "too_many_children" && error.retryable);
  assertEquals(kit.system.counters.get("supervisors.children_refused"), 1);
  kit.system.stop(first);
  await kit.settle();
  family.start();
});

Deno.test("a name that is taken throws name_taken, and starts nothing", async () => {
  await using kit = new Kit();
  const family = new DynamicSupervisor(kit.system, { child: puppet() });
  family.start({ name: "unique" });
  assertEquals(assertThrows(() => family.start({ name: "unique" }), TroupeError).code, "name_taken");
  assertEquals(family.size, 1);
});

Deno.test("after its end a dynamic supervisor refuses children: actor_stopped", async () => {
  await using kit = new Kit();
  const diary: string[] = [];
  const family = new DynamicSupervisor(kit.system, { child: diarist(diary, "child") });
  family.start();
  family.start();
  await kit.settle();
  kit.system.stop(family.ref);
  await kit.settle();
  const error = assertThrows(() => family.start(), TroupeError);
  assert(error.code === "actor_stopped" && !error.retryable);
  assertEquals(diary.filter((line) => line.includes("down")).length, 2);
});

Deno.test("more crashes than the intensity allows end the supervisor and all its children", async () => {
  await using kit = new Kit();
  const family = new DynamicSupervisor(kit.system, {
    child: puppet(),
    restart: "permanent",
    intensity: { restarts: 1, withinMs: 1_000 },
  });
  const ended = kit.system.ended(family.ref);
  const [one] = [family.start(), family.start()];
  one.tell(crash);
  one.tell(crash);
  await kit.settle();
  assertEquals([(await ended).kind, kit.system.actorCount], ["crashed", 1]);
});

Deno.test("an actor that owns one makes a new one when it is restarted, since the old one has ended with it", async () => {
  await using kit = new Kit();
  let family!: DynamicSupervisor<Act>;
  kit.system.spawn(supervisor({
    backoff: { minMs: 100, maxMs: 100, jitter: 0 },
    children: [child({
      behavior: puppet({
        init(ctx) {
          family = new DynamicSupervisor(ctx as Spawner, {
            child: puppet(),
            restart: "permanent",
            intensity: { restarts: 0 },
          });
          ctx.watch(family.ref);
          return null;
        },
        signal: () => {
          throw new Error("the family is gone");
        },
      }),
    })],
  }));
  await kit.settle();
  family.start().tell(crash);
  await kit.settle();
  assertThrows(() => family.start(), TroupeError, "stopped");
  await kit.advance(100);
  family.start();
  assertEquals(family.size, 1);
});

Deno.test("children that do not stop are cut off, each after its own time-out", async () => {
  await using kit = new Kit();
  const family = new DynamicSupervisor(kit.system, { child: puppet({ stop: () => NEVER }) });
  for (let i = 0; i < 3; i++) family.start({ stopTimeoutMs: 100 });
  await kit.settle();
  const ended = kit.system.stop(family.ref);
  await kit.advance(299);
  assertEquals(family.size, 1);
  await kit.advance(1);
  assertEquals((await ended).kind, "shutdown");
});
