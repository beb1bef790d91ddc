/**
 * Random programs over a random tree: whatever happens to an actor, every message is handled once or is a dead letter
 * with a reason, every ask settles, and nothing is left when the system has shut down.
 *
 * @module
 */

import {
  child,
  type DeadLetter,
  DynamicSupervisor,
  type Overflow,
  type Ref,
  type Restart,
  stop,
  type Strategy,
  supervisor,
} from "@troupe/core/actors";
import { Kit } from "@troupe/core/testing";
import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { cutOff } from "../../src/actors/inside.ts";
import { type Act, puppet } from "./puppet.ts";

const OFTEN = [
  "plain",
  "plain",
  "crash",
  "async",
  "asyncCrash",
  "stash",
  "stash",
  "unstash",
  "self",
  "child",
  "timer",
] as const;
const SELDOM = ["stop", "stuck", "stopFrom", "cutOff"] as const;
const BETWEEN = ["turn", "turn", "turn", "advance", "ask"] as const;
const STEPS = [
  ...OFTEN,
  ...OFTEN,
  ...BETWEEN,
  ...BETWEEN,
  ...BETWEEN,
  ...OFTEN,
  ...BETWEEN,
  ...SELDOM,
] as const;
type Kind = Exclude<typeof OFTEN[number] | typeof SELDOM[number], "stopFrom" | "cutOff">;
const OVERFLOWS: Overflow<Act>[] = ["fail", "drop-newest", "drop-oldest", { conflate: (act) => act.length }];

const programs = fc.record({
  seed: fc.nat(1_000_000),
  strategy: fc.constantFrom<Strategy>("one-for-one", "one-for-all", "rest-for-one"),
  restarts: fc.constantFrom<Restart>("permanent", "permanent", "transient", "temporary"),
  overflow: fc.constantFrom(...OVERFLOWS),
  capacity: fc.integer({ min: 1, max: 10 }),
  backoffMs: fc.constantFrom(0, 50),
  initMs: fc.constantFrom(0, 0, 20),
  stopMs: fc.constantFrom(0, 0, 20, 500),
  steps: fc.array(fc.tuple(fc.constantFrom(...STEPS), fc.nat(7)), {
    minLength: 10,
    maxLength: 120,
    size: "max",
  }),
});
type Program = typeof programs extends fc.Arbitrary<infer T> ? T : never;

/** Runs one program and keeps the books. */
class Ledger {
  readonly kit: Kit;
  readonly refs: Ref<Act>[] = [];
  /** How often each message was handled, and how often it was a dead letter. */
  readonly fates = new Map<Act, { handled: number; lost: number }>();
  /** For each actor, the numbers of its handled messages that were never stashed, in order. */
  readonly orders = new Map<number, number[]>();
  sent = 0;
  asked = 0;
  settled = 0;
  ended = 0;
  readonly #program: Program;

  constructor(program: Program) {
    this.#program = program;
    this.kit = new Kit({ seed: program.seed, shuffle: true });
    this.#readLetters();
    this.#plant();
  }

  /** A message that is handled in the way of `kind`. */
  message(kind: Kind, to: number): Act {
    const number = ++this.sent;
    const fate = { handled: 0, lost: 0 };
    let stashed = false;
    const act: Act = (ctx) => {
      if (kind === "stash" && !stashed) {
        stashed = true;
        return ctx.stash();
      }
      fate.handled++;
      if (!stashed) this.orders.get(to)!.push(number);
      if (kind === "crash") throw new Error("boom");
      if (kind === "stop") return stop;
      if (kind === "async") return this.sleep(15);
      if (kind === "asyncCrash") return this.sleep(15).then(() => Promise.reject(new Error("boom")));
      if (kind === "stuck") return new Promise(() => {});
      if (kind === "unstash") ctx.unstash();
      if (kind === "self") { for (let i = 0; i < 2; i++) this.tell(ctx.self, "plain", to); }
      if (kind === "child") ctx.spawn(this.#behavior(), { stopTimeoutMs: 30 });
      if (kind === "timer") ctx.setReceiveTimeout(25);
      ctx.reply?.(number);
    };
    this.fates.set(act, fate);
    return act;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.kit.clock.setTimer(resolve, ms));
  }

  tell(ref: Ref<Act>, kind: Kind, to: number): void {
    try {
      ref.tell(this.message(kind, to));
    } catch { /* mailbox_full: it is a dead letter too */ }
  }

  async run(): Promise<void> {
    const { kit } = this;
    for (const [step, target] of this.#program.steps) {
      const to = target % this.refs.length;
      const ref = this.refs[to];
      if (step === "turn") kit.turn();
      else if (step === "advance") await kit.advance(target * 10);
      else if (step === "stopFrom") kit.system.stop(ref);
      else if (step === "cutOff") cutOff(ref);
      else if (step === "ask") this.#ask(ref, to);
      else this.tell(ref, step, to);
    }
    await kit.advance(1_000);
    let done = false;
    kit.system.shutdown({ deadlineMs: 5_000 }).then(() => done = true);
    while (!done) await kit.advance(100);
    await kit.advance(6_000); // asks and sleepers of ours
  }

  #ask(ref: Ref<Act>, to: number): void {
    this.asked++;
    ref.ask(this.message("plain", to)).then(() => this.settled++, () => this.settled++);
  }

  #readLetters(): void {
    const stream = this.kit.system.deadLetters.stream({ capacity: 10_000 });
    const read = async (): Promise<void> => {
      for await (const { reason, message } of stream as AsyncIterable<DeadLetter>) {
        const fate = this.fates.get(message as Act);
        if (fate !== undefined && reason !== "revoked") fate.lost++;
      }
    };
    read();
  }

  #behavior() {
    const { overflow, capacity, initMs, stopMs } = this.#program;
    return puppet({
      mailbox: { overflow, capacity },
      stashCapacity: 2,
      ...(initMs > 0 ? { init: () => this.sleep(initMs).then(() => null) } : {}),
      ...(stopMs > 0 ? { stop: () => this.sleep(stopMs) } : {}),
    });
  }

  #plant(): void {
    const { strategy, restarts, backoffMs } = this.#program;
    const { system } = this.kit;
    const options = {
      intensity: { restarts: 10, withinMs: 50 },
      ...(backoffMs > 0 ? { backoff: { minMs: backoffMs, maxMs: 100 } } : {}),
    };
    const members = (names: string[]) =>
      names.map((name) => child({ name, restart: restarts, stopTimeoutMs: 40, behavior: this.#behavior() }));
    const inner = supervisor({ ...options, children: members(["c", "d"]) });
    system.spawn(
      supervisor({ ...options, strategy, children: [...members(["a", "b"]), child({ behavior: inner })] }),
    );
    const crowd = new DynamicSupervisor(system, { ...options, child: this.#behavior(), restart: restarts });
    const loose = [crowd.start({ stopTimeoutMs: 40 }), crowd.start(), system.spawn(this.#behavior())];
    for (let turns = 0; turns < 20; turns++) system.scheduler.drain();
    for (const name of ["a", "b", "c", "d"]) {
      const ref = system.find<Act>(name); // those behind an asynchronous init are not there yet
      if (ref !== undefined) loose.push(ref);
    }
    for (const [i, ref] of loose.entries()) {
      this.refs.push(ref);
      this.orders.set(i, []);
      system.ended(ref).then(() => this.ended++);
    }
  }
}

Deno.test("random programs: each message is handled once or is one dead letter; nothing is left at the end", async () => {
  await fc.assert(
    fc.asyncProperty(programs, async (program) => {
      const ledger = new Ledger(program);
      await ledger.run();
      const { kit, fates, orders } = ledger;
      const wrong = [...fates.values()].filter(({ handled, lost }) => handled + lost !== 1);
      assertEquals(wrong, [], "each message has one fate");
      assertEquals(ledger.settled, ledger.asked, "each ask settles");
      assertEquals(ledger.ended, ledger.refs.length, "each end is told once");
      for (const order of orders.values()) {
        assertEquals(order, order.toSorted((a, b) => a - b), "in the order of sending");
      }
      assertEquals(kit.system.actorCount, 0, "no actor is left");
      assertEquals(kit.clock.pending, 0, "no timer is left");
      assertEquals([kit.system.scheduler.idle, kit.system.find("a")], [true, undefined]);
      assertEquals(kit.system.counters.get("scheduler.faults"), 0);
    }),
    { numRuns: 300 },
  );
});

Deno.test("the same program and seed give the same run", async () => {
  const outcome = async (program: Program): Promise<unknown> => {
    const ledger = new Ledger(program);
    await ledger.run();
    return [[...ledger.fates.values()], [...ledger.orders], ledger.kit.system.counters.snapshot()];
  };
  await fc.assert(
    fc.asyncProperty(
      programs,
      async (program) => assertEquals(await outcome(program), await outcome(program)),
    ),
    { numRuns: 30 },
  );
});
