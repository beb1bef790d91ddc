import type { Clock, TimerId } from "../base/clock.ts";

/** Something that has to be heard of now and then. */
export interface Beating {
  /** One interval has passed. MUST NOT throw. */
  beat(): void;
}

/** Over how many ticks the beats of one interval are spread. */
const TICKS = 16;

/**
 * Beats for streams, each once an interval, with one timer for all. A stream beats at the tick at which it was added, so
 * that ten thousand do not all write in one turn, unless they came in one. The first beat comes after 15/16 of an
 * interval at the earliest.
 */
export class KeepAlive {
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #slots: Set<Beating>[] = Array.from({ length: TICKS }, () => new Set());
  readonly #slotOf = new Map<Beating, Set<Beating>>();
  #tick = 0;
  #timer: TimerId | null = null;

  /** `intervalMs`: between two beats, in milliseconds. */
  constructor(clock: Clock, intervalMs: number) {
    this.#clock = clock;
    this.#tickMs = intervalMs / TICKS;
  }

  /** How many beat. */
  get size(): number {
    return this.#slotOf.size;
  }

  /** Beats for `beating` from now on. */
  add(beating: Beating): void {
    const slot = this.#slots[this.#tick];
    slot.add(beating);
    this.#slotOf.set(beating, slot);
    this.#timer ??= this.#clock.setTimer(this.#turn, this.#tickMs);
  }

  /** Leaves `beating` alone. */
  remove(beating: Beating): void {
    this.#slotOf.get(beating)?.delete(beating);
    this.#slotOf.delete(beating);
    if (this.size > 0 || this.#timer === null) return;
    this.#clock.clearTimer(this.#timer);
    this.#timer = null;
  }

  readonly #turn = (): void => {
    this.#timer = this.#clock.setTimer(this.#turn, this.#tickMs);
    this.#tick = (this.#tick + 1) % TICKS;
    for (const beating of [...this.#slots[this.#tick]]) beating.beat();
  };
}
