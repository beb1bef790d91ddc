import { System, type SystemOptions } from "../actors/system.ts";
import type { Random } from "../base/random.ts";
import { ProbeActor } from "./probe_actor.ts";
import type { VirtualClock } from "./virtual_clock.ts";
import { VirtualTime, type VirtualTimeOptions } from "./virtual_time.ts";

/** What a {@link Kit} takes. */
export interface KitOptions
  extends Omit<SystemOptions, "clock" | "random" | "scheduler">, VirtualTimeOptions {}

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
  readonly #time: VirtualTime;

  /** Makes a system that stands still. */
  constructor(options: KitOptions = {}) {
    const time = this.#time = new VirtualTime(options);
    const { clock, random, scheduler } = time;
    this.clock = clock;
    this.random = random;
    this.system = new System({ ...options, clock, random, scheduler });
  }

  /** An actor that remembers what it was told. */
  probe<M>(label?: string): ProbeActor<M> {
    return new ProbeActor<M>(this.system, label);
  }

  /**
   * Runs until nothing is ready, at the same instant: actors, commits, flushes, and the promises of async handlers.
   * Throws if it does not come to rest within `maxTurns` turns. Default: 100,000.
   */
  async settle(maxTurns?: number): Promise<void> {
    await this.#time.settle(maxTurns);
  }

  /** Gives the system one turn of the event loop: run, commit, flush. */
  turn(): void {
    this.#time.turn();
  }

  /** Lets `ms` milliseconds pass: runs every timer that falls due, in order, and settles after each. */
  async advance(ms: number): Promise<void> {
    await this.#time.advance(ms);
  }

  /** Stops the system. What does not stop by itself is cut off after its time-outs, in virtual time. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#time.passUntil(this.system.shutdown());
  }
}
