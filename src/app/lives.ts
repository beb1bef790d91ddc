import { TroupeError } from "../base/errors.ts";
import type { Life, OtherPorts } from "./life.ts";

/** What a path, a topic, … that is declared does to each life. */
export type Declaration = (life: Life) => void;

/** How long an ending may take if nobody says otherwise, in milliseconds. */
export const DEADLINE_MS = 10_000;

/** The life that an app was made with and, for a while, another one over other ports. One of them is the app's now. */
export class Lives {
  readonly #begin: (others: OtherPorts | null) => Life;
  /** In their order: later lives are made of them. */
  readonly #declarations: Declaration[] = [];
  readonly #own: Life;
  #now: Life;
  /** What somebody may have kept a part of, or has used, of the app's own life; `null`: nothing. */
  #known: string | null = null;

  /** `begin` makes a life of the app's options: over the app's own ports, or over others. */
  constructor(begin: (others: OtherPorts | null) => Life) {
    this.#begin = begin;
    this.#now = this.#own = begin(null);
  }

  /** The life that the app has now. */
  get now(): Life {
    return this.#now;
  }

  /** The same, for somebody who may keep a part of it, by what the app has been asked for. */
  known(by: string): Life {
    if (this.#now === this.#own) this.#known ??= by;
    return this.#now;
  }

  /**
   * Does it to the life that the app has now; and to every later one, unless it is done to one over other ports, which
   * it ends with. Throws what it throws; then it is not declared.
   */
  declare(declaration: Declaration): void {
    declaration(this.#now);
    if (this.#now === this.#own) this.#declarations.push(declaration);
  }

  /**
   * Makes what has been declared anew, over other ports: until the end of it, whatever the app is asked is asked of that
   * life. Returns what ends it; the app goes on with the life that it was made with then.
   *
   * @throws {TroupeError} `app_in_use` for an app that serves, is closed, or of which somebody may hold a part.
   */
  over(others: OtherPorts): () => Promise<void> {
    if (this.#now !== this.#own) throw inUse("another test kit has it, and did not give it back yet");
    if (this.#own.isClosed) throw inUse("it is closed");
    if (this.#known !== null) throw inUse(`${this.#known} has been used already`, this.#known);
    const life = this.#begin(others);
    for (const declaration of this.#declarations) declaration(life);
    this.#now = life;
    return async () => {
      await life.close(DEADLINE_MS);
      if (this.#now === life) this.#now = this.#own;
    };
  }
}

function inUse(why: string, used?: string): TroupeError {
  const accepted = "an app that has been declared (options, topics, paths, middleware) and not been used yet";
  return new TroupeError(
    "app_in_use",
    `Cannot let the app live over other ports: ${why}. Accepted: ${accepted}; or a function that makes the app`,
    { details: { ...(used !== undefined && { used }), accepted } },
  );
}
