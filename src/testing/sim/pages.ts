import type { Told } from "./counted_presence.ts";
import type { RawMembership } from "./raw_membership.ts";

/** The event that asks for a page of those who are present, and that tells how many there are. */
export const PRESENCE_EVENT = "troupe:presence";

/** What a client asks for to know all who are present, a page at a time. */
export class Pages {
  readonly #push: (joinRef: string, topic: string, event: string, payload: object) => string;
  /** By the ref of the question. */
  readonly #asked = new Map<string, RawMembership>();

  /** `push`: sends something, and gives its ref. */
  constructor(push: (joinRef: string, topic: string, event: string, payload: object) => string) {
    this.#push = push;
  }

  /** It is connected once more, and counts anew. */
  opened(): void {
    this.#asked.clear();
  }

  /** Asks for all of them. */
  ask(membership: RawMembership): void {
    membership.counted.asking();
    this.#askFor(membership, 0);
  }

  /** Something that it has said is answered. `false`: it was no question of this sort. */
  replied(ref: string, status: string, told: Told): boolean {
    const membership = this.#asked.get(ref);
    if (membership === undefined) return false;
    this.#asked.delete(ref);
    const next = status === "ok" ? membership.counted.paged(told) : null;
    if (next !== null) this.#askFor(membership, next);
    return true;
  }

  #askFor(membership: RawMembership, after: number): void {
    const { joinRef, topic } = membership;
    this.#asked.set(this.#push(joinRef, topic, PRESENCE_EVENT, { after }), membership);
  }
}
