/**
 * When to come back: full jitter, and what the server has asked for.
 *
 * @module
 */

import type { Random } from "../base/random.ts";
import { checkAtLeastOne } from "./refused.ts";

/** How long a client waits before it tries again. */
export interface ReconnectOptions {
  /** Before the first try it is at most this long, in milliseconds; before each further one twice that. Default: 500. */
  readonly baseMs?: number;
  /** The longest wait, in milliseconds. Default: 15,000. */
  readonly maxMs?: number;
}

/**
 * Waits with full jitter: any time between nothing and a bound that doubles with each try, so that the clients of a
 * server that went away do not come back together. A wait that the server has asked for takes the place of the next one.
 */
export class Reconnect {
  readonly #baseMs: number;
  readonly #maxMs: number;
  readonly #random: Random;
  #asked: number | null = null;

  /**
   * Takes the bounds.
   *
   * @throws {TroupeError} `invalid_option` if a bound is no number of at least 1.
   */
  constructor(random: Random, { baseMs = 500, maxMs = 15_000 }: ReconnectOptions = {}) {
    checkAtLeastOne("baseMs", baseMs);
    checkAtLeastOne("maxMs", maxMs);
    this.#random = random;
    this.#baseMs = baseMs;
    this.#maxMs = maxMs;
  }

  /** The server wants the next wait to be `ms` long. Anything but a number of at least 0 is ignored. */
  asked(ms: unknown): void {
    if (typeof ms === "number" && ms >= 0) this.#asked = ms;
  }

  /** It worked: what was asked for is done with. */
  done(): void {
    this.#asked = null;
  }

  /** The wait before the `tries`th try, from 1, in milliseconds. */
  waitMs(tries: number): number {
    const asked = this.#asked;
    this.#asked = null;
    if (asked !== null) return asked;
    // 2 ** 1024 is Infinity, which the minimum takes care of.
    return this.#random.float() * Math.min(this.#maxMs, this.#baseMs * 2 ** (tries - 1));
  }
}
