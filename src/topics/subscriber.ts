import type { Codec, Frame } from "../protocol/codec.ts";
import type { Published, TopicTurn } from "./topic_turn.ts";

/**
 * One membership of one topic, as the topic sees it: where its publications go. The topic calls it directly, in the
 * commit phase; an implementation MUST NOT throw and MUST NOT wait.
 */
export interface Subscriber {
  /** How its frames are encoded. */
  readonly codec: Codec;
  /** The id of its connection. */
  readonly connectionId: string;
  /** The id of its user. */
  readonly userId: string;
  /** Whether what it gets in one turn can be joined, so that a commit is worth waiting for. It MUST NOT change. */
  readonly gainsByWaiting: boolean;
  /** Whether it still wants anything: a member that has left is skipped until the topic has heard of it. */
  readonly active: boolean;
  /** Whether something of its own waits for a commit and has to come between the publications of this turn. */
  readonly interleaves: boolean;
  /** A publication of its own is committed. */
  committed(): void;
  /** Its subscription is committed: publications follow. */
  subscribed(): void;
  /** Takes one publication, and its form in this subscriber's codec. */
  write(frame: Frame, published: Published): void;
  /** Takes all publications of this turn; the list is shared with other subscribers. */
  writeTurn(turn: TopicTurn): void;
}
