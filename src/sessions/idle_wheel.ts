import type { Clock, TimerId } from "../base/clock.ts";

/** Something that is closed when nothing was heard of it for too long. */
export interface Idler {
  /** The tick of the wheel at which it was last heard of. The wheel's owner sets it, the wheel reads it. */
  lastTick: number;
  /** Where the wheel keeps it; the wheel sets it. Begins with {@link NO_SLOT}. */
  wheelSlot: number;
  /** Nothing was heard of it for the whole time. */
  idledOut(): void;
}

/** Kept nowhere. */
export const NO_SLOT = -1;

/** How many ticks make up the idle time. */
const TICKS = 16;

/** After how many ticks somebody is idle: the tick at which it was heard had begun already, so one more. */
const IDLE_TICKS = TICKS + 1;

/**
 * Finds connections that have gone quiet, with one timer for all of them. Each sits in the slot of the tick at which it
 * would be idle; that slot is looked at when its tick comes, and whoever was heard of since moves on to a later one. It
 * is never early, and late by one tick at the most: 1/16 of the idle time.
 */
export class IdleWheel<I extends Idler = Idler> implements Iterable<I> {
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #slots: Set<I>[] = Array.from({ length: IDLE_TICKS + 1 }, () => new Set());
  #size = 0;
  #tick = 0;
  #timer: TimerId | null = null;

  /** `idleMs`: how long somebody may be quiet, in milliseconds. */
  constructor(clock: Clock, idleMs: number) {
    this.#clock = clock;
    this.#tickMs = idleMs / TICKS;
  }

  /** The current tick: whoever is heard of notes it in its `lastTick`. */
  get tick(): number {
    return this.#tick;
  }

  /** How many are looked after. */
  get size(): number {
    return this.#size;
  }

  /** All of them. */
  *[Symbol.iterator](): Iterator<I> {
    for (const slot of this.#slots) yield* slot;
  }

  /** Looks after `idler` from now on. */
  add(idler: I): void {
    if (idler.wheelSlot !== NO_SLOT) return;
    this.#size++;
    idler.lastTick = this.#tick;
    this.#place(idler, this.#tick + IDLE_TICKS);
    this.#timer ??= this.#clock.setTimer(this.#turn, this.#tickMs);
  }

  /** Forgets `idler`. */
  remove(idler: I): void {
    if (idler.wheelSlot === NO_SLOT) return;
    this.#slots[idler.wheelSlot].delete(idler);
    idler.wheelSlot = NO_SLOT;
    this.#size--;
    if (this.#size > 0 || this.#timer === null) return;
    this.#clock.clearTimer(this.#timer);
    this.#timer = null;
  }

  #place(idler: I, tick: number): void {
    const slot = tick % this.#slots.length;
    this.#slots[slot].add(idler);
    idler.wheelSlot = slot;
  }

  readonly #turn = (): void => {
    this.#timer = this.#clock.setTimer(this.#turn, this.#tickMs);
    const slot = ++this.#tick % this.#slots.length;
    for (const idler of [...this.#slots[slot]]) {
      if (this.#tick - idler.lastTick >= IDLE_TICKS) {
        this.remove(idler);
        idler.idledOut();
      } else {
        this.#slots[slot].delete(idler);
        this.#place(idler, idler.lastTick + IDLE_TICKS);
      }
    }
  };
}
