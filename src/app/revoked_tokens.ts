import type { Clock } from "../base/clock.ts";
import type { Counters } from "../base/inspect.ts";
import { type Deadline, DeadlineHeap, NOT_KEPT } from "../sessions/deadline_heap.ts";

/** How revocations are bounded. */
export interface RevokedTokensBounds {
  /** How many are remembered. Beyond, the one that would be forgotten next is (`revocations.forgotten`). */
  readonly maxRevocations: number;
  /** How long one is remembered whose token's end is not known, in milliseconds. */
  readonly revocationMs: number;
}

interface Entry extends Deadline {
  readonly tokenId: string;
}

/**
 * Token ids that are refused, each until its token would have expired by itself. Nothing of it needs a timer: what is
 * past is forgotten when the next one comes.
 */
export class RevokedTokens {
  readonly #clock: Clock;
  readonly #counters: Counters;
  readonly #bounds: RevokedTokensBounds;
  readonly #byId = new Map<string, Entry>();
  readonly #heap = new DeadlineHeap<Entry>();

  constructor(clock: Clock, counters: Counters, bounds: RevokedTokensBounds) {
    this.#clock = clock;
    this.#counters = counters;
    this.#bounds = bounds;
  }

  /** How many are remembered. */
  get size(): number {
    return this.#byId.size;
  }

  /** Refuses `tokenId` from now on, until `expiresAtMs`; `null`: nobody knows, or never. */
  add(tokenId: string, expiresAtMs: number | null): void {
    const nowMs = this.#clock.now();
    this.#forgetPast(nowMs);
    const known = this.#byId.get(tokenId);
    const atMs = Math.max(expiresAtMs ?? nowMs + this.#bounds.revocationMs, known?.atMs ?? 0);
    if (atMs <= nowMs || atMs === known?.atMs) return;
    if (known !== undefined) this.#forget(known);
    while (this.#byId.size >= this.#bounds.maxRevocations) {
      this.#counters.add("revocations.forgotten");
      this.#forget(this.#heap.first!);
    }
    const entry = { tokenId, atMs, heapIndex: NOT_KEPT };
    this.#byId.set(tokenId, entry);
    this.#heap.add(entry);
  }

  /**
   * Whether `tokenId` is refused. What its own expiry says is remembered from then on: a token that lives longer than
   * was known when it was revoked stays refused for all of its life.
   */
  has(tokenId: string, expiresAtMs: number | null): boolean {
    const entry = this.#byId.get(tokenId);
    if (entry === undefined) return false;
    if (entry.atMs <= this.#clock.now()) {
      this.#forget(entry);
      return false;
    }
    if (expiresAtMs !== null && expiresAtMs > entry.atMs) this.add(tokenId, expiresAtMs);
    return true;
  }

  #forgetPast(nowMs: number): void {
    for (let { first } = this.#heap; first !== undefined && first.atMs <= nowMs; first = this.#heap.first) {
      this.#forget(first);
    }
  }

  #forget(entry: Entry): void {
    this.#byId.delete(entry.tokenId);
    this.#heap.delete(entry);
  }
}
