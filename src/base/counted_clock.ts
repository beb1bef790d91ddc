import type { Clock, TimerId } from "./clock.ts";

/** A clock that counts the timers that wait at it: what is left over shows. */
export class CountedClock implements Clock {
  readonly #clock: Clock;
  readonly #pending = new Set<TimerId>();

  /** Keeps the time of `clock`. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many timers wait. */
  get pending(): number {
    return this.#pending.size;
  }

  now(): number {
    return this.#clock.now();
  }

  elapsedMs(): number {
    return this.#clock.elapsedMs();
  }

  setTimer(callback: () => void, delayMs: number): TimerId {
    const id = this.#clock.setTimer(() => {
      this.#pending.delete(id);
      callback();
    }, delayMs);
    this.#pending.add(id);
    return id;
  }

  clearTimer(id: TimerId): void {
    this.#pending.delete(id);
    this.#clock.clearTimer(id);
  }
}
