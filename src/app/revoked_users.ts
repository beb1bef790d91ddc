/** Answers of `authenticate` that are pending, for a handshake or a refresh, and began between the same two revocations. */
export interface PendingAnswers {
  /** How many users had been revoked when they began. */
  since: number;
  /** How many are pending. */
  count: number;
}

/**
 * Which users were revoked while answers of `authenticate` are pending: what those say may have been true only before.
 * A revocation is remembered as long as an answer is pending that began earlier, which its time-out bounds.
 */
export class RevokedUsers {
  /** The oldest first; the last are those that begin now. Only a revocation adds to them, no handshake. */
  readonly #pending: PendingAnswers[] = [{ since: 0, count: 0 }];
  /** When each was revoked last, the oldest first. */
  readonly #byId = new Map<string, number>();
  #revocations = 0;

  /** How many are remembered. */
  get size(): number {
    return this.#byId.size;
  }

  /** An answer is asked for. Must end with {@link RevokedUsers.ended}. */
  began(): PendingAnswers {
    const pending = this.#pending[this.#pending.length - 1];
    pending.count++;
    return pending;
  }

  /** The answer has come, or never will. */
  ended(pending: PendingAnswers): void {
    if (--pending.count > 0 || this.#byId.size === 0) return;
    const all = this.#pending;
    const first = all.findIndex(({ count }) => count > 0);
    all.splice(0, first < 0 ? all.length - 1 : first);
    const oldest = first < 0 ? Infinity : all[0].since;
    for (const [id, at] of this.#byId) {
      if (at > oldest) break;
      this.#byId.delete(id);
    }
  }

  /** Whether `userId` was revoked since `pending` began. */
  has(userId: string, pending: PendingAnswers): boolean {
    return (this.#byId.get(userId) ?? 0) > pending.since;
  }

  /** Revokes a user: answers that are pending do not count. */
  add(userId: string): void {
    this.#revocations++;
    const all = this.#pending;
    const latest = all[all.length - 1];
    if (latest.count === 0) latest.since = this.#revocations;
    else all.push({ since: this.#revocations, count: 0 });
    if (all.length === 1) return;
    this.#byId.delete(userId);
    this.#byId.set(userId, this.#revocations);
  }
}
