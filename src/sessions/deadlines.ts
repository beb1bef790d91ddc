import type { Clock, TimerId } from "../base/clock.ts";
import { type Deadline, DeadlineHeap } from "./deadline_heap.ts";

/**
 * The longest wait between two looks at the wall clock, in milliseconds: a clock that was set forward is noticed that
 * late at the most. It also keeps instants that are years away within what a platform's timers can hold.
 */
const LONGEST_WAIT_MS = 30_000;

/** How many deadlines are met in a row before the event loop gets its turn. */
const AT_A_TIME = 1_000;

/**
 * Meets deadlines, with one timer for all of them. They are instants of the wall clock, as an expiry is, so that they
 * move with it when it is set: never early by that clock, and late by {@link LONGEST_WAIT_MS} at the most when it
 * jumps ahead. Adding and taking out cost a few steps of a heap.
 */
export class Deadlines<D extends Deadline> {
  readonly #clock: Clock;
  readonly #meet: (deadline: D) => void;
  readonly #now: () => number;
  readonly #heap = new DeadlineHeap<D>();
  #timer: TimerId | null = null;
  /** When the timer fires, as far as the wall clock could tell when it was set. */
  #timerAtMs = 0;

  /**
   * `meet` is called with each that is due, and no longer kept then. It MUST NOT throw; it may add and take out. `now`:
   * what the deadlines are instants of. Default: the wall clock.
   */
  constructor(clock: Clock, meet: (deadline: D) => void, now: () => number = () => clock.now()) {
    this.#clock = clock;
    this.#meet = meet;
    this.#now = now;
  }

  /** How many are kept. */
  get size(): number {
    return this.#heap.size;
  }

  /** Keeps `deadline`; one that is past is met soon, not now. */
  add(deadline: D): void {
    this.#heap.add(deadline);
    if (this.#timer === null || deadline.atMs < this.#timerAtMs) this.#setTimer(LONGEST_WAIT_MS);
  }

  /** Forgets `deadline`. */
  delete(deadline: D): void {
    this.#heap.delete(deadline);
    if (this.#heap.size === 0) this.#clearTimer();
  }

  /** Sets the timer for the earliest, `atMostMs` from now. */
  #setTimer(atMostMs: number): void {
    this.#clearTimer();
    const { first } = this.#heap;
    if (first === undefined) return;
    const nowMs = this.#now();
    const delayMs = Math.min(Math.max(first.atMs - nowMs, 0), atMostMs);
    this.#timerAtMs = nowMs + delayMs;
    this.#timer = this.#clock.setTimer(this.#look, delayMs);
  }

  #clearTimer(): void {
    if (this.#timer === null) return;
    this.#clock.clearTimer(this.#timer);
    this.#timer = null;
  }

  readonly #look = (): void => {
    this.#timer = null;
    const nowMs = this.#now();
    let met = 0;
    for (let { first } = this.#heap; first !== undefined && first.atMs <= nowMs; first = this.#heap.first) {
      if (++met > AT_A_TIME) return this.#setTimer(0);
      this.#heap.delete(first);
      this.#meet(first);
    }
    this.#setTimer(LONGEST_WAIT_MS);
  };
}
