import type { Clock, TimerId } from "../base/clock.ts";
import type { Counters } from "../base/inspect.ts";
import type { Random } from "../base/random.ts";
import type { Scheduler } from "../actors/scheduler.ts";
import { CLOSE_RESTART } from "../protocol/close_codes.ts";
import type { Connection } from "../sessions/connection.ts";
import { controlPush } from "../sessions/control.ts";

/** How `App.drain` takes its time. */
export interface DrainOptions {
  /** How long it takes to close all connections, in milliseconds. Default: 10,000. */
  overMs?: number;
  /** Connections that are closed at a time. Default: a hundredth of them, at most 256. */
  batch?: number;
  /** Over how long clients are asked to spread their return, from their close on, in milliseconds. Default: `overMs`. */
  reconnectOverMs?: number;
}

/** What a {@link Drain} needs of its app. */
export interface DrainPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly counters: Counters;
  readonly scheduler: Scheduler;
  readonly connections: Iterable<Connection> & {
    readonly size: number;
    get(id: string): Connection | undefined;
  };
  /** The connections whose handshake was accepted, and that are not open yet. */
  readonly openings: Iterable<Connection>;
}

/** How many clients are told in a row before the event loop gets its turn. */
const TOLD_AT_A_TIME = 1_000;
const LARGEST_BATCH = 256;

/**
 * Empties an app: tells every client on a channel protocol when to come back (`troupe:going-away`), then closes all
 * connections with 1012, batch by batch. The times to come back are spread evenly, one draw in each of as many equal
 * parts of the window as there are connections, and those who are to come back first are closed first: so their
 * returns are spread evenly, too.
 */
export class Drain {
  /** Resolves when all are gone, or it was cancelled. */
  readonly finished: Promise<void>;
  readonly #ports: DrainPorts;
  readonly #leaving: readonly Connection[];
  readonly #overMs: number;
  readonly #batch: number;
  readonly #windowMs: number;
  #finish: () => void = () => {};
  #timer: TimerId | null = null;
  /** How many were told, then how many were closed. */
  #done = 0;
  #closingSinceMs = 0;

  /** Begins. New connections must not be let in any more. */
  constructor(ports: DrainPorts, { overMs = 10_000, batch, reconnectOverMs = overMs }: DrainOptions) {
    this.#ports = ports;
    this.#leaving = [...ports.connections];
    this.#overMs = overMs;
    this.#windowMs = reconnectOverMs;
    const hundredth = Math.ceil(this.#leaving.length / 100);
    this.#batch = batch ?? Math.min(Math.max(hundredth, 1), LARGEST_BATCH);
    this.finished = new Promise((resolve) => this.#finish = resolve);
    this.#tell();
  }

  /** A connection has gone. With the last one there is nothing to wait for. */
  connectionGone(): void {
    const { clock, connections } = this.#ports;
    if (this.#timer === null || connections.size > 0) return;
    clock.clearTimer(this.#timer);
    this.#timer = null;
    this.#closeRest();
  }

  /** Leaves the rest to somebody else. */
  cancel(): void {
    if (this.#timer !== null) this.#ports.clock.clearTimer(this.#timer);
    this.#timer = null;
    this.#finish();
  }

  #tell(): void {
    const { random } = this.#ports;
    const all = this.#leaving.length;
    const end = Math.min(this.#done + TOLD_AT_A_TIME, all);
    for (; this.#done < end; this.#done++) {
      const connection = this.#leaving[this.#done];
      const { codec } = connection;
      if (codec === null || !connection.isOpen) continue;
      const reconnectAfterMs = Math.floor((this.#done + random.float()) * this.#windowMs / all);
      connection.write(controlPush(codec, "troupe:going-away", { reconnectAfterMs }));
    }
    if (end < all) return this.#after(0, () => this.#tell());
    this.#done = 0;
    this.#closingSinceMs = this.#ports.clock.elapsedMs();
    this.#close();
  }

  #close(): void {
    const { clock, connections } = this.#ports;
    const all = this.#leaving.length;
    const end = Math.min(this.#done + this.#batch, all);
    for (; this.#done < end; this.#done++) {
      const connection = this.#leaving[this.#done];
      if (connections.get(connection.info.id) === connection) this.#closeOne(connection); // it may have gone by itself
    }
    if (end === all) return this.#closeRest();
    const dueMs = this.#closingSinceMs + this.#overMs * end / all;
    this.#after(dueMs - clock.elapsedMs(), () => this.#close());
  }

  /** Those that have opened meanwhile, or are about to: nobody has told them. */
  #closeRest(): void {
    const { connections, openings, scheduler } = this.#ports;
    for (const connection of [...openings, ...connections]) this.#closeOne(connection);
    scheduler.atFlush(() => this.#finish());
  }

  #closeOne(connection: Connection): void {
    this.#ports.counters.add("connections.drained");
    connection.closeInTurn(CLOSE_RESTART, "the server goes away");
  }

  #after(delayMs: number, action: () => void): void {
    this.#timer = this.#ports.clock.setTimer(() => {
      this.#timer = null;
      action();
    }, delayMs);
  }
}
