import { type Clock, systemClock, type TimerId } from "../../src/base/clock.ts";

/** The machine's clock, which counts the timers that wait. */
export class CountingClock implements Clock {
  readonly #pending = new Set<TimerId>();

  /** How many timers wait. */
  get pending(): number {
    return this.#pending.size;
  }

  now(): number {
    return systemClock.now();
  }

  elapsedMs(): number {
    return systemClock.elapsedMs();
  }

  setTimer(callback: () => void, delayMs: number): TimerId {
    const id = systemClock.setTimer(() => {
      this.#pending.delete(id);
      callback();
    }, delayMs);
    this.#pending.add(id);
    return id;
  }

  clearTimer(id: TimerId): void {
    this.#pending.delete(id);
    systemClock.clearTimer(id);
  }
}
