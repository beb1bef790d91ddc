import { type Few, itemsOf, withItem, withoutItem } from "../base/few.ts";
import type { Connection } from "./connection.ts";

/** Every open connection: by id, and by user. */
export class ConnectionTable implements Iterable<Connection> {
  readonly #byId = new Map<string, Connection>();
  readonly #byUser = new Map<string, Few<Connection>>();

  /** How many are open. */
  get size(): number {
    return this.#byId.size;
  }

  /** The connection with this id. */
  get(id: string): Connection | undefined {
    return this.#byId.get(id);
  }

  /** The connections of a user, oldest first. */
  ofUser(id: string): Connection[] {
    return itemsOf(this.#byUser.get(id) ?? null);
  }

  /** A connection is open. */
  add(connection: Connection): void {
    const userId = connection.user.id;
    this.#byId.set(connection.info.id, connection);
    this.#byUser.set(userId, withItem(this.#byUser.get(userId) ?? null, connection));
  }

  /** A connection has ended. */
  remove(connection: Connection): void {
    const userId = connection.user.id;
    this.#byId.delete(connection.info.id);
    const others = withoutItem(this.#byUser.get(userId) ?? null, connection);
    if (others === null) this.#byUser.delete(userId);
    else this.#byUser.set(userId, others);
  }

  /** All of them, oldest first. */
  [Symbol.iterator](): Iterator<Connection> {
    return this.#byId.values();
  }
}
