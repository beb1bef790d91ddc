/**
 * The only door to time. Everything in the engine that waits, stamps or measures does it through a {@link Clock},
 * so that a virtual clock can stand in for the real one and a test of an hour runs in a millisecond.
 *
 * @module
 */

/** Names a timer that {@link Clock.setTimer} started, for {@link Clock.clearTimer}. Opaque. */
export type TimerId = number | object;

/**
 * A source of time and of one-shot timers.
 *
 * An implementation MUST call a timer's callback at most once, MUST NOT call it after {@link Clock.clearTimer},
 * MUST NOT call it inside {@link Clock.setTimer}, and MUST run timers that are due at the same instant in the order
 * in which they were set.
 */
export interface Clock {
  /** Wall time, in milliseconds since the Unix epoch. It may jump; use {@link Clock.elapsedMs} to measure. */
  now(): number;
  /** Milliseconds since an arbitrary start; never goes backwards. */
  elapsedMs(): number;
  /**
   * Calls `callback` once, `delayMs` from now. A negative delay counts as 0. The callback must not throw: a caller
   * that runs foreign code guards it.
   */
  setTimer(callback: () => void, delayMs: number): TimerId;
  /** Forgets a timer. Unknown and finished ids are ignored. */
  clearTimer(id: TimerId): void;
}

/** The longest delay that the platform's own timers can hold, in milliseconds (2³¹ − 1, about 24.8 days). */
const LONGEST_DELAY_MS = 0x7fff_ffff;

/** The clock of the machine. One shared instance: {@link systemClock}. */
class SystemClock implements Clock {
  now(): number {
    return Date.now();
  }

  elapsedMs(): number {
    return performance.now();
  }

  setTimer(callback: () => void, delayMs: number): TimerId {
    return setTimeout(callback, Math.min(Math.max(delayMs, 0), LONGEST_DELAY_MS));
  }

  clearTimer(id: TimerId): void {
    clearTimeout(id as number);
  }
}

/** The machine's clock. Delays beyond 2³¹ − 1 ms (24.8 days) are cut to that. */
export const systemClock: Clock = new SystemClock();
