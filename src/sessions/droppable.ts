import type { Frame } from "../protocol/frame.ts";
import type { Published } from "../topics/topic_turn.ts";

/** A publication for one subscriber that may be left out if it has to wait. */
export class Droppable {
  /** `null`: it is left out. */
  frame: Frame | null;
  readonly reader: DroppingReader;
  /** What the reader's policy tells it from others by; known once it waits. */
  key: string | number | undefined = undefined;
  /** Where it stands among those of its reader that have waited; 0: it has not. */
  number = 0;
  /** Its offset in the topic's history. */
  readonly offset: number | null;
  /** What the frame carries, until the key is known: a payload must not be kept for longer than its frame needs it. */
  published: Published | null;

  constructor(frame: Frame, published: Published, reader: DroppingReader) {
    this.frame = frame;
    this.published = published;
    this.offset = published.position?.offset ?? null;
    this.reader = reader;
  }
}

/**
 * Chooses, for one subscription, what becomes of its publications that wait in a connection's backlog, and knows what the
 * client has to be told of it.
 */
export interface DroppingReader {
  /** Whether the connection is to be closed as soon as something waits. */
  readonly closes: boolean;
  /** Whether its oldest may be left out where the outbox is full. */
  readonly yields: boolean;
  /** `waiting` has to wait, behind all others of this reader. Gives the one that is left out for it, which it may be itself. */
  admit(waiting: Droppable): Droppable | null;
  /** `waiting`, which was admitted, is left out. */
  drop(waiting: Droppable): void;
  /** What the client has to be told ahead of `next`, if anything. */
  noticeBefore(next: Droppable): Frame | null;
  /** What the client has to be told once it has caught up, if anything. */
  notice(): Frame | null;
  /** The client has caught up, or is being told. */
  noticed(): void;
  /** `waiting` leaves for the client. */
  leave(waiting: Droppable): void;
  /** Nothing waits any more, since the connection has ended. */
  clear(): void;
}

/** Who chooses for each publication of a turn. */
export interface TurnReaders {
  /** `null`: it has to arrive. */
  readerOf(published: Published): DroppingReader | null;
}
