import {
  child,
  DynamicSupervisor,
  supervisor,
  type SupervisorOptions,
  TroupeError,
} from "@troupe/core/actors";
import { Kit } from "@troupe/core/testing";
import { assertEquals, assertThrows } from "@std/assert";
import { diarist, puppet } from "./puppet.ts";

Deno.test("restart options that cannot be meant are refused at once: bad_supervisor", async () => {
  await using kit = new Kit();
  const bad: Partial<SupervisorOptions>[] = [
    { intensity: { restarts: -1 } },
    { intensity: { withinMs: 0 } },
    { intensity: { restarts: NaN } },
    { backoff: { minMs: -1, maxMs: 1 } },
    { backoff: { minMs: 10, maxMs: 9 } },
    { backoff: { minMs: 1, maxMs: 2, factor: 0.5 } },
    { backoff: { minMs: 1, maxMs: 2, jitter: -0.1 } },
    { backoff: { minMs: 1, maxMs: 2, jitter: 1.1 } },
    { backoff: { minMs: 1, maxMs: 2, resetMs: NaN } },
  ];
  for (const options of bad) {
    for (
      const make of [
        () => supervisor({ ...options, children: [] }),
        () => new DynamicSupervisor(kit.system, { ...options, child: puppet() }),
      ]
    ) assertEquals(assertThrows(make, TroupeError).code, "bad_supervisor", JSON.stringify(options));
  }
  assertEquals(kit.system.actorCount, 1);
});

Deno.test("a supervisor value can be run several times, each with children of its own", async () => {
  await using kit = new Kit();
  const diary: string[] = [];
  const pair = supervisor({
    children: ["a", "b"].map((label) => child({ behavior: diarist(diary, label), label })),
  });
  const [one] = [kit.system.spawn(pair), kit.system.spawn(pair)];
  await kit.settle();
  kit.system.stop(one);
  await kit.settle();
  assertEquals(diary.slice(-2), ["b down (shutdown)", "a down (shutdown)"]);
  assertEquals(kit.system.tree().children.map((each) => each.children.length), [2]);
});

Deno.test("a supervisor takes no messages of its own: they change nothing", async () => {
  await using kit = new Kit();
  const ref = kit.system.spawn(supervisor({ children: [] }));
  ref.tell("anything" as never);
  await kit.settle();
  assertEquals(kit.system.tree().children[0].status, "running");
});
