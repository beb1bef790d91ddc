import type { Clock } from "../base/clock.ts";

/**
 * Is told of a stretch of a drain that took too long. `runnable` ran last in it, with `carried`, and `steps` is how many
 * messages were handled in it: where that is 1, it is the one that took so long. MUST NOT throw. `R`: what runs.
 */
export type SlowReport<R> = (runnable: R, carried: unknown, tookMs: number, steps: number) => void;

/** How many quick drains in a row make a rush, in which one of so many is measured. */
const RUSH = 64, SAMPLE = 16;

/**
 * Times drains, by wall time, which costs half as much to read. In a rush, with several drains in a millisecond, that
 * would cost more than a hundredth of all, and only some are timed; the rush is over as soon as one of them comes late.
 */
export class SlowWatch<R> {
  readonly #clock: Clock;
  readonly #slowMs: number;
  readonly #report: SlowReport<R>;
  /** How many drains are not timed, before the next one that is. */
  #skip = 0;
  #quick = 0;
  #seenMs = 0;
  #seenSteps = 0;

  /** Reports stretches of `slowMs` or more. */
  constructor(clock: Clock, slowMs: number, report: SlowReport<R>) {
    this.#clock = clock;
    this.#slowMs = slowMs;
    this.#report = report;
  }

  /** A drain begins. Whether it is timed. */
  begin(): boolean {
    if (this.#skip > 0) {
      this.#skip--;
      return false;
    }
    const nowMs = this.#clock.now();
    this.#quick = nowMs - this.#seenMs <= 1 ? this.#quick + 1 : 0;
    if (this.#quick > RUSH) this.#skip = SAMPLE - 1;
    this.#seenMs = nowMs;
    this.#seenSteps = 0;
    return true;
  }

  /** `runnable` has run, the last of `steps` since the drain began. */
  look(runnable: R, carried: unknown, steps: number): void {
    const nowMs = this.#clock.now();
    const tookMs = nowMs - this.#seenMs;
    if (tookMs >= this.#slowMs) this.#report(runnable, carried, tookMs, steps - this.#seenSteps);
    this.#seenMs = nowMs;
    this.#seenSteps = steps;
  }

  /** The next drain is timed, whatever came before. A rush is a rush all the same, unless that one comes late. */
  wake(): void {
    this.#skip = 0;
  }
}
