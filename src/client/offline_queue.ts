/**
 * What has been sent and is not answered yet.
 *
 * @module
 */

import type { Counters } from "../base/inspect.ts";
import { checkAtLeastOne, refused } from "./refused.ts";
import type { Era } from "./session_line.ts";

/** The most messages that an {@link OfflineQueue} holds, by default. */
export const MAX_QUEUED = 256;

/** A message on its way, as it can be looked at. */
export interface QueuedMessage {
  /** Names it, so that the server takes it once however often it is sent. */
  readonly id: string;
  /** Where it goes. */
  readonly topic: string;
  /** The event. */
  readonly event: string;
  /** The payload, as it was given. */
  readonly payload: unknown;
  /** `waiting`: it was not sent, or has to be sent again. `sent`: its answer is awaited. */
  readonly status: "waiting" | "sent";
  /** How often it was sent. */
  readonly attempts: number;
  /** When it was given, in milliseconds since the Unix epoch. */
  readonly at: number;
}

/** What happens to a message in the end: it is answered, or it is not. */
export interface Outcome {
  readonly resolve: (response: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** What a message is made of. */
export interface Given extends Omit<QueuedMessage, "status" | "attempts"> {
  /** How long the answer may take; `undefined`: as the client says. */
  readonly timeoutMs: number | undefined;
}

/** A message on its way. */
export class Outgoing implements QueuedMessage {
  declare readonly id: string;
  declare readonly topic: string;
  declare readonly event: string;
  declare readonly payload: unknown;
  declare readonly at: number;
  declare readonly timeoutMs: number | undefined;
  status: "waiting" | "sent" = "waiting";
  attempts = 0;
  /** The session that it was sent in. */
  era: Era | null = null;
  /** Ends the wait for the answer to the last attempt. */
  forget: () => void = () => {};
  readonly #outcome: Outcome;
  readonly #queue: OfflineQueue;

  constructor(queue: OfflineQueue, given: Given, outcome: Outcome) {
    Object.assign(this, given);
    this.#queue = queue;
    this.#outcome = outcome;
  }

  /** It is answered. */
  resolve(response: unknown): void {
    this.forget();
    if (this.#queue.take(this)) this.#outcome.resolve(response);
  }

  /** It is given up. */
  reject(error: unknown): void {
    this.forget();
    if (this.#queue.take(this)) this.#outcome.reject(error);
  }
}

/** The messages of a client that are on their way, oldest first: those that wait for a connection, and for an answer. */
export class OfflineQueue implements Iterable<QueuedMessage> {
  /** The most that it holds. */
  readonly max: number;
  readonly #counters: Counters;
  readonly #messages = new Set<Outgoing>();

  /**
   * Makes an empty one.
   *
   * @throws {TroupeError} `invalid_option` if `max` is no number of at least 1.
   */
  constructor(counters: Counters, max: number = MAX_QUEUED) {
    checkAtLeastOne("maxQueued", max);
    this.max = max;
    this.#counters = counters;
  }

  /** How many there are. */
  get size(): number {
    return this.#messages.size;
  }

  /** All of them, oldest first. */
  [Symbol.iterator](): IterableIterator<QueuedMessage> {
    return [...this.#messages].values();
  }

  /**
   * Gives up the message with that id: its promise rejects with `cancelled`. One that was sent may take effect all the
   * same. `false` if there is none.
   */
  cancel(id: string): boolean {
    const message = [...this.#messages].find((each) => each.id === id);
    message?.reject(refused("cancelled", `go on with message ${id}`));
    return message !== undefined;
  }

  /**
   * Takes a message in.
   *
   * @throws {TroupeError} `queue_full`.
   * @internal
   */
  add(message: Outgoing): void {
    if (this.#messages.size >= this.max) {
      this.#counters.add("queue.refused");
      const { max } = this;
      throw refused("queue_full", `send "${message.event}" to ${message.topic}`, { max }, {
        retryable: true,
      });
    }
    this.#messages.add(message);
  }

  /**
   * Takes a message out; `false` if it was out already.
   *
   * @internal
   */
  take(message: Outgoing): boolean {
    return this.#messages.delete(message);
  }

  /**
   * The messages to a topic, oldest first.
   *
   * @internal
   */
  of(topic: string): Outgoing[] {
    return [...this.#messages].filter((message) => message.topic === topic);
  }
}
