/**
 * Where messages wait for their actor. The system lane (stop, watch, crash) is the cell's own; a mailbox is the user
 * lane. An idle actor holds none: the cell takes one from the {@link MailboxPool} for its first waiting message and
 * gives it back when it is empty, so that ten thousand idle actors share a handful.
 *
 * @module
 */

/** What happens to a message that finds its mailbox full. */
export type Overflow<M> =
  /** The sender gets an error: `tell` throws `mailbox_full`. The default. */
  | "fail"
  /** The new message becomes a dead letter. */
  | "drop-newest"
  /** The message that waited longest becomes a dead letter. */
  | "drop-oldest"
  /**
   * Messages with the same key take each other's place at any fill; at capacity with no such key, the message that
   * waited longest goes. If `conflate` throws, that message is kept by itself (counted: `mailboxes.key_failed`).
   */
  | { readonly conflate: (message: M) => unknown };

/** How an actor's mailbox is bounded. */
export interface MailboxOptions<M> {
  /** How many messages wait at the most. Default: 1,000. */
  capacity?: number;
  /** What happens beyond that. Default: `fail`. */
  overflow?: Overflow<M>;
}

/** How many messages a mailbox holds if its behaviour does not say. */
export const DEFAULT_MAILBOX_CAPACITY = 1_000;

/** The two kinds of mailbox share this. */
export interface Mailbox {
  /** How many messages wait. */
  readonly length: number;
  /** Adds a message at the tail. */
  push(message: unknown): void;
  /** Takes the message that has waited longest. Only when `length` is not 0. */
  shift(): unknown;
  /** Puts a message back in front of all others. */
  unshift(message: unknown): void;
}

/** The size of a fresh ring. A power of two, as every size of it. */
const FIRST_SIZE = 8;

/** First in, first out, in a ring that doubles. */
export class RingMailbox implements Mailbox {
  #ring: unknown[] = new Array(FIRST_SIZE).fill(undefined);
  #mask = FIRST_SIZE - 1;
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** How many slots the ring has now. */
  get size(): number {
    return this.#mask + 1;
  }

  push(message: unknown): void {
    if (this.#length > this.#mask) this.#grow();
    this.#ring[(this.#head + this.#length++) & this.#mask] = message;
  }

  shift(): unknown {
    const head = this.#head;
    const message = this.#ring[head];
    this.#ring[head] = undefined;
    this.#head = (head + 1) & this.#mask;
    this.#length--;
    return message;
  }

  unshift(message: unknown): void {
    if (this.#length > this.#mask) this.#grow();
    this.#head = (this.#head - 1) & this.#mask;
    this.#ring[this.#head] = message;
    this.#length++;
  }

  #grow(): void {
    const size = this.size;
    const ring = new Array(size * 2).fill(undefined);
    for (let i = 0; i < size; i++) ring[i] = this.#ring[(this.#head + i) & this.#mask];
    this.#ring = ring;
    this.#mask = size * 2 - 1;
    this.#head = 0;
  }
}

/** First in, first out, where a message takes the place of a waiting one with the same key. */
export class ConflatingMailbox implements Mailbox {
  // A Map keeps the order of first insertion, and setting a present key keeps its place: that is the whole policy.
  #waiting = new Map<unknown, unknown>();

  get length(): number {
    return this.#waiting.size;
  }

  /** Whether a message with this key waits. */
  has(key: unknown): boolean {
    return this.#waiting.has(key);
  }

  /** Adds a message under its key. One with the same key gives it its place and is returned. */
  put(key: unknown, message: unknown): unknown {
    const old = this.#waiting.get(key);
    this.#waiting.set(key, message);
    return old;
  }

  push(message: unknown): void {
    this.#waiting.set({}, message);
  }

  shift(): unknown {
    const [key, message] = this.#waiting.entries().next().value!;
    this.#waiting.delete(key);
    return message;
  }

  unshift(message: unknown): void {
    this.#waiting = new Map([[{}, message], ...this.#waiting]);
  }
}

/** How many slots the rings in a pool have on average at the most. */
const SLOTS_PER_POOLED = 64;

/** Empty rings for whoever needs one. Bounded: what does not fit is left to the garbage collector. */
export class MailboxPool {
  readonly #free: RingMailbox[] = [];
  readonly #capacity: number;
  #slots = 0;

  constructor(capacity = 1_024) {
    this.#capacity = capacity;
  }

  /** An empty mailbox. */
  take(): RingMailbox {
    const mailbox = this.#free.pop();
    if (mailbox === undefined) return new RingMailbox();
    this.#slots -= mailbox.size;
    return mailbox;
  }

  /** Takes back an empty mailbox. */
  give(mailbox: Mailbox): void {
    if (!(mailbox instanceof RingMailbox) || this.#free.length >= this.#capacity) return;
    if (this.#slots + mailbox.size > this.#capacity * SLOTS_PER_POOLED) return;
    this.#slots += mailbox.size;
    this.#free.push(mailbox);
  }
}
