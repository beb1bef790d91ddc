import type { Clock } from "../base/clock.ts";
import { type Few, itemsOf, withItem, withoutItem } from "../base/few.ts";
import type { Counters } from "../base/inspect.ts";
import type { Scheduler } from "../actors/scheduler.ts";
import { CLOSE_UNAUTHORIZED } from "../protocol/close_codes.ts";
import type { Connection } from "../sessions/connection.ts";
import type { ConnectionInfo } from "../sessions/connection_info.ts";
import { controlPush } from "../sessions/control.ts";
import { type Deadline, NOT_KEPT } from "../sessions/deadline_heap.ts";
import { Deadlines } from "../sessions/deadlines.ts";
import type { Grant } from "./grant.ts";
import type { Limits } from "./options.ts";

/** What {@link Grants} need of their system. */
export interface GrantsPorts {
  readonly clock: Clock;
  readonly counters: Counters;
  readonly scheduler: Scheduler;
}

/** What was granted to one connection. */
class Held implements Deadline {
  readonly connection: Connection;
  grant: Grant;
  heapIndex = NOT_KEPT;
  /** When the client is told, then when it ends. */
  atMs = Infinity;

  constructor(connection: Connection, grant: Grant) {
    this.connection = connection;
    this.grant = grant;
  }
}

/**
 * What connections were let in with, where that ends or has a name: tells clients before it expires
 * (`troupe:expiring`), and closes with 4401 when it does. One timer serves all; a connection whose user is granted for
 * ever, without a token id, costs nothing here.
 */
export class Grants {
  readonly #ports: GrantsPorts;
  readonly #limits: Pick<Required<Limits>, "expiringNoticeMs">;
  readonly #deadlines: Deadlines<Held>;
  readonly #byConnection = new Map<Connection, Held>();
  readonly #byToken = new Map<string, Few<Connection>>();
  /** The token ids, for as long as somebody remembers the handshake: a session outlives its connection. */
  readonly #tokenOf = new WeakMap<ConnectionInfo, string>();

  constructor(ports: GrantsPorts, limits: Pick<Required<Limits>, "expiringNoticeMs">) {
    this.#ports = ports;
    this.#limits = limits;
    this.#deadlines = new Deadlines(ports.clock, (held) => this.#meet(held));
  }

  /** How many are kept. */
  get size(): number {
    return this.#byConnection.size;
  }

  /** What `connection` was let in with, or refreshed to; `null` where that has neither an end nor a name. */
  of(connection: Connection): Grant | null {
    return this.#byConnection.get(connection)?.grant ?? null;
  }

  /** The token id that came with a handshake, or with the refresh after it; `null` for none. */
  tokenOf(info: ConnectionInfo): string | null {
    return this.#tokenOf.get(info) ?? null;
  }

  /** The connections that were let in with this token, oldest first. */
  ofToken(tokenId: string): Connection[] {
    return itemsOf(this.#byToken.get(tokenId) ?? null);
  }

  /** `connection` goes on with `grant`, instead of what it had before. */
  set(connection: Connection, grant: Grant): void {
    this.delete(connection);
    const { expiresAtMs, tokenId } = grant;
    if (tokenId === null) this.#tokenOf.delete(connection.info);
    else this.#tokenOf.set(connection.info, tokenId);
    if (expiresAtMs === null && tokenId === null) return;
    const held = new Held(connection, grant);
    this.#byConnection.set(connection, held);
    if (tokenId !== null) {
      this.#byToken.set(tokenId, withItem(this.#byToken.get(tokenId) ?? null, connection));
    }
    if (expiresAtMs === null) return;
    const lifeMs = expiresAtMs - this.#ports.clock.now();
    held.atMs = expiresAtMs - Math.min(this.#limits.expiringNoticeMs, lifeMs / 2);
    this.#deadlines.add(held);
  }

  /** The connection has ended. */
  delete(connection: Connection): void {
    const held = this.#byConnection.get(connection);
    if (held === undefined) return;
    this.#byConnection.delete(connection);
    this.#deadlines.delete(held);
    const { tokenId } = held.grant;
    if (tokenId === null) return;
    const others = withoutItem(this.#byToken.get(tokenId) ?? null, connection);
    if (others === null) this.#byToken.delete(tokenId);
    else this.#byToken.set(tokenId, others);
  }

  #meet(held: Held): void {
    const { connection, grant } = held;
    const expiresAt = grant.expiresAtMs!;
    const { clock, counters, scheduler } = this.#ports;
    const inMs = expiresAt - clock.now();
    if (inMs <= 0) {
      counters.add("connections.expired");
      connection.close(CLOSE_UNAUTHORIZED, "expired");
      return scheduler.drain();
    }
    held.atMs = expiresAt;
    this.#deadlines.add(held);
    // A raw component's wire has no place for it.
    if (connection.codec === null || !connection.isOpen) return;
    counters.add("connections.expiring");
    connection.write(controlPush(connection.codec, "troupe:expiring", { expiresAt, inMs }));
  }
}
