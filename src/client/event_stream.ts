/**
 * Events as an asynchronous iterable.
 *
 * @module
 */

import type { TroupeError } from "../base/errors.ts";
import { refused } from "./refused.ts";

/** The most events that wait for the one who iterates. */
export const MAX_STREAM_EVENTS = 1_024;

/** What a stream of events can be told. */
export interface StreamOptions {
  /** Ends the iteration when it is aborted: quietly, what waits is still given. */
  readonly signal?: AbortSignal;
  /** How many events may wait until they are asked for. Default: {@link MAX_STREAM_EVENTS}. */
  readonly max?: number;
}

/**
 * Events, in order, each once, from the moment it is made. It ends when its source does, when the loop is left, or when
 * the signal is aborted. If more than `max` wait, it gives those, then throws `stream_overflow`: nothing is left out in
 * silence.
 */
export class EventStream<Payload> implements AsyncIterableIterator<Payload> {
  readonly #max: number;
  readonly #ready: Payload[] = [];
  readonly #takers: ((result: IteratorResult<Payload>) => void)[] = [];
  readonly #ended: () => void;
  #state: "open" | "ended" | "overflown" = "open";

  /** `ended` is called once, when nothing is wanted any more. */
  constructor(ended: () => void, { signal, max = MAX_STREAM_EVENTS }: StreamOptions = {}) {
    this.#max = max;
    const end = (): void => this.end();
    this.#ended = () => {
      signal?.removeEventListener("abort", end);
      ended();
    };
    signal?.addEventListener("abort", end);
    if (signal?.aborted) this.end();
  }

  /** One more event. */
  push(payload: Payload): void {
    if (this.#state !== "open") return;
    const taker = this.#takers.shift();
    if (taker !== undefined) return taker({ done: false, value: payload });
    if (this.#ready.length < this.#max) return void this.#ready.push(payload);
    this.#finish("overflown");
  }

  /** There will be no more. */
  end(): void {
    if (this.#state === "open") this.#finish("ended");
  }

  /** The next event, when it is there. */
  next(): Promise<IteratorResult<Payload>> {
    if (this.#ready.length > 0) {
      return Promise.resolve({ done: false, value: this.#ready.shift() as Payload });
    }
    if (this.#state === "overflown") {
      this.#state = "ended";
      return Promise.reject(this.#overflow());
    }
    if (this.#state === "ended") return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  /** The loop is left. */
  return(): Promise<IteratorResult<Payload>> {
    this.#ready.length = 0;
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  #finish(state: "ended" | "overflown"): void {
    this.#state = state;
    for (const taker of this.#takers.splice(0)) taker({ done: true, value: undefined });
    this.#ended();
  }

  #overflow(): TroupeError {
    return refused("stream_overflow", "keep events for whoever iterates", { max: this.#max });
  }
}
