/** How fast something may go on. */
export interface Rate {
  /** Tokens that come back in a second. */
  readonly perSecond: number;
  /** Tokens of a full bucket: what may go at once. */
  readonly burst: number;
}

/**
 * A bucket of tokens that fills up again at a rate. It remembers one number, when it will be full, so that it needs no
 * timer, weighs little, and follows a rate that changes (the generic cell rate algorithm of ITU-T I.371 is the same).
 *
 * @example
 * ```ts
 * import { TokenBucket } from "@troupe/core";
 * import { assertEquals } from "@std/assert";
 *
 * const bucket = new TokenBucket();
 * const rate = { perSecond: 10, burst: 2 };
 * assertEquals(bucket.take(2, 0, rate), 0); // both go
 * assertEquals(bucket.take(1, 0, rate), 100); // the next one in 100 ms
 * assertEquals(bucket.take(1, 100, rate), 0);
 * ```
 */
export class TokenBucket {
  #fullAtMs = 0;

  /**
   * Takes `tokens`, or nothing if there are too few: then it returns in how many milliseconds there will be enough,
   * else 0. More than the whole burst is taken as the burst: it goes when the bucket is full.
   *
   * @param nowMs By a clock that never goes backwards.
   */
  take(tokens: number, nowMs: number, { perSecond, burst }: Rate): number {
    const fullAtMs = Math.max(this.#fullAtMs, nowMs) + Math.min(tokens, burst) * 1_000 / perSecond;
    const waitMs = fullAtMs - nowMs - burst * 1_000 / perSecond;
    if (waitMs > SLACK_MS) return Math.ceil(waitMs);
    this.#fullAtMs = fullAtMs;
    return 0;
  }

  /** Takes `tokens` if half of the bucket is left then, at the least; else it takes nothing, and answers `false`. */
  takeFromPlenty(tokens: number, nowMs: number, { perSecond, burst }: Rate): boolean {
    const fullAtMs = Math.max(this.#fullAtMs, nowMs) + tokens * 1_000 / perSecond;
    if (fullAtMs - nowMs > burst * 500 / perSecond) return false;
    this.#fullAtMs = fullAtMs;
    return true;
  }

  /** Which part of it is left, from 0 to 1. */
  left(nowMs: number, { perSecond, burst }: Rate): number {
    const missing = Math.max(this.#fullAtMs - nowMs, 0) * perSecond / 1_000;
    return Math.max(1 - missing / burst, 0);
  }

  /** Whether it is full: then it is as good as a new one. */
  isFull(nowMs: number): boolean {
    return this.#fullAtMs <= nowMs;
  }
}

/** Less than that is a matter of rounding. */
const SLACK_MS = 1e-6;
