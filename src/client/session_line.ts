/**
 * Which session it is that a client speaks to.
 *
 * @module
 */

import type { Greeting } from "./greeting.ts";

/** One session of the server's, as its client tells it from others. */
export class Era {
  /** It has turned out to be that one. */
  same: Era | null = null;

  /** The one that it is in the end. */
  get origin(): Era {
    return this.same?.origin ?? this;
  }
}

/**
 * Follows the session through connections and ever new secrets. A server knows what was sent to it in that session alone:
 * what was sent in another one cannot be repeated, whatever waits for this client by now.
 */
export class SessionLine {
  #secret: string | null = null;
  #era = new Era();
  /** The era before, as long as this one may turn out to be it: a topic that is new says nothing of the session. */
  #before: Era | null = null;

  /** What the session is claimed by; `null` if it ends with its connection. */
  get secret(): string | null {
    return this.#secret;
  }

  /** The session that the client speaks to now. */
  get era(): Era {
    return this.#era;
  }

  /** Whether it still speaks to the session that it was in then. */
  isSame(era: Era): boolean {
    return era.origin === this.#era.origin;
  }

  /** What the answer to a join says of it. */
  greeted({ session, resumed }: Pick<Greeting, "session" | "resumed">): void {
    if (session === null) return;
    if (session === this.#secret) {
      if (resumed && this.#before !== null) {
        this.#era.same = this.#before;
        this.#before = null;
      }
      return;
    }
    this.#secret = session;
    this.#before = resumed ? null : this.#era;
    if (!resumed) this.#era = new Era();
  }
}
