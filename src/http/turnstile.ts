import type { Counters } from "../base/inspect.ts";
import type { Scheduler } from "../actors/scheduler.ts";

/** How a turnstile is bounded. */
export interface TurnstileLimits {
  /** Handshakes that one turn of the event loop begins. */
  readonly handshakesPerTurn: number;
  /** Handshakes that wait for theirs. */
  readonly maxWaitingHandshakes: number;
}

/**
 * Lets in a few handshakes per turn of the event loop, first come first served: whoever is connected already is heard
 * in between, however many want to come in at once.
 */
export class Turnstile {
  readonly #scheduler: Pick<Scheduler, "atFlush">;
  readonly #counters: Counters;
  readonly #limits: TurnstileLimits;
  readonly #turn = (): void => this.#letIn();
  #waiting: (() => void)[] = [];
  #entered = 0;

  /** `limits` are read at each handshake: they may change. */
  constructor(scheduler: Pick<Scheduler, "atFlush">, counters: Counters, limits: TurnstileLimits) {
    this.#scheduler = scheduler;
    this.#counters = counters;
    this.#limits = limits;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** `true`: go on; a promise: when it resolves; `false`: too many wait. */
  enter(): true | false | Promise<void> {
    if (this.#entered === 0) this.#scheduler.atFlush(this.#turn);
    if (this.#waiting.length === 0 && this.#entered < this.#limits.handshakesPerTurn) {
      this.#entered++;
      return true;
    }
    if (this.#waiting.length >= this.#limits.maxWaitingHandshakes) return false;
    this.#counters.add("handshakes.waited");
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #letIn(): void {
    const next = this.#waiting.splice(0, this.#limits.handshakesPerTurn);
    this.#entered = next.length;
    if (next.length > 0) this.#scheduler.atFlush(this.#turn);
    for (const resolve of next) resolve();
  }
}
