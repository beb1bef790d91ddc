import type { Position } from "../base/position.ts";
import type { Frame } from "../protocol/codec.ts";
import { Turn } from "../protocol/turn.ts";

/** What a frame of a topic carries, for those who have to choose between frames. */
export interface Published {
  readonly event: string;
  readonly payload: unknown;
  /** Where it stands in the topic's log; `null` without a history. */
  readonly position: Position | null;
}

/** What one turn brings to the subscribers of a topic, all of one codec. */
export class TopicTurn extends Turn {
  /** What each of the frames carries. */
  readonly published: readonly Published[];

  /** `published[i]` is what `frames[i]` carries. */
  constructor(frames: readonly Frame[], published: readonly Published[]) {
    super(frames);
    this.published = published;
  }
}
