import type { Counters } from "../base/inspect.ts";

/** Why a message was not delivered. */
export type DeadLetterReason =
  /** The actor had stopped, or stopped with the message still in its mailbox. */
  | "stopped"
  /** The mailbox was full: refused (`fail`) or dropped (`drop-newest`). */
  | "overflow"
  /** The mailbox was full: dropped from its head (`drop-oldest`). */
  | "overflow_oldest"
  /** A newer message with the same key took its place (`conflate`). */
  | "conflated"
  /** The stash was full. */
  | "stash_overflow"
  /** Nobody is registered under the name. */
  | "unknown_name"
  /** An answer that came after the ask had ended, or while its client was away; or a second answer. */
  | "late_reply"
  /** `ctx.reply` while handling a message that nobody asked. */
  | "no_asker"
  /** A call on a context whose actor has stopped or was restarted. */
  | "revoked";

/** Every reason, for counting and for tests. */
export const DEAD_LETTER_REASONS: readonly DeadLetterReason[] = [
  "stopped",
  "overflow",
  "overflow_oldest",
  "conflated",
  "stash_overflow",
  "unknown_name",
  "late_reply",
  "no_asker",
  "revoked",
];

/** A message that was not delivered. */
export interface DeadLetter {
  /** Why. */
  readonly reason: DeadLetterReason;
  /** What. */
  readonly message: unknown;
  /** Whom it was meant for: a path, or the unknown name. */
  readonly to: string;
}

/** How a stream of dead letters is bounded. */
export interface DeadLetterStreamOptions {
  /** How many letters wait for a slow reader before the oldest is dropped. Default: 256. */
  capacity?: number;
}

/** A bounded view of the dead letters from now on. Iterate it; `return()`, `break` or the system's shutdown ends it. */
export interface DeadLetterStream extends AsyncIterableIterator<DeadLetter> {
  /** How many letters this stream dropped since its reader was too slow. */
  readonly missed: number;
}

const COUNTER_NAMES = new Map(DEAD_LETTER_REASONS.map((reason) => [reason, `dead_letters.${reason}`]));

/** Counts every message that was not delivered, by reason, and shows them to whoever wants to see. */
export class DeadLetters {
  readonly #counters: Counters;
  readonly #streams = new Set<Stream>();

  /** Counts go to `counters` as `dead_letters.<reason>`. */
  constructor(counters: Counters) {
    this.#counters = counters;
  }

  /** Records one letter. Costs one count where nobody watches. */
  record(reason: DeadLetterReason, message: unknown, to: string): void {
    this.#counters.add(COUNTER_NAMES.get(reason)!);
    if (this.#streams.size === 0) return;
    const letter: DeadLetter = { reason, message, to };
    for (const stream of this.#streams) stream.push(letter);
  }

  /** How many letters there were for `reason`, or in all. */
  count(reason?: DeadLetterReason): number {
    if (reason !== undefined) return this.#counters.get(COUNTER_NAMES.get(reason)!);
    return DEAD_LETTER_REASONS.reduce((sum, each) => sum + this.count(each), 0);
  }

  /** Shows letters from now on, until its reader stops. A slow reader misses the oldest, and `missed` counts them. */
  stream(options: DeadLetterStreamOptions = {}): DeadLetterStream {
    const stream = new Stream(options.capacity ?? 256, (ended) => this.#streams.delete(ended));
    this.#streams.add(stream);
    return stream;
  }

  /** For the system, when it has shut down: ends all streams behind what waits in them. */
  close(): void {
    for (const stream of this.#streams) stream.end();
  }
}

class Stream implements DeadLetterStream {
  readonly #capacity: number;
  readonly #onEnd: (stream: Stream) => void;
  readonly #waiting: DeadLetter[] = [];
  readonly #readers: ((result: IteratorResult<DeadLetter>) => void)[] = [];
  #ended = false;
  missed = 0;

  constructor(capacity: number, onEnd: (stream: Stream) => void) {
    this.#capacity = capacity;
    this.#onEnd = onEnd;
  }

  push(letter: DeadLetter): void {
    const reader = this.#readers.shift();
    if (reader !== undefined) return reader({ done: false, value: letter });
    if (this.#waiting.length >= this.#capacity) {
      this.#waiting.shift();
      this.missed++;
    }
    this.#waiting.push(letter);
  }

  /** Takes no more letters; what waits can still be read. */
  end(): void {
    this.#ended = true;
    this.#onEnd(this);
    for (const reader of this.#readers.splice(0)) reader({ done: true, value: undefined });
  }

  next(): Promise<IteratorResult<DeadLetter>> {
    const value = this.#waiting.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  return(): Promise<IteratorResult<DeadLetter>> {
    this.#waiting.length = 0;
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
