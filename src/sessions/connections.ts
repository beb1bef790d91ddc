import type { Connection } from "./connection.ts";

/** Every open connection: by id, and by user. */
export class ConnectionTable implements Iterable<Connection> {
  readonly #byId = new Map<string, Connection>();
  /** The connections of a user. Most users have one, and a set for it would weigh 300 bytes. */
  readonly #byUser = new Map<string, Connection | Set<Connection>>();

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
    const own = this.#byUser.get(id);
    if (own instanceof Set) return own;
    return own === undefined ? NONE : new Set([own]);
  }

  /** A connection is open. */
  add(connection: Connection): void {
    const userId = connection.user.id;
    this.#byId.set(connection.info.id, connection);
    const own = this.#byUser.get(userId);
    if (own === undefined) this.#byUser.set(userId, connection);
    else if (own instanceof Set) own.add(connection);
    else this.#byUser.set(userId, new Set([own, connection]));
  }

  /** A connection has ended. */
  remove(connection: Connection): void {
    const userId = connection.user.id;
    this.#byId.delete(connection.info.id);
    const own = this.#byUser.get(userId);
    if (own === connection || (own instanceof Set && own.delete(connection) && own.size === 0)) {
      this.#byUser.delete(userId);
    }
  }

  /** All of them, oldest first. */
  [Symbol.iterator](): Iterator<Connection> {
    return this.#byId.values();
  }
}

const NONE: ReadonlySet<Connection> = new Set();
