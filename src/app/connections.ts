import { TroupeError } from "../base/errors.ts";
import { rawFrame } from "../protocol/raw.ts";
import type { RawData } from "../sessions/component.ts";
import type { Connection } from "../sessions/connection.ts";
import type { ConnectionInfo } from "../sessions/connection_info.ts";
import type { Claims } from "../sessions/claims.ts";
import type { ConnectionTable } from "../sessions/connections.ts";
import type { Member, Members } from "../sessions/members.ts";
import type { Session } from "../sessions/session.ts";
import type { User } from "../sessions/user.ts";

/** Which connections are meant: those of a user, one by its id, those with a channel in a topic, or all. */
export type Target =
  | { readonly user: string }
  | { readonly connection: string }
  | { readonly topic: string }
  | "all";

/** What is known of a connection to those outside of its handlers. */
export interface ConnectionView<U extends User = User> {
  /** Its id. */
  readonly id: string;
  /** Who is on the other side. */
  readonly user: U;
  /** Its handshake. */
  readonly info: ConnectionInfo;
  /** How many frames wait for it, now. */
  readonly backlog: number;
}

/** The open connections of an app, as those outside of its handlers see them. Iterates over all, oldest first. */
export interface Connections<U extends User = User> extends Iterable<ConnectionView<U>> {
  /** How many are open. */
  readonly size: number;
  /** The one with this id. */
  get(id: string): ConnectionView<U> | undefined;
  /** Those of a user. */
  ofUser(id: string): ConnectionView<U>[];
  /** Those with a channel in a topic. */
  inTopic(topic: string): ConnectionView<U>[];
}

/** Finds connections by id, by user and by topic. */
export class ConnectionDirectory<U extends User> implements Connections<U> {
  readonly #table: ConnectionTable;
  readonly #members: Members;
  readonly #claims: Claims<Session>;

  constructor(table: ConnectionTable, members: Members, claims: Claims<Session>) {
    this.#table = table;
    this.#members = members;
    this.#claims = claims;
  }

  get size(): number {
    return this.#table.size;
  }

  get(id: string): ConnectionView<U> | undefined {
    const connection = this.#table.get(id);
    return connection === undefined ? undefined : view<U>(connection);
  }

  ofUser(id: string): ConnectionView<U>[] {
    return this.meant({ user: id }).map(view<U>);
  }

  inTopic(topic: string): ConnectionView<U>[] {
    return this.meant({ topic }).map(view<U>);
  }

  *[Symbol.iterator](): Iterator<ConnectionView<U>> {
    for (const connection of this.#table) yield view<U>(connection);
  }

  /**
   * The connections that are meant.
   *
   * @throws {TroupeError} `bad_target` for what is no {@link Target}.
   */
  meant(target: Target): Connection[] {
    if (target === "all") return [...this.#table];
    const { user, connection, topic } = checkTarget(target);
    if (user !== undefined) return this.#table.ofUser(user);
    const ids = connection !== undefined
      ? [connection]
      : new Set([...this.#members.of(topic!)].map(({ connectionId }) => connectionId));
    return [...ids].map((id) => this.#table.get(id)).filter((each) => each !== undefined);
  }

  /** Sends raw data to the component connections that are meant. Gives how many there were. */
  sendRaw(target: Target, data: RawData): number {
    const meant = this.meant(target);
    const frame = rawFrame(data);
    const raw = meant.filter((connection) => connection.codec === null);
    for (const connection of raw) connection.write(frame);
    return raw.length;
  }

  /** The channels in `topic` of the connections that are meant, and of the sessions that had one and wait for their client. */
  membersAmong(target: Target, topic: string): Member[] {
    const ids = new Set(this.meant(target).map(({ info }) => info.id));
    for (const { info } of this.waiting(target)) ids.add(info.id);
    return [...this.#members.of(topic)].filter(({ connectionId }) => ids.has(connectionId));
  }

  /** The sessions without a connection that are meant: those whose last connection would have been. */
  waiting(target: Target): Session[] {
    if (this.#claims.suspended === 0) return [];
    if (target === "all") return this.#claims.waiting();
    const { user, connection, topic } = checkTarget(target);
    if (user !== undefined) return this.#claims.waitingOf(user);
    return this.#claims.waiting().filter((session) =>
      connection !== undefined ? session.info.id === connection : session.isIn(topic!)
    );
  }
}

const KINDS = ["user", "connection", "topic"];

/** A target of which nothing is known for sure yet. */
type AnyTarget = { readonly user?: string; readonly connection?: string; readonly topic?: string };

function checkTarget(target: unknown): AnyTarget {
  if (typeof target === "object" && target !== null) {
    const entries = Object.entries(target);
    const [[kind, id] = []] = entries;
    if (entries.length === 1 && KINDS.includes(kind!) && typeof id === "string") return target;
  }
  const accepted = '"all", { user: id }, { connection: id } and { topic: name }';
  throw new TroupeError("bad_target", `Cannot tell which connections are meant: accepted are ${accepted}`, {
    details: { accepted },
  });
}

function view<U extends User>(connection: Connection): ConnectionView<U> {
  return new View(connection);
}

class View<U extends User> implements ConnectionView<U> {
  readonly id: string;
  readonly user: U;
  readonly info: ConnectionInfo;
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.id = connection.info.id;
    this.user = connection.user as U;
    this.info = connection.info;
    this.#connection = connection;
  }

  get backlog(): number {
    return this.#connection.backlog;
  }
}
