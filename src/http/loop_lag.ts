import type { Clock, TimerId } from "../base/clock.ts";
import type { Counters } from "../base/inspect.ts";
import type { Middleware } from "./middleware.ts";

/** How often the event loop is looked at, in milliseconds. */
const TICK_MS = 100;

/** After how long a refused client should come back, in seconds. */
const RETRY_AFTER_S = 2;

/** How late the event loop is, in milliseconds: measured while there are connections that are in use. */
export interface EventLoopLag {
  /** By how much it is late: at the last look, or now if the next look is overdue by more. */
  readonly lagMs: number;
  /** The most that it was late so far. */
  readonly maxMs: number;
}

/**
 * How late the event loop is: a timer that should run every 100 ms says by how much it missed. It runs while something
 * goes on (somebody asks for the time, or for the lag) and {@link LoopLag.allow} lets it: an idle server has no timer,
 * and none keeps a process alive.
 */
export class LoopLag implements EventLoopLag {
  readonly #clock: Clock;
  readonly #counters: Counters;
  readonly #limits: { readonly maxLagMs: number };
  readonly #onLook: () => void;
  #timer: TimerId | null = null;
  #allowed = false;
  /** Something has gone on since the last look. */
  #busy = false;
  #tickedMs = 0;
  #lagMs = 0;
  #maxMs = 0;

  /**
   * It stands still. A look that is late by more than `maxLagMs` is counted (`loop.late`). `onLook` is called at each
   * look.
   */
  constructor(
    clock: Clock,
    counters: Counters,
    limits: { readonly maxLagMs: number },
    onLook: () => void = () => {},
  ) {
    this.#clock = clock;
    this.#counters = counters;
    this.#limits = limits;
    this.#onLook = onLook;
  }

  get lagMs(): number {
    this.#busy = true;
    if (this.#timer === null) this.#begin();
    return Math.max(this.#lagMs, this.#clock.elapsedMs() - this.#tickedMs - TICK_MS);
  }

  get maxMs(): number {
    return this.#maxMs;
  }

  /**
   * About now, by the clock's `elapsedMs`, and never later than that: the time of the last look, which costs nothing to
   * read. It is up to 100 ms old while the loop is free.
   */
  get recentMs(): number {
    this.#busy = true;
    if (this.#timer === null) this.#begin();
    return this.#tickedMs;
  }

  /** Whether the timer may run. */
  allow(allowed: boolean): void {
    this.#allowed = allowed;
    if (!allowed) this.#stop();
  }

  #begin(): void {
    this.#tickedMs = this.#clock.elapsedMs();
    if (this.#allowed) this.#timer = this.#clock.setTimer(this.#tick, TICK_MS);
  }

  #stop(): void {
    if (this.#timer !== null) this.#clock.clearTimer(this.#timer);
    this.#timer = null;
    this.#lagMs = 0;
  }

  readonly #tick = (): void => {
    const nowMs = this.#clock.elapsedMs();
    this.#lagMs = Math.max(nowMs - this.#tickedMs - TICK_MS, 0);
    if (this.#lagMs > this.#maxMs) this.#maxMs = this.#lagMs;
    if (this.#lagMs > this.#limits.maxLagMs) this.#counters.add("loop.late");
    this.#tickedMs = nowMs;
    this.#onLook();
    if (!this.#busy) return this.#stop();
    this.#busy = false;
    this.#timer = this.#clock.setTimer(this.#tick, TICK_MS);
  };
}

/** Refuses new connections while the event loop is late by more than `maxLagMs`: those that are here come first. */
export function lagGuard(lag: LoopLag, limits: { readonly maxLagMs: number }): Middleware {
  return {
    name: "loop-lag",
    upgrade() {
      const { lagMs } = lag;
      if (lagMs <= limits.maxLagMs) return null;
      return {
        status: 503,
        reason: "overloaded",
        details: { lagMs: Math.round(lagMs), maxLagMs: limits.maxLagMs },
        headers: { "retry-after": String(RETRY_AFTER_S) },
      };
    },
  };
}
