import type { Clock } from "../base/clock.ts";
import type { Connection } from "../sessions/connection.ts";
import { IdleWheel } from "../sessions/idle_wheel.ts";

/**
 * The connections whose handshake was accepted and that are not open yet. The runtime says nothing of a client that has
 * gone meanwhile, so those that take too long are closed: at the earliest after `openTimeoutMs`, at the latest 1/16 of it
 * later. One timer serves all.
 */
export class Openings implements Iterable<Connection> {
  readonly #clock: Clock;
  readonly #limits: { readonly openTimeoutMs: number };
  /** That of those that come now, behind those of earlier time-outs for which somebody still waits. */
  #wheels: IdleWheel<Connection>[] = [];
  #timeoutMs = NaN;

  /** `limits` are read at each handshake: they may change. */
  constructor(clock: Clock, limits: { readonly openTimeoutMs: number }) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** A handshake was accepted: `connection` is one of them until it is open, or has ended. */
  add(connection: Connection): void {
    const { openTimeoutMs } = this.#limits;
    if (openTimeoutMs !== this.#timeoutMs) {
      this.#timeoutMs = openTimeoutMs;
      this.#wheels = this.#wheels.filter(({ size }) => size > 0);
      this.#wheels.push(new IdleWheel(this.#clock, openTimeoutMs));
    }
    connection.lookedAfterBy(this.#wheels[this.#wheels.length - 1]);
  }

  /** How many there are. */
  get size(): number {
    return this.#wheels.reduce((sum, { size }) => sum + size, 0);
  }

  /** All of them. */
  *[Symbol.iterator](): Iterator<Connection> {
    for (const wheel of this.#wheels) yield* wheel;
  }
}
