import { immediateTurns } from "../actors/scheduler.ts";
import { System, type SystemOptions } from "../actors/system.ts";
import { type Random, seededRandom } from "../base/random.ts";
import { ManualTurns } from "./manual_turns.ts";
import { ProbeActor } from "./probe_actor.ts";
import { VirtualClock } from "./virtual_clock.ts";

/** What a {@link Kit} takes. */
export interface KitOptions extends Omit<SystemOptions, "clock" | "random" | "scheduler"> {
  /** Fixes ids, jitter and, with `shuffle`, the order in which ready actors run. Default: 1. */
  seed?: number;
  /** Whether ready actors run in a random order that the seed fixes, to look for races. Default: `false`. */
  shuffle?: boolean;
  /** How drains are bounded. */
  scheduler?: { maxSteps?: number; maxMs?: number };
}

/** More turns than this in a row without coming to rest means that the actors never will. */
const MAX_TURNS = 100_000;

/**
 * A system under a virtual clock: nothing moves until the test says so, and the same seed gives the same run.
 *
 * @example
 * ```ts
 * import { actor } from "@troupe/core/actors";
 * import { Kit } from "@troupe/core/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using kit = new Kit();
 * const probe = kit.probe<string>();
 * kit.system.spawn(actor<string, null>({
 *   init(ctx) {
 *     ctx.after(60_000, "late");
 *     return null;
 *   },
 *   receive(state, message) {
 *     probe.ref.tell(message);
 *     return state;
 *   },
 * }));
 * await kit.advance(60_000);
 * assertEquals(probe.take(), ["late"]);
 * ```
 */
export class Kit {
  /** The system. */
  readonly system: System;
  /** Its clock. */
  readonly clock: VirtualClock;
  /** Its randomness. */
  readonly random: Random;
  readonly #turns = new ManualTurns();

  /** Makes a system that stands still. */
  constructor(options: KitOptions = {}) {
    const seed = options.seed ?? 1;
    this.clock = new VirtualClock();
    this.random = seededRandom(seed);
    this.system = new System({
      ...options,
      clock: this.clock,
      random: this.random,
      scheduler: {
        ...options.scheduler,
        turns: this.#turns,
        ...(options.shuffle ? { order: seededRandom(seed ^ 0x5f5f_5f5f) } : {}),
      },
    });
  }

  /** An actor that remembers what it was told. */
  probe<M>(label?: string): ProbeActor<M> {
    return new ProbeActor<M>(this.system, label);
  }

  /**
   * Runs until nothing is ready, at the same instant: actors, commits, flushes, and the promises of async handlers.
   * Throws if it does not come to rest within `maxTurns` turns. Default: 100,000.
   */
  async settle(maxTurns = MAX_TURNS): Promise<void> {
    for (let turns = 0; turns < maxTurns; turns++) {
      this.#turns.give();
      await new Promise<void>((resolve) => immediateTurns.request(resolve)); // lets all promise reactions run
      if (!this.#turns.requested) return;
    }
    throw new Error(`The actors did not come to rest within ${maxTurns} turns`);
  }

  /** Gives the system one turn of the event loop: run, commit, flush. */
  turn(): void {
    this.#turns.give();
  }

  /** Lets `ms` milliseconds pass: runs every timer that falls due, in order, and settles after each. */
  async advance(ms: number): Promise<void> {
    await this.settle();
    const untilMs = this.clock.elapsedMs() + ms;
    while (this.clock.step(untilMs)) await this.settle();
    await this.settle();
  }

  /** Stops the system. What does not stop by itself is cut off after its time-outs, in virtual time. */
  async [Symbol.asyncDispose](): Promise<void> {
    let done = false;
    const ended = this.system.shutdown().then(() => done = true);
    await this.settle();
    while (!done) await this.advance(1_000);
    await ended;
  }
}
