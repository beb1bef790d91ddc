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
  readonly #wheel: IdleWheel;
  readonly #counters: Counters;
  readonly #openings = new Map<Connection, Opening>();

  constructor(clock: Clock, counters: Counters, openTimeoutMs: number) {
    this.#wheel = new IdleWheel(clock, openTimeoutMs);
    this.#counters = counters;
  }

  /** A handshake was accepted. */
  add(connection: Connection): void {
    const opening = new Opening(connection, this.#counters);
    this.#openings.set(connection, opening);
    this.#wheel.add(opening);
  }

  /** The connection is open, or has ended before. */
  delete(connection: Connection): void {
    const opening = this.#openings.get(connection);
    if (opening === undefined) return;
    this.#wheel.remove(opening);
    this.#openings.delete(connection);
  }

  /** All of them, oldest first. */
  [Symbol.iterator](): Iterator<Connection> {
    return this.#openings.keys();
  }
}

class Opening implements Idler {
  lastTick = 0;
  wheelSlot = NO_SLOT;
  readonly #connection: Connection;
  readonly #counters: Counters;

  constructor(connection: Connection, counters: Counters) {
    this.#connection = connection;
    this.#counters = counters;
  }

  idledOut(): void {
    this.#counters.add("connections.never_opened");
    this.#connection.close(CLOSE_GOING_AWAY, "it took too long to open");
  }
}
