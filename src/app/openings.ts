import type { Clock } from "../base/clock.ts";
import type { Counters } from "../base/inspect.ts";
import { CLOSE_GOING_AWAY } from "../protocol/close_codes.ts";
import type { Connection } from "../sessions/connection.ts";
import { type Idler, IdleWheel, NO_SLOT } from "../sessions/idle_wheel.ts";

/**
 * The connections whose handshake was accepted and that are not open yet. The runtime says nothing of a client that has
 * gone meanwhile, so those that take too long are closed: at the earliest after `openTimeoutMs`, at the latest 1/16 of it
 * later. One timer serves all.
 */
export class Openings implements Iterable<Connection> {
  readonly #clock: Clock;
  readonly #counters: Counters;
  readonly #limits: { readonly openTimeoutMs: number };
  #wheel: IdleWheel;
  #timeoutMs: number;
  readonly #openings = new Map<Connection, Opening>();

  constructor(clock: Clock, counters: Counters, limits: { readonly openTimeoutMs: number }) {
    this.#clock = clock;
    this.#counters = counters;
    this.#limits = limits;
    this.#timeoutMs = limits.openTimeoutMs;
    this.#wheel = new IdleWheel(clock, this.#timeoutMs);
  }

  /** A handshake was accepted. */
  add(connection: Connection): void {
    if (this.#limits.openTimeoutMs !== this.#timeoutMs) {
      this.#timeoutMs = this.#limits.openTimeoutMs;
      this.#wheel = new IdleWheel(this.#clock, this.#timeoutMs); // those that wait go on by the one before
    }
    const opening = new Opening(connection, this.#counters, this.#wheel);
    this.#openings.set(connection, opening);
    this.#wheel.add(opening);
  }

  /** The connection is open, or has ended before. */
  delete(connection: Connection): void {
    const opening = this.#openings.get(connection);
    if (opening === undefined) return;
    opening.wheel.remove(opening);
    this.#openings.delete(connection);
  }

  /** Whether it is one of them. */
  has(connection: Connection): boolean {
    return this.#openings.has(connection);
  }

  /** How many there are. */
  get size(): number {
    return this.#openings.size;
  }

  /** All of them, oldest first. */
  [Symbol.iterator](): Iterator<Connection> {
    return this.#openings.keys();
  }
}

class Opening implements Idler {
  lastTick = 0;
  wheelSlot = NO_SLOT;
  readonly wheel: IdleWheel;
  readonly #connection: Connection;
  readonly #counters: Counters;

  constructor(connection: Connection, counters: Counters, wheel: IdleWheel) {
    this.#connection = connection;
    this.#counters = counters;
    this.wheel = wheel;
  }

  idledOut(): void {
    this.#counters.add("connections.never_opened");
    this.#connection.close(CLOSE_GOING_AWAY, "it took too long to open");
  }
}
