import type { Clock } from "../base/clock.ts";
import type { Counters } from "../base/inspect.ts";
import type { Scheduler } from "../actors/scheduler.ts";

/** What has something to hand over: an outbox. */
export interface Flushable {
  /** Hands over what the transport takes. `false`: something stays behind. */
  flush(): boolean;
  /** Its flush threw. */
  failed(error: unknown): void;
}

/** How long to wait before looking again at a transport that takes nothing, in milliseconds. */
const RETRY_MS = 10;

/** How a flush is bounded. */
export interface FlusherLimits {
  /** Outboxes that one turn of the event loop flushes. */
  readonly flushesPerTurn: number;
}

/**
 * Flushes the outboxes that have something, once per turn, and looks after those whose transport is behind. Where there
 * are many, they go in parts, and the runtime writes in between: what it copies for each then stays in the processor's
 * cache until it is written.
 */
export class Flusher {
  /** The outbox whose connection's message is being handled right now: it is flushed as soon as that is done. */
  answering: Flushable | null = null;
  readonly #scheduler: Scheduler;
  readonly #clock: Clock;
  readonly #counters: Counters;
  readonly #limits: FlusherLimits;
  readonly #flushReady = (): void => this.#begin();
  readonly #goOn = (): void => this.#flushPart();
  #ready: Flushable[] = [];
  /** Those of this flush, and how many of them have been flushed. */
  #leaving: Flushable[] = [];
  #flushed = 0;
  #behind = new Set<Flushable>();
  #retrying = false;

  constructor(scheduler: Scheduler, clock: Clock, counters: Counters, limits: FlusherLimits) {
    this.#scheduler = scheduler;
    this.#clock = clock;
    this.#counters = counters;
    this.#limits = limits;
  }

  /** Whether a flush follows anyway, right behind what is being done now. */
  get follows(): boolean {
    return this.#scheduler.committing;
  }

  /** How many connections have a backlog. */
  get behind(): number {
    return this.#behind.size;
  }

  /** Flushes `outbox` at the end of this turn. */
  add(outbox: Flushable): void {
    if (this.#ready.push(outbox) === 1) this.#scheduler.atFlush(this.#flushReady);
  }

  /** Forgets an outbox that is closed. */
  forget(outbox: Flushable): void {
    this.#behind.delete(outbox);
  }

  #begin(): void {
    this.#leaving = this.#ready;
    this.#ready = [];
    this.#flushPart();
  }

  #flushPart(): void {
    const leaving = this.#leaving;
    // Where actors wait for the next turn, turns are long, and the last would wait for too many of them.
    const isBusy = this.#scheduler.ready > 0;
    const end = isBusy
      ? leaving.length
      : Math.min(this.#flushed + this.#limits.flushesPerTurn, leaving.length);
    while (this.#flushed < end) this.flush(leaving[this.#flushed++]);
    if (end < leaving.length) {
      this.#counters.add("flushes.continued");
      this.#scheduler.continueFlush(this.#goOn);
    } else {
      this.#leaving = [];
      this.#flushed = 0;
    }
  }

  /** Flushes `outbox` now. */
  flush(outbox: Flushable): void {
    try {
      if (outbox.flush()) {
        if (this.#behind.size > 0) this.#behind.delete(outbox);
      } else {
        this.#behind.add(outbox);
        this.#retryLater();
      }
    } catch (error) {
      outbox.failed(error); // a codec or a transport that broke its contract: the others are flushed all the same
    }
  }

  /** A transport does not say when it is empty again, so it is asked: one timer for all that are behind. */
  #retryLater(): void {
    if (this.#retrying) return;
    this.#retrying = true;
    this.#clock.setTimer(() => {
      this.#retrying = false;
      for (const outbox of [...this.#behind]) this.flush(outbox);
    }, RETRY_MS);
  }
}
