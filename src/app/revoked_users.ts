/** A handshake or a refresh whose `authenticate` is pending. */
export interface PendingAnswer {
  /** How many users had been revoked when it began. */
  readonly since: number;
}

/**
 * Which users were revoked while answers of `authenticate` are pending: what those say may have been true only before.
 * A revocation is remembered as long as an answer is pending that began earlier, which its time-out bounds.
 */
export class RevokedUsers {
  readonly #pending = new Set<PendingAnswer>();
  /** When each was revoked last, the oldest first. */
  readonly #byId = new Map<string, number>();
  #revocations = 0;

  /** How many are remembered. */
  get size(): number {
    return this.#byId.size;
  }

  /** An answer is asked for. Must end with {@link RevokedUsers.ended}. */
  began(): PendingAnswer {
    const pending = { since: this.#revocations };
    this.#pending.add(pending);
    return pending;
  }

  /** The answer has come, or never will. */
  ended(pending: PendingAnswer): void {
    this.#pending.delete(pending);
    const oldest = this.#pending.values().next().value?.since ?? Infinity;
    for (const [id, at] of this.#byId) {
      if (at > oldest) break;
      this.#byId.delete(id);
    }
  }

  /** Whether `userId` was revoked since `pending` began. */
  has(userId: string, pending: PendingAnswer): boolean {
    return (this.#byId.get(userId) ?? 0) > pending.since;
  }

  /** Revokes a user: answers that are pending do not count. */
  add(userId: string): void {
    this.#revocations++;
    if (this.#pending.size === 0) return;
    this.#byId.delete(userId);
    this.#byId.set(userId, this.#revocations);
  }
}
