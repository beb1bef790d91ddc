import { immediateTurns, type SchedulerOptions } from "../actors/scheduler.ts";
import { systemClock } from "../base/clock.ts";
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

/** How long something may take to come. */
export interface WaitOptions {
  /** How much virtual time may pass until it is there, in milliseconds. Default: 0, it has to come at this instant. */
  withinMs?: number;
  /**
   * How long to wait in real time, in milliseconds, where a handler does I/O of its own (a database, a file, a
   * signature): no virtual clock knows of that.
   */
  patienceMs?: number;
}

/** More turns than this in a row without coming to rest means that the actors never will. */
const MAX_TURNS = 100_000;

/** Time, turns and randomness of one run, all in the test's hand: what the kits have in common. */
export class VirtualTime {
  readonly clock: VirtualClock = new VirtualClock();
  readonly random: Random;
  /** What the system under test schedules with. */
  readonly scheduler: Omit<SchedulerOptions, "onFault">;
  /** Is told that nothing is ready any more; says whether it has found something to go on with. */
  onRest: () => boolean = () => false;
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
      if (!this.#turns.requested && !this.onRest()) return;
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

  /** Waits until `isThere`, no longer than it may take; at rest either way. Says whether it is. */
  async waitFor(isThere: () => boolean, { withinMs = 0, patienceMs = 0 }: WaitOptions): Promise<boolean> {
    await this.settle();
    const untilMs = this.clock.elapsedMs() + withinMs;
    while (!isThere() && this.clock.step(untilMs)) await this.settle();
    const endMs = systemClock.elapsedMs() + patienceMs;
    while (!isThere() && systemClock.elapsedMs() < endMs) {
      await new Promise<void>((resolve) => systemClock.setTimer(resolve, 1));
      await this.settle();
    }
    return isThere();
  }
}
