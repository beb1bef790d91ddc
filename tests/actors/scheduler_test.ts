import { actor, Scheduler, System } from "@troupe/core/actors";
import { Kit, ManualTurns, seededRandom, VirtualClock } from "@troupe/core/testing";
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { NOTHING } from "../../src/actors/scheduler.ts";
import { puppet } from "./puppet.ts";

Deno.test("a turn has three phases: run, commit, flush", async () => {
  await using kit = new Kit();
  const phases: string[] = [];
  const { scheduler } = kit.system;
  kit.system.spawn(puppet()).tell(() => {
    scheduler.atFlush(() => phases.push("flush"));
    scheduler.atCommit(() => {
      phases.push("commit");
      scheduler.atFlush(() => phases.push("flush of the commit"));
    });
    phases.push("run");
  });
  kit.system.spawn(puppet()).tell(() => phases.push("run"));
  kit.turn();
  assertEquals(phases, ["run", "run", "commit", "flush", "flush of the commit"]);
});

Deno.test("a flush that goes on lets actors run in between, and holds commits and other flushes up until it is done", async () => {
  await using kit = new Kit();
  const order: string[] = [];
  const { scheduler } = kit.system;
  const part = (n: number) => (): void => {
    order.push(`part ${n}`);
    if (n < 3) scheduler.continueFlush(part(n + 1));
  };
  scheduler.atFlush(part(1));
  kit.turn();
  assertEquals([order, scheduler.idle], [["part 1"], false]);
  kit.system.spawn(puppet()).tell(() => {
    order.push("run");
    scheduler.atCommit(() => order.push("commit"));
    scheduler.atFlush(() => order.push("flush"));
  });
  kit.turn();
  assertEquals(order, ["part 1", "run", "part 2"]);
  kit.turn();
  assertEquals([order.slice(3), scheduler.idle], [["part 3", "commit", "flush"], true]);
});

Deno.test("Scheduler.committing is true in the commit phase alone, whatever is thrown in it", async () => {
  await using kit = new Kit();
  const { scheduler } = kit.system;
  const seen: boolean[] = [];
  const look = (): void => void seen.push(scheduler.committing);
  scheduler.atSettled(look);
  scheduler.atCommit(look);
  scheduler.atCommit(() => {
    throw new Error("a commit failed");
  });
  scheduler.atFlush(look);
  await kit.settle();
  assertEquals([seen, scheduler.committing], [[false, true, false], false]);
});

Deno.test("drain runs what is ready now; commit and flush wait for the turn", async () => {
  await using kit = new Kit();
  const phases: string[] = [];
  kit.system.scheduler.atCommit(() => phases.push("commit"));
  kit.system.spawn(puppet()).tell(() => phases.push("run"));
  kit.system.scheduler.drain();
  assertEquals(phases, ["run"]);
  kit.turn();
  assertEquals(phases, ["run", "commit"]);
});

Deno.test("what is asked for at the settling of a drain is done as soon as its actors have run", async () => {
  await using kit = new Kit();
  const order: string[] = [];
  const { scheduler } = kit.system;
  const told = kit.system.spawn(puppet());
  kit.system.spawn(puppet()).tell(() => {
    scheduler.atCommit(() => order.push("commit"));
    scheduler.atSettled(() => {
      order.push("settled");
      told.tell(() => order.push("told"));
    });
  });
  kit.system.spawn(puppet()).tell(() => order.push("run"));
  scheduler.drain();
  assertEquals(order, ["run", "settled"]);
  assertEquals(scheduler.idle, false);
  kit.turn();
  assertEquals(order, ["run", "settled", "told", "commit"]);
});

Deno.test("what is asked for outside of a drain is settled in the next one, which is asked for", async () => {
  await using kit = new Kit();
  const order: string[] = [];
  const { scheduler } = kit.system;
  scheduler.atSettled(() => {
    order.push("settled");
    scheduler.atSettled(() => order.push("again"));
  });
  await kit.settle();
  assertEquals(order, ["settled", "again"]);
  scheduler.enter();
  scheduler.atSettled(() => order.push("in I/O"));
  scheduler.drain();
  assertEquals([order.at(-1), scheduler.idle], ["in I/O", true]);
});

Deno.test("a drain inside a drain does nothing: a handler is not interrupted by others", async () => {
  await using kit = new Kit();
  const order: string[] = [];
  const other = kit.system.spawn(puppet());
  kit.system.spawn(puppet()).tell(() => {
    other.tell(() => order.push("other"));
    kit.system.scheduler.drain();
    order.push("still the first");
  });
  await kit.settle();
  assertEquals(order, ["still the first", "other"]);
});

Deno.test("a throw in a phase task is counted and logged, and does not stop the others", async () => {
  const lines: string[] = [];
  await using kit = new Kit({ logger: { log: (_level, message) => lines.push(message) } });
  const done: string[] = [];
  const { scheduler } = kit.system;
  for (const at of ["atSettled", "atCommit", "atFlush"] as const) {
    scheduler[at](() => {
      throw new Error("boom");
    });
    scheduler[at](() => done.push(at));
  }
  await kit.settle();
  assertEquals(done, ["atSettled", "atCommit", "atFlush"]);
  assertEquals([kit.system.counters.get("scheduler.faults"), lines.length], [3, 3]);
});

Deno.test("what a commit tells actors is handled in the next turn, before its commit", async () => {
  await using kit = new Kit();
  const order: string[] = [];
  const ref = kit.system.spawn(puppet());
  kit.system.scheduler.atCommit(() => {
    ref.tell(() => order.push("told"));
    kit.system.scheduler.atCommit(() => order.push("second commit"));
  });
  kit.turn();
  assertEquals(order, []);
  kit.turn();
  assertEquals(order, ["told", "second commit"]);
});

Deno.test("a drain yields after its budget of steps, and the rest goes on in the next turn", async () => {
  await using kit = new Kit({ scheduler: { maxSteps: 100 } });
  let handled = 0;
  for (let i = 0; i < 250; i++) kit.system.spawn(puppet()).tell(() => handled++);
  kit.turn(); // each actor takes two steps: its init, its message
  assertLessOrEqual(handled, 100);
  const first = handled;
  assert(first > 0);
  kit.turn();
  assert(handled > first && handled < 250);
  await kit.settle();
  assertEquals(handled, 250);
});

Deno.test("a drain yields after its budget of time, even when every handler is slow", async () => {
  await using kit = new Kit({ scheduler: { maxMs: 8 } });
  let handled = 0;
  for (let i = 0; i < 100; i++) {
    kit.system.spawn(puppet()).tell(() => {
      handled++;
      kit.clock.step(kit.clock.elapsedMs() + 1); // it took a millisecond
    });
  }
  kit.turn();
  assert(handled >= 8 && handled <= 16, `${handled}`);
});

Deno.test("the turn's commit and flush are not put off by a budget that is spent", async () => {
  await using kit = new Kit({ scheduler: { maxSteps: 1 } });
  let committed = false;
  for (let i = 0; i < 10; i++) kit.system.spawn(puppet()).tell(() => {});
  kit.system.scheduler.atCommit(() => committed = true);
  kit.turn();
  assertEquals([committed, kit.system.scheduler.ready > 0], [true, true]);
});

Deno.test("a flood at one actor delays another by no more than one run of 64 messages", async () => {
  await using kit = new Kit();
  let flood = 0;
  const flooded = kit.system.spawn(actor<null, null>({
    init: () => null,
    receive(state, _message, ctx) {
      flood++;
      if (flood < 10_000) ctx.self.tell(null); // it never runs dry
      return state;
    },
  }));
  await kit.settle();
  const gaps: number[] = [];
  let last = 0;
  const other = kit.system.spawn(actor<number, null>({
    init: () => null,
    receive(state, left, ctx) {
      gaps.push(flood - last);
      last = flood;
      if (left > 0) ctx.self.tell(left - 1);
      return state;
    },
  }));
  await kit.settle();
  for (let i = 0; i < 900; i++) flooded.tell(null);
  for (let i = 0; i < 50; i++) other.tell(0);
  await kit.settle();
  assertLessOrEqual(Math.max(...gaps), 64);
  assertEquals(gaps.length, 50);
});

Deno.test("a flooded actor and a thousand others: each of them has its turn in each lap", async () => {
  await using kit = new Kit();
  const order: number[] = [];
  const refs = Array.from(
    { length: 1_000 },
    (_, i) =>
      kit.system.spawn(actor<null, null>({ init: () => null, receive: (state) => (order.push(i), state) })),
  );
  await kit.settle();
  for (let i = 0; i < 500; i++) refs[0].tell(null);
  for (let i = 1; i < 1_000; i++) refs[i].tell(null);
  await kit.settle();
  assertEquals(order.slice(0, 64), new Array(64).fill(0));
  assertEquals(order.slice(64, 64 + 999), Array.from({ length: 999 }, (_, i) => i + 1));
  assertEquals(order.length, 500 + 999);
});

Deno.test("without shuffle actors run in the order in which they became ready; with it, as the seed says", async () => {
  const run = async (options: { seed?: number; shuffle?: boolean }): Promise<string> => {
    await using kit = new Kit(options);
    const order: number[] = [];
    for (let i = 0; i < 20; i++) kit.system.spawn(puppet()).tell(() => order.push(i));
    await kit.settle();
    return order.join();
  };
  assertEquals(await run({}), Array.from({ length: 20 }, (_, i) => i).join());
  const orders = new Set<string>();
  for (let seed = 0; seed < 20; seed++) {
    const order = await run({ seed, shuffle: true });
    assertEquals(order, await run({ seed, shuffle: true }));
    orders.add(order);
  }
  assertEquals(orders.size, 20);
});

Deno.test("the run queue grows and keeps its order, from any place in the ring", () => {
  const random = seededRandom(3);
  const turns = new ManualTurns();
  const scheduler = new Scheduler(new VirtualClock(), { turns });
  const seen: unknown[] = [];
  const runnable = { run: (carried: unknown) => (seen.push(carried), 1) };
  let sent = 0;
  for (let lap = 0; lap < 20; lap++) {
    for (let i = random.integer(200); i >= 0; i--) scheduler.schedule(runnable, sent++);
    scheduler.drain();
    assertEquals(scheduler.idle, true);
  }
  assertEquals(seen, Array.from({ length: sent }, (_, i) => i));
});

Deno.test("a turn is asked for once, however much becomes ready", () => {
  let requests = 0;
  const scheduler = new Scheduler(new VirtualClock(), { turns: { request: () => requests++ } });
  const runnable = { run: () => 1 };
  for (let i = 0; i < 3; i++) scheduler.schedule(runnable, NOTHING);
  scheduler.atCommit(() => {});
  scheduler.atFlush(() => {});
  assertEquals(requests, 1);
});

Deno.test("a runnable that throws against its contract leaves the scheduler usable", () => {
  const turns = new ManualTurns();
  const scheduler = new Scheduler(new VirtualClock(), { turns });
  let ran = 0;
  scheduler.schedule({
    run: () => {
      throw new Error("a fault of ours");
    },
  }, NOTHING);
  scheduler.schedule({ run: () => ++ran }, NOTHING);
  try {
    scheduler.drain();
  } catch { /* expected */ }
  turns.give();
  assertEquals([ran, scheduler.idle], [1, true]);
});

Deno.test("the real turns come by themselves", async () => {
  await using system = new System();
  const phases: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  system.scheduler.atFlush(() => {
    phases.push("flush");
    resolve();
  });
  system.spawn(puppet()).tell(() => phases.push("run"));
  await promise;
  assertEquals(phases, ["run", "flush"]);
});
