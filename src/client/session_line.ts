/**
 * Which session it is that a client speaks to.
 *
 * @module
 */

import type { Greeting } from "./greeting.ts";

/** One session of the server's, as its client tells it from others. */
export interface Era {
  /** It has turned out to be that one. */
  same: Era | null;
}

/** The one that it is in the end. */
function originOf(era: Era): Era {
  return era.same === null ? era : originOf(era.same);
}

/**
 * Follows the session through connections and ever new secrets. A server knows what was sent to it in that session alone:
 * what was sent in another one cannot be repeated, whatever waits for this client by now.
 */
export class SessionLine {
  /** What the session is claimed by; `null` if it ends with its connection. */
  secret: string | null = null;
  /** The session that the client speaks to now. */
  era: Era = { same: null };
  /** The era before, as long as this one may turn out to be it: a topic that is new says nothing of the session. */
  #before: Era | null = null;

  /** Whether it still speaks to the session that it was in then. */
  isSame(era: Era): boolean {
    return originOf(era) === originOf(this.era);
  }

  /** What the answer to a join says of it. */
  greeted({ session, resumed }: Pick<Greeting, "session" | "resumed">): void {
    if (session === null) return;
    if (session !== this.secret) {
      this.secret = session;
      this.#before = resumed ? null : this.era;
      if (!resumed) this.era = { same: null };
    } else if (resumed && this.#before !== null) {
      this.era.same = this.#before;
      this.#before = null;
    }
  }
}
