import type { Clock } from "../base/clock.ts";
import type { Counters } from "../base/inspect.ts";
import type { Logger } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { DeadLetters } from "../actors/dead_letters.ts";
import type { Ref } from "../actors/ref.ts";
import type { Codec, Inbound } from "../protocol/codec.ts";
import type { Frame } from "../protocol/frame.ts";
import type { TopicTurn } from "../topics/topic_turn.ts";
import type { Topics } from "../topics/topics.ts";
import type { Droppable, TurnReaders } from "./droppable.ts";
import type { ConnectionInfo } from "./connection_info.ts";
import type { DedupeWindow } from "./dedupe_window.ts";
import type { Members } from "./members.ts";
import type { OpenWork } from "./open_work.ts";
import type { User } from "./user.ts";

/** What the members of patterns share. */
export interface PatternPorts {
  /** The patterns that somebody has joined: topics of their own, in which nobody publishes. */
  readonly topics: Topics;
  /** For how many topics a subscription remembers whether its client may get what they publish. */
  readonly maxMatches: number;
}

/** What the channels of an application share. */
export interface ChannelPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly counters: Counters;
  readonly deadLetters: DeadLetters;
  readonly topics: Topics;
  /** Patterns of topics that clients may join. Left out: they may not. */
  readonly patterns?: PatternPorts;
  readonly members: Members;
  /** What a shutdown waits for. */
  readonly work: OpenWork;
  /** Messages that one channel's full mailbox refuses in a row before its connection is closed. */
  readonly maxRefusedMessages: number;
  /** Requests to one channel's client that wait for their answers. */
  readonly maxRequests: number;
}

/** Output that waits for a commit. */
export interface Holding {
  /** Whether anything waits. */
  readonly holds: boolean;
  /** Sends behind what waits, whatever becomes of that, what is not its own. */
  sayForOthers(frame: Frame): void;
}

/** What a channel needs of its session. `C` is the channel's own type. */
export interface ChannelOwner<C> {
  readonly ports: ChannelPorts;
  readonly codec: Codec;
  readonly user: User;
  /** How often the user was authorized: a refresh counts, and a client that comes back. */
  readonly authorizations: number;
  readonly info: ConnectionInfo;
  /** What the client has sent under ids of its own; `null`: nothing yet. */
  readonly dedupe: DedupeWindow | null;
  /** The session's actor. */
  readonly ref: Ref<never>;
  /** What the client claims the session by; `null`: the session ends with its connection. */
  readonly secret: string | null;
  /** Whether what goes out in one turn can be joined, as far as is known now. */
  readonly gainsByWaiting: boolean;
  /** Sends one frame, at the end of this turn. */
  write(frame: Frame): void;
  /** Sends one publication, which may be left out if it has to wait. */
  writeDroppable(publication: Droppable): void;
  /** Sends the frames of a turn that is shared with other sessions. `reader`: whose policy may leave some out. */
  writeTurn(turn: TopicTurn, reader: TurnReaders | null): void;
  /** The answer to a message whose topic is not joined. */
  unmatchedReply(message: Inbound): Frame;
  /** The client sends more than its channels can take, again and again. */
  overloaded(): void;
  /** Sends what is no member's, behind what the session's channels still hold back. */
  say(frame: Frame): void;
  /** A channel has not let its client in again: it is away as before. */
  stillAway(): void;
  /** A channel holds something back, until a commit. */
  holding(holding: Holding): void;
  /** The channel's actor is done. */
  forget(): void;
  /** The channel's actor is done, and nothing that it said waits any more. */
  vanished(channel: C): void;
}
