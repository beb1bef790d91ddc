import type { Codec, Frame } from "../protocol/codec.ts";
import type { ExtensionMember } from "./extension.ts";
import type { Origin } from "./origin.ts";
import type { Recovery, ResumeWish } from "./recovery.ts";
import type { Published, TopicTurn } from "./topic_turn.ts";

/**
 * One membership of one topic, as the topic sees it: where its publications go. The topic calls it directly, in the
 * commit phase; an implementation MUST NOT throw and MUST NOT wait.
 */
export interface Subscriber extends ExtensionMember, Origin {
  /** How its frames are encoded. */
  readonly codec: Codec;
  /** Whether what it gets in one turn can be joined, so that a commit is worth waiting for. It MUST NOT change. */
  readonly gainsByWaiting: boolean;
  /** Whether it still wants anything: a member that has left is skipped until the topic has heard of it. */
  readonly active: boolean;
  /** Whether something of its own waits for a commit and has to come between the publications of this turn. */
  readonly interleaves: boolean;
  /** Whom it stands in for: whoever chooses among subscribers is asked about that one. Left out: nobody. */
  readonly inner?: Subscriber;
  /** What it has seen of the topic before; `null`: it does not say. */
  readonly wish: ResumeWish | null;
  /**
   * How often it has asked to become a member. A client that goes and comes back while the topic has yet to hear of it asks
   * again: what was asked before is void then. Left out: once.
   */
  readonly asks?: number;
  /** Its subscription is committed: publications follow. `recovery`: how it begins, where the topic has a history. */
  subscribed(recovery: Recovery | null): void;
  /**
   * It does not become a member, as far as it asked for that: the `TroupeError` says why, and whether it may ask again.
   * Left out: it has no past that could take its time.
   */
  turnedAway?(error: unknown): void;
  /** Takes one publication, and its form in this subscriber's codec. */
  write(frame: Frame, published: Published): void;
  /** Takes all publications of this turn; the list is shared with other subscribers. */
  writeTurn(turn: TopicTurn): void;
}
