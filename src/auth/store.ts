/**
 * The port for cookie sessions: where it is kept who is logged in.
 *
 * @module
 */

/** One login, as a store keeps it. */
export interface StoredSession {
  /** Whose it is. */
  readonly userId: string;
  /** What the application keeps with it: a JSON text of a bounded length. */
  readonly data: string;
  /** When it was made, in milliseconds since the Unix epoch. */
  readonly createdAtMs: number;
  /** From when on it is not valid, in milliseconds since the Unix epoch. */
  readonly expiresAtMs: number;
}

/**
 * Keeps sessions by their ids. A method may answer at once or with a promise, and MAY fail (throw or reject) when the
 * store cannot be reached; it MUST NOT answer as if nothing were there then.
 *
 * What one call has done MUST be seen by every call that begins after it has returned or resolved. A store SHOULD
 * forget a session soon after `expiresAtMs`; it MAY still hand it out until then, since who asks looks at the time as
 * well. It MUST NOT forget one before, unless it is full: it has a bound, which its documentation names.
 *
 * `testSessionStore` in `@troupe/core/testing` tests all of this.
 */
export interface SessionStore {
  /** The session `id`; `null` for one that is not there. What is handed out MUST NOT change afterwards. */
  get(id: string): StoredSession | null | Promise<StoredSession | null>;
  /** Keeps a session under a new id. MUST copy what it needs: the object is the caller's. */
  create(id: string, session: StoredSession): void | Promise<void>;
  /**
   * Puts `session` in the place of the one under `id`. `false`, and nothing is kept, if there is none: this MUST be one
   * step, so that a session which is deleted meanwhile does not come back.
   */
  replace(id: string, session: StoredSession): boolean | Promise<boolean>;
  /** Forgets the session `id`. One that is not there is none to forget. */
  delete(id: string): void | Promise<void>;
  /** Forgets all sessions of a user. Answers their ids. */
  deleteOfUser(userId: string): readonly string[] | Promise<readonly string[]>;
}
