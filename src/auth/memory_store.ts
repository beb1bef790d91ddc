import { type Clock, systemClock } from "../base/clock.ts";
import { Counters } from "../base/inspect.ts";
import type { SessionStore, StoredSession } from "./store.ts";

/** How a {@link MemorySessionStore} is bounded. */
export interface MemorySessionStoreOptions {
  /**
   * How many sessions are kept. Default: 100,000. Beyond, the one that was made or replaced longest ago is forgotten
   * (`cookie_sessions.evicted`).
   */
  maxSessions?: number;
  /** Time. Default: the machine's. */
  clock?: Clock;
  /** Where evictions are counted. Default: counters of its own. */
  counters?: Counters;
}

/** How many of the oldest sessions are looked at, whether they have expired, when one is made. */
const SWEPT_AT_ONCE = 4;

/**
 * Keeps sessions in this process: a restart forgets them. For tests, and where one process serves all.
 *
 * @example
 * ```ts
 * import { MemorySessionStore } from "@troupe/core/auth";
 * import { assertEquals } from "@std/assert";
 *
 * const store = new MemorySessionStore({ maxSessions: 1 });
 * const session = { userId: "ada", data: "null", createdAtMs: Date.now(), expiresAtMs: Date.now() + 60_000 };
 * store.create("s-1", session);
 * store.create("s-2", session);
 * assertEquals([store.get("s-1"), store.get("s-2")], [null, session]);
 * ```
 */
export class MemorySessionStore implements SessionStore {
  readonly #maxSessions: number;
  readonly #clock: Clock;
  readonly #counters: Counters;
  /** The one that was made or replaced longest ago comes first. */
  readonly #sessions = new Map<string, StoredSession>();
  readonly #idsByUser = new Map<string, Set<string>>();

  /** Makes an empty store. */
  constructor(options: MemorySessionStoreOptions = {}) {
    this.#maxSessions = options.maxSessions ?? 100_000;
    this.#clock = options.clock ?? systemClock;
    this.#counters = options.counters ?? new Counters();
  }

  /** How many it keeps, some of which may have expired. */
  get size(): number {
    return this.#sessions.size;
  }

  /** See {@link SessionStore.get}. */
  get(id: string): StoredSession | null {
    const session = this.#sessions.get(id);
    if (session === undefined) return null;
    if (session.expiresAtMs > this.#clock.now()) return session;
    this.delete(id);
    return null;
  }

  /** See {@link SessionStore.create}. */
  create(id: string, session: StoredSession): void {
    this.delete(id);
    this.#sweep();
    this.#sessions.set(id, Object.freeze({ ...session }));
    const ids = this.#idsByUser.get(session.userId);
    if (ids === undefined) this.#idsByUser.set(session.userId, new Set([id]));
    else ids.add(id);
    if (this.#sessions.size <= this.#maxSessions) return;
    this.delete(this.#sessions.keys().next().value!);
    this.#counters.add("cookie_sessions.evicted");
  }

  /** See {@link SessionStore.replace}. */
  replace(id: string, session: StoredSession): boolean {
    if (this.get(id) === null) return false;
    this.create(id, session);
    return true;
  }

  /** See {@link SessionStore.delete}. */
  delete(id: string): void {
    const userId = this.#sessions.get(id)?.userId;
    if (userId === undefined) return;
    this.#sessions.delete(id);
    const ids = this.#idsByUser.get(userId)!;
    ids.delete(id);
    if (ids.size === 0) this.#idsByUser.delete(userId);
  }

  /** See {@link SessionStore.deleteOfUser}. */
  deleteOfUser(userId: string): readonly string[] {
    const ids = [...this.#idsByUser.get(userId) ?? []];
    for (const id of ids) this.delete(id);
    return ids;
  }

  #sweep(): void {
    const nowMs = this.#clock.now();
    let left = SWEPT_AT_ONCE;
    for (const [id, { expiresAtMs }] of this.#sessions) {
      if (left-- === 0) return;
      if (expiresAtMs <= nowMs) this.delete(id);
    }
  }
}
