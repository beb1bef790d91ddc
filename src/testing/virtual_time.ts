import { immediateTurns, type SchedulerOptions } from "../actors/scheduler.ts";
import { type Random, seededRandom } from "../base/random.ts";
import { ManualTurns } from "./manual_turns.ts";
import { VirtualClock } from "./virtual_clock.ts";

/** What a run under virtual time is fixed by. */
export interface VirtualTimeOptions {
  /** Fixes ids, jitter and, with `shuffle`, the order in which ready actors run. Default: 1. */
  seed?: number;
  /** Whether ready actors run in a random order that the seed fixes, to look for races. Default: `false`. */
  shuffle?: boolean;
  /** How drains are bounded. */
  scheduler?: { maxSteps?: number; maxMs?: number };
}

/** More turns than this in a row without coming to rest means that the actors never will. */
const MAX_TURNS = 100_000;

/** Time, turns and randomness of one run, all in the test's hand: what `Kit` and `AppKit` have in common. */
export class VirtualTime {
  readonly clock = new VirtualClock();
  readonly random: Random;
  /** What the system under test schedules with. */
  readonly scheduler: Omit<SchedulerOptions, "onFault">;
  readonly #turns = new ManualTurns();

  constructor({ seed = 1, shuffle = false, scheduler }: VirtualTimeOptions) {
    this.random = seededRandom(seed);
    this.scheduler = {
      ...scheduler,
      turns: this.#turns,
      ...(shuffle && { order: seededRandom(seed ^ 0x5f5f_5f5f) }),
    };
  }

  /** One turn of the event loop: run, commit, flush. */
  turn(): void {
    this.#turns.give();
  }

  /** Runs until nothing is ready, the promises of async handlers included. Throws if that takes over `maxTurns` turns. */
  async settle(maxTurns = MAX_TURNS): Promise<void> {
    for (let turns = 0; turns < maxTurns; turns++) {
      this.#turns.give();
      await new Promise<void>((resolve) => immediateTurns.request(resolve)); // lets all promise reactions run
      if (!this.#turns.requested) return;
    }
    throw new Error(`The actors did not come to rest within ${maxTurns} turns`);
  }

  /** Lets `ms` milliseconds pass: runs every timer that falls due, in order, and settles after each. */
  async advance(ms: number): Promise<void> {
    await this.settle();
    const untilMs = this.clock.elapsedMs() + ms;
    while (this.clock.step(untilMs)) await this.settle();
    await this.settle();
  }

  /** Lets as much time pass as `work` needs. */
  async passUntil(work: Promise<unknown>): Promise<void> {
    let done = false;
    const ended = work.then(() => done = true);
    await this.settle();
    while (!done) await this.advance(1_000);
    await ended;
  }
}
