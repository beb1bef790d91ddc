import type { Counters } from "../base/inspect.ts";
import type { Published } from "../topics/topic_turn.ts";
import type { Droppable, DroppingReader, TurnReaders } from "./droppable.ts";
import { isOwnEvent } from "./own_events.ts";
import type { SlowReader } from "./slow_reader.ts";

/**
 * For what the engine itself publishes to say how things stand, such as who is present: while the client is behind it all
 * collapses, and once the client has caught up it is told how things stand then. So it is never lost, and never piles up.
 */
export class StandingReader implements DroppingReader, TurnReaders {
  readonly closes = false;
  readonly yields = false;
  readonly #counters: Counters;
  readonly #slowReader: SlowReader | null;
  readonly #caughtUp: () => void;
  #owes = false;

  /** `slowReader` chooses for all other publications. `caughtUp`: the client is to be told how things stand. */
  constructor(counters: Counters, slowReader: SlowReader | null, caughtUp: () => void) {
    this.#counters = counters;
    this.#slowReader = slowReader;
    this.#caughtUp = caughtUp;
  }

  readerOf(published: Published): DroppingReader | null {
    return isOwnEvent(published.event) ? this : this.#slowReader;
  }

  admit(waiting: Droppable): Droppable {
    waiting.published = null;
    return waiting;
  }

  drop(waiting: Droppable): void {
    waiting.frame = null;
    this.#owes = true;
    this.#counters.add("presence.collapsed");
  }

  noticeBefore(): null {
    return null;
  }

  notice(): null {
    return null;
  }

  noticed(): void {
    if (!this.#owes) return;
    this.#owes = false;
    this.#caughtUp();
  }

  leave(): void {}

  clear(): void {
    this.#owes = false;
  }
}
