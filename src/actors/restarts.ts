import type { Random } from "../base/random.ts";

/** How many restarts within how long are too many: then the supervisor fails itself. */
export interface Intensity {
  /** This many restarts are allowed within the window. Default: 3. */
  restarts?: number;
  /** The window, in milliseconds. Default: 5,000. */
  withinMs?: number;
}

/**
 * How long to wait before a restart. The n-th in a row waits `minMs · factor^(n−1)`, at most `maxMs`, and up to the
 * share `jitter` of that longer.
 */
export interface Backoff {
  /** The first wait, in milliseconds. */
  minMs: number;
  /** The longest wait before the jitter, in milliseconds. */
  maxMs: number;
  /** How the wait grows. Default: 2. */
  factor?: number;
  /** The share of each wait that is random, from 0 to 1: 0.2 means up to 20 % longer. Default: 0.2. */
  jitter?: number;
  /** A child that ran this long begins again at `minMs`, in milliseconds. Default: `maxMs`. */
  resetMs?: number;
}

/** Counts restarts within the window of an {@link Intensity}. */
export class RestartWindow {
  readonly #allowed: number;
  readonly #withinMs: number;
  #restartsMs: number[] = [];

  constructor(intensity: Intensity = {}) {
    this.#allowed = intensity.restarts ?? 3;
    this.#withinMs = intensity.withinMs ?? 5_000;
  }

  /** Counts a restart at `nowMs`. `false`: it is one too many. */
  allows(nowMs: number): boolean {
    this.#restartsMs = this.#restartsMs.filter((atMs) => nowMs - atMs < this.#withinMs);
    this.#restartsMs.push(nowMs);
    return this.#restartsMs.length <= this.#allowed;
  }
}

/** The waits of one child. */
export class BackoffCount {
  #inARow = 0;
  /** `null` while it does not run: a child whose `init` fails again and again never ran long. */
  #startedMs: number | null = null;

  /** The child runs since `nowMs`. */
  started(nowMs: number): void {
    this.#startedMs = nowMs;
  }

  /** How long to wait before the restart of a child that ended at `nowMs`. */
  nextDelayMs(backoff: Backoff, nowMs: number, random: Random): number {
    const ranMs = this.#startedMs === null ? 0 : nowMs - this.#startedMs;
    this.#startedMs = null;
    if (ranMs > 0 && ranMs >= (backoff.resetMs ?? backoff.maxMs)) this.#inARow = 0;
    const growth = Math.min((backoff.factor ?? 2) ** this.#inARow++, Number.MAX_VALUE); // 0 · Infinity is no number
    const plainMs = Math.min(backoff.minMs * growth, backoff.maxMs);
    return plainMs * (1 + (backoff.jitter ?? 0.2) * random.float());
  }
}
