import { type Clock, systemClock } from "../base/clock.ts";
import { TroupeError } from "../base/errors.ts";
import { Counters } from "../base/inspect.ts";
import { type Random, systemRandom } from "../base/random.ts";

/** What every log of ours takes: how many topics it keeps, and its ports. */
export interface LogOptions {
  /**
   * Of how many topics the history is kept. Default: 10,000. Beyond, the one that was appended to or asked for longest
   * ago is forgotten whole (`log.forgotten.topics`), but none that has members: where all have, a topic more is
   * refused with `log_topics_full` (`log.refused.topics`).
   */
  maxTopics?: number;
  /** Time, for what is trimmed by its age. Default: the machine's. */
  clock?: Clock;
  /** Where epochs come from. Default: the machine's randomness. */
  random?: Random;
  /** Where it is counted what is forgotten. Default: those of the app that uses it. */
  counters?: Counters;
}

/** Of how many topics a log keeps the history, if nobody says otherwise. */
export const MAX_TOPICS = 10_000;

/** The ports of a log. */
export class LogPorts {
  readonly clock: Clock;
  readonly random: Random;
  #counters: Counters;
  readonly #hasOwnCounters: boolean;

  constructor({ clock, random, counters }: LogOptions) {
    this.clock = clock ?? systemClock;
    this.random = random ?? systemRandom;
    this.#counters = counters ?? new Counters();
    this.#hasOwnCounters = counters !== undefined;
  }

  /** Counts something that happened. */
  count(name: string, times?: number): void {
    this.#counters.add(name, times);
  }

  /** See `Log.countIn`: nothing where the options have said where. */
  countIn(counters: Counters): void {
    if (this.#hasOwnCounters) return;
    for (const [name, count] of Object.entries(this.#counters.snapshot())) counters.add(name, count);
    this.#counters = counters;
  }
}

/** A bound of a log that keeps histories `where`. Throws `invalid_options` for less than `least`, or no whole number. */
export function logBound(where: string, name: string, value: number, least = 1): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new TroupeError(
    "invalid_options",
    `Cannot keep histories ${where}: at ${name}, ${value} came. Accepted: a whole number, ${least} or more`,
  );
}
