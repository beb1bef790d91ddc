import type { Connection } from "./connection.ts";

/** Every open connection: by id, and by user. */
export class ConnectionTable implements Iterable<Connection> {
  readonly #byId = new Map<string, Connection>();
  readonly #byUser = new Map<string, Set<Connection>>();

  /** How many are open. */
  get size(): number {
    return this.#byId.size;
  }

  /** The connection with this id. */
  get(id: string): Connection | undefined {
    return this.#byId.get(id);
  }

  /** The connections of a user. */
  ofUser(id: string): ReadonlySet<Connection> {
    return this.#byUser.get(id) ?? NONE;
  }

  /** A connection is open. */
  add(connection: Connection): void {
    const userId = connection.user.id;
    this.#byId.set(connection.info.id, connection);
    const own = this.#byUser.get(userId);
    if (own === undefined) this.#byUser.set(userId, new Set([connection]));
    else own.add(connection);
  }

  /** A connection has ended. */
  remove(connection: Connection): void {
    const userId = connection.user.id;
    this.#byId.delete(connection.info.id);
    const own = this.#byUser.get(userId);
    if (own?.delete(connection) && own.size === 0) this.#byUser.delete(userId);
  }

  /** All of them, oldest first. */
  [Symbol.iterator](): Iterator<Connection> {
    return this.#byId.values();
  }
}

const NONE: ReadonlySet<Connection> = new Set();
