import type { Frame } from "../protocol/frame.ts";
import type { Published } from "../topics/topic_turn.ts";
import type { DroppingReader } from "./dropping_reader.ts";

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
