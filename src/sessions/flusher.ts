import type { Clock } from "../base/clock.ts";
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

/** Flushes the outboxes that have something, once per turn, and looks after those whose transport is behind. */
export class Flusher {
  /** The outbox whose connection's message is being handled right now: it is flushed as soon as that is done. */
  answering: Flushable | null = null;
  readonly #scheduler: Scheduler;
  readonly #clock: Clock;
  readonly #flushReady = (): void => this.#flushAll();
  #ready: Flushable[] = [];
  #behind = new Set<Flushable>();
  #retrying = false;

  constructor(scheduler: Scheduler, clock: Clock) {
    this.#scheduler = scheduler;
    this.#clock = clock;
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

  #flushAll(): void {
    const ready = this.#ready;
    this.#ready = [];
    for (let i = 0; i < ready.length; i++) this.flush(ready[i]);
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
