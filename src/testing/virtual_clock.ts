import type { Clock, TimerId } from "../base/clock.ts";

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/**
 * A clock that stands still until it is told to move. Timers run in the order in which they are due, and those due at
 * the same instant in the order in which they were set.
 */
export class VirtualClock implements Clock {
  readonly #startMs: number;
  #elapsedMs = 0;
  #lastOrder = 0;
  readonly #timers = new Set<Timer>();

  /** Starts at `startMs` since the Unix epoch. Default: 2026-01-01T00:00:00Z. */
  constructor(startMs = 1_767_225_600_000) {
    this.#startMs = startMs;
  }

  /** Wall time, in milliseconds since the Unix epoch. */
  now(): number {
    return this.#startMs + this.#elapsedMs;
  }

  /** Milliseconds since the clock was made. */
  elapsedMs(): number {
    return this.#elapsedMs;
  }

  /** How many timers wait. */
  get pending(): number {
    return this.#timers.size;
  }

  /** When the next timer is due, in milliseconds since the clock was made; `null` if none waits. */
  get nextDueMs(): number | null {
    return this.#next()?.dueMs ?? null;
  }

  /** Sets a timer. */
  setTimer(callback: () => void, delayMs: number): TimerId {
    const timer: Timer = {
      dueMs: this.#elapsedMs + Math.max(delayMs, 0),
      order: ++this.#lastOrder,
      callback,
    };
    this.#timers.add(timer);
    return timer;
  }

  /** Forgets a timer. */
  clearTimer(id: TimerId): void {
    this.#timers.delete(id as Timer);
  }

  /**
   * Moves to the next timer that is due by `untilMs` (since the clock was made) and runs it; without one, moves to
   * `untilMs` and answers `false`.
   */
  step(untilMs: number): boolean {
    const timer = this.#next();
    if (timer === null || timer.dueMs > untilMs) {
      this.#elapsedMs = Math.max(this.#elapsedMs, untilMs);
      return false;
    }
    this.#timers.delete(timer);
    this.#elapsedMs = Math.max(this.#elapsedMs, timer.dueMs);
    timer.callback();
    return true;
  }

  #next(): Timer | null {
    let next: Timer | null = null;
    for (const timer of this.#timers) {
      if (next === null || timer.dueMs < next.dueMs) next = timer; // a Set is in the order of setting
    }
    return next;
  }
}
