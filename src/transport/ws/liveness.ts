import type { Clock, TimerId } from "../../base/clock.ts";
import type { Counters } from "../../base/inspect.ts";

/** Somebody who has to answer pings. */
export interface Answerer {
  /** Whether a message came since the last look. Its owner sets it, {@link Liveness} clears it. */
  heard: boolean;
  /** Whether a ping waits for a sign of life. {@link Liveness} sets it, its owner clears it at any. */
  pinged: boolean;
  /** Sends a ping. MUST NOT throw. */
  ping(): void;
  /** It has not answered: cuts it off. MUST NOT throw. */
  cutOff(): void;
}

/** Over how many ticks the pings of one round are spread. */
const TICKS = 16;

/**
 * Finds connections whose other side is gone without a word. Each is looked at every `pingMs`: one from which nothing
 * came since the last look is pinged, and one that has not answered its ping by the next is cut off and counted
 * (`connections.unresponsive`). So it takes three times `pingMs` at the most. One timer serves all.
 */
export class Liveness {
  readonly #clock: Clock;
  readonly #counters: Counters;
  readonly #tickMs: number;
  readonly #slots: Set<Answerer>[] = Array.from({ length: TICKS }, () => new Set());
  #size = 0;
  #tick = 0;
  #timer: TimerId | null = null;

  /** `pingMs`: the time between two looks, in milliseconds; 0: nobody is ever looked at. */
  constructor(clock: Clock, counters: Counters, pingMs: number) {
    this.#clock = clock;
    this.#counters = counters;
    this.#tickMs = pingMs / TICKS;
  }

  /** How many are looked after. */
  get size(): number {
    return this.#size;
  }

  /** Looks after `answerer` from now on. Returns where it is kept, for {@link Liveness.delete}. */
  add(answerer: Answerer): number {
    const slot = this.#tick % TICKS;
    if (this.#tickMs === 0) return slot;
    this.#slots[slot].add(answerer);
    this.#size++;
    this.#timer ??= this.#clock.setTimer(this.#turn, this.#tickMs);
    return slot;
  }

  /** Forgets `answerer`, which {@link Liveness.add} has put into `slot`. */
  delete(answerer: Answerer, slot: number): void {
    if (!this.#slots[slot].delete(answerer)) return;
    this.#size--;
    if (this.#size > 0 || this.#timer === null) return;
    this.#clock.clearTimer(this.#timer);
    this.#timer = null;
  }

  readonly #turn = (): void => {
    this.#timer = this.#clock.setTimer(this.#turn, this.#tickMs);
    for (const answerer of [...this.#slots[++this.#tick % TICKS]]) this.#look(answerer);
  };

  #look(answerer: Answerer): void {
    if (answerer.pinged) {
      this.#counters.add("connections.unresponsive");
      answerer.cutOff();
    } else if (answerer.heard) answerer.heard = false;
    else {
      answerer.pinged = true;
      answerer.ping();
    }
  }
}
