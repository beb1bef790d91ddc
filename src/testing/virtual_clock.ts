import type { Clock, TimerId } from "../base/clock.ts";

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
  cancelled: boolean;
}

/**
 * A clock that stands still until it is told to move. Timers run in the order in which they are due, and those due at
 * the same instant in the order in which they were set.
 *
 * @example
 * ```ts
 * import { VirtualClock } from "@troupe/core/testing";
 * import { assertEquals } from "@std/assert";
 *
 * const clock = new VirtualClock(0);
 * const rung: number[] = [];
 * clock.setTimer(() => rung.push(clock.now()), 60_000);
 * while (clock.step(3_600_000));
 * assertEquals(rung, [60_000]);
 * assertEquals(clock.now(), 3_600_000);
 * ```
 */
export class VirtualClock implements Clock {
  readonly #startMs: number;
  #elapsedMs = 0;
  #lastOrder = 0;
  #pending = 0;
  /** A binary heap: each timer is due no later than the two below it. Cancelled ones stay until they come to the top. */
  #heap: Timer[] = [];

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
    return this.#pending;
  }

  /** When the next timer is due, in milliseconds since the clock was made; `null` if none waits. */
  get nextDueMs(): number | null {
    return this.#next()?.dueMs ?? null;
  }

  /** Sets a timer. */
  setTimer(callback: () => void, delayMs: number): TimerId {
    const dueMs = this.#elapsedMs + Math.max(delayMs, 0);
    const timer: Timer = { dueMs, order: ++this.#lastOrder, callback, cancelled: false };
    this.#heap.push(timer);
    this.#rise(this.#heap.length - 1);
    this.#pending++;
    return timer;
  }

  /** Forgets a timer. */
  clearTimer(id: TimerId): void {
    const timer = id as Timer;
    if (timer.cancelled) return;
    timer.cancelled = true;
    this.#pending--;
    if (this.#heap.length > 64 + 4 * this.#pending) {
      this.#heap = this.#heap.filter((each) => !each.cancelled).sort((a, b) => isBefore(a, b) ? -1 : 1); // a heap too
    }
  }

  /**
   * Moves to the next timer that is due by `untilMs` (since the clock was made) and runs it; without one, moves to
   * `untilMs` and answers `false`.
   */
  step(untilMs: number): boolean {
    const timer = this.#next();
    if (timer === undefined || timer.dueMs > untilMs) {
      this.#elapsedMs = Math.max(this.#elapsedMs, untilMs);
      return false;
    }
    this.#takeTop();
    this.clearTimer(timer);
    this.#elapsedMs = timer.dueMs;
    timer.callback();
    return true;
  }

  #next(): Timer | undefined {
    while (this.#heap[0]?.cancelled) this.#takeTop();
    return this.#heap[0];
  }

  #takeTop(): void {
    const last = this.#heap.pop()!;
    if (this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #rise(at: number): void {
    const above = (at - 1) >> 1;
    if (at === 0 || !isBefore(this.#heap[at], this.#heap[above])) return;
    this.#swap(at, above);
    this.#rise(above);
  }

  #sink(at: number): void {
    let first = at;
    for (const below of [2 * at + 1, 2 * at + 2]) {
      if (below < this.#heap.length && isBefore(this.#heap[below], this.#heap[first])) first = below;
    }
    if (first === at) return;
    this.#swap(at, first);
    this.#sink(first);
  }

  #swap(a: number, b: number): void {
    [this.#heap[a], this.#heap[b]] = [this.#heap[b], this.#heap[a]];
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}
