import type { Clock } from "../base/clock.ts";
import type { Counters } from "../base/inspect.ts";
import type { Logger } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { DeadLetters } from "../actors/dead_letters.ts";
import type { Ref } from "../actors/ref.ts";
import type { Codec, Inbound } from "../protocol/codec.ts";
import type { Frame } from "../protocol/frame.ts";
import type { Turn } from "../protocol/turn.ts";
import type { TopicMessage } from "../topics/topic.ts";
import type { Topics } from "../topics/topics.ts";
import type { ConnectionInfo } from "./connection_info.ts";
import type { User } from "./user.ts";

/** What the channels of an application share. */
export interface ChannelPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly counters: Counters;
  readonly deadLetters: DeadLetters;
  readonly topics: Topics;
  /** Messages that one channel's full mailbox refuses in a row before its connection is closed. */
  readonly maxRefusedMessages: number;
}

/** What a channel needs of its session. `C` is the channel's own type. */
export interface ChannelOwner<C> {
  readonly ports: ChannelPorts;
  readonly codec: Codec;
  readonly user: User;
  readonly info: ConnectionInfo;
  /** The session's actor. */
  readonly ref: Ref<never>;
  /** Sends one frame, at the end of this turn. */
  write(frame: Frame): void;
  /** Sends the frames of a turn that is shared with other sessions. */
  writeTurn(turn: Turn): void;
  /** The answer to a message whose topic is not joined. */
  unmatchedReply(message: Inbound): Frame;
  /** The client sends more than its channels can take, again and again. */
  overloaded(): void;
  /** The channel is a member of its topic. */
  subscribed(channel: C): void;
  /** The channel is no member any more. */
  released(channel: C, topicRef: Ref<TopicMessage>): void;
  /** The channel's actor is done. */
  forget(channel: C): void;
}
