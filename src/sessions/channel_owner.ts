import type { Clock } from "../base/clock.ts";
import type { Counters } from "../base/inspect.ts";
import type { Logger } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { DeadLetters } from "../actors/dead_letters.ts";
import type { Ref } from "../actors/ref.ts";
import type { Codec, Inbound } from "../protocol/codec.ts";
import type { Frame } from "../protocol/frame.ts";
import type { Turn } from "../protocol/turn.ts";
import type { Topics } from "../topics/topics.ts";
import type { ConnectionInfo } from "./connection_info.ts";
import type { Members } from "./members.ts";
import type { OpenWork } from "./open_work.ts";
import type { User } from "./user.ts";

/** What the channels of an application share. */
export interface ChannelPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly counters: Counters;
  readonly deadLetters: DeadLetters;
  readonly topics: Topics;
  readonly members: Members;
  /** What a shutdown waits for. */
  readonly work: OpenWork;
  /** Messages that one channel's full mailbox refuses in a row before its connection is closed. */
  readonly maxRefusedMessages: number;
}

/** Output that waits for a commit. */
export interface Holding {
  /** Whether anything waits. */
  readonly holds: boolean;
  /** Sends behind what waits. */
  say(frame: Frame): void;
}

/** What a channel needs of its session. `C` is the channel's own type. */
export interface ChannelOwner<C> {
  readonly ports: ChannelPorts;
  readonly codec: Codec;
  readonly user: User;
  readonly info: ConnectionInfo;
  /** The session's actor. */
  readonly ref: Ref<never>;
  /** Whether what goes out in one turn can be joined, as far as is known now. */
  readonly gainsByWaiting: boolean;
  /** Sends one frame, at the end of this turn. */
  write(frame: Frame): void;
  /** Sends the frames of a turn that is shared with other sessions. */
  writeTurn(turn: Turn): void;
  /** The answer to a message whose topic is not joined. */
  unmatchedReply(message: Inbound): Frame;
  /** The client sends more than its channels can take, again and again. */
  overloaded(): void;
  /** Sends what is no member's, behind what the session's channels still hold back. */
  say(frame: Frame): void;
  /** A channel holds something back, until a commit. */
  holding(holding: Holding): void;
  /** The channel's actor is done. */
  forget(): void;
  /** The channel's actor is done, and nothing that it said waits any more. */
  vanished(channel: C): void;
}
