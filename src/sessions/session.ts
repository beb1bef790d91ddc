import { TroupeError } from "../base/errors.ts";
import { actor, type Behavior } from "../actors/behavior.ts";
import { requestStop, spawnUnder, type Watcher } from "../actors/inside.ts";
import type { Ref } from "../actors/ref.ts";
import type { PatternTable } from "../contract/pattern_table.ts";
import type { Codec, Inbound } from "../protocol/codec.ts";
import { type Frame, utf8Length } from "../protocol/frame.ts";
import type { Turn } from "../protocol/turn.ts";
import type { TopicMessage } from "../topics/topic.ts";
import { Channel } from "./channel.ts";
import type { ChannelMessage } from "./channel_message.ts";
import type { ChannelOwner, ChannelPorts } from "./channel_owner.ts";
import type { ConnectionInfo } from "./connection_info.ts";
import type { Members } from "./members.ts";
import type { LeaveReason } from "./topic_handlers.ts";
import type { TopicKind } from "./topic_kind.ts";
import type { User } from "./user.ts";

/** How a session is bounded. */
export interface SessionLimits {
  /** Channels of one session. Default: 100 (as Phoenix since 1.8.9). */
  readonly maxChannels: number;
  /** Bytes of a topic's name. Default: 512. */
  readonly maxTopicBytes: number;
}

/** The limits if nobody says otherwise. */
export const DEFAULT_SESSION_LIMITS: SessionLimits = { maxChannels: 100, maxTopicBytes: 512 };

/** What every session of an application shares. */
export interface SessionPorts extends ChannelPorts {
  readonly kinds: PatternTable<TopicKind>;
  readonly members: Members;
  readonly channelBehavior: Behavior<ChannelMessage, Channel>;
}

/** Where a session's output goes while a connection is attached. */
export interface SessionSink {
  write(frame: Frame): void;
  writeTurn(turn: Turn): void;
  /** The client sends more than its channels can take, again and again. */
  overloaded(): void;
}

/**
 * What outlives a connection: owns the channels and the user. A connection attaches to it, hands it what the client
 * said, and takes what it says; without a connection there is nobody to say it to. Here a session ends when its
 * connection does.
 */
export class Session implements ChannelOwner<Channel> {
  readonly ports: SessionPorts;
  readonly codec: Codec;
  readonly user: User;
  readonly info: ConnectionInfo;
  readonly #limits: SessionLimits;
  readonly #channels = new Map<string, Channel>();
  #ref: Ref<never> | null = null;
  #sink: SessionSink | null = null;
  /** Channels that have not finished, those included that another incarnation has replaced. */
  #unfinished = 0;
  #ending = false;

  constructor(ports: SessionPorts, limits: SessionLimits, codec: Codec, user: User, info: ConnectionInfo) {
    this.ports = ports;
    this.#limits = limits;
    this.codec = codec;
    this.user = user;
    this.info = info;
  }

  /** The session's actor, the parent of its channels. */
  get ref(): Ref<never> {
    return this.#ref!;
  }

  /** Its actor is `ref`. */
  startedAs(ref: Ref<never>): void {
    this.#ref = ref;
  }

  /** The channels, by topic. */
  get channels(): ReadonlyMap<string, Channel> {
    return this.#channels;
  }

  /** A connection takes over the session's output. */
  attach(sink: SessionSink): void {
    this.#sink = sink;
  }

  /** The connection has gone; the session ends with it. */
  detach(reason: LeaveReason): void {
    this.#sink = null;
    this.end(reason);
  }

  /** Ends all channels, then the session's actor. */
  end(reason: LeaveReason): void {
    this.#ending = true;
    for (const channel of [...this.#channels.values()]) channel.requestEnd(reason);
    this.#stopWhenFinished();
  }

  // ── What the client says ─────────────────────────────────────────────────────────────────────────────────────────

  /** Takes one message of the client's: heartbeats and joins are done here, all else goes to its channel. */
  receive(message: Inbound): void {
    if (message.topic === "phoenix") return this.#receiveControl(message);
    if (message.event === "phx_join") return this.#join(message);
    const channel = this.#channels.get(message.topic);
    if (channel === undefined) return this.#receiveUnjoined(message);
    if (message.joinRef !== null && message.joinRef !== channel.joinRef) {
      this.ports.counters.add("channels.stale_messages");
      return;
    }
    if (message.event === "phx_leave") channel.requestEnd({ kind: "left" }, message);
    else channel.post(message);
  }

  #receiveControl(message: Inbound): void {
    if (message.event === "heartbeat") this.reply(null, message.ref, message.topic, "ok", {});
    else this.write(this.unmatchedReply(message));
  }

  #receiveUnjoined(message: Inbound): void {
    if (message.event === "phx_leave") this.reply(message.joinRef, message.ref, message.topic, "ok", {});
    else this.write(this.unmatchedReply(message));
  }

  #join(message: Inbound): void {
    const joinRef = message.joinRef ?? message.ref;
    const refuse = (response: unknown): void => {
      this.ports.counters.add("channels.refused");
      this.reply(joinRef, message.ref, message.topic, "error", response);
    };
    const { maxTopicBytes, maxChannels } = this.#limits;
    if (joinRef === null) return refuse({ reason: "missing_ref" });
    if (utf8Length(message.topic) > maxTopicBytes) {
      return refuse({ reason: "topic_too_long", maxBytes: maxTopicBytes });
    }
    const match = this.ports.kinds.find(message.topic);
    if (match === null) return this.write(this.unmatchedReply(message));
    const previous = this.#channels.get(message.topic);
    if (previous === undefined && this.#unfinished >= maxChannels) {
      return refuse({ reason: "too many channels joined" });
    }
    const hold = (watcher: Watcher): Ref<TopicMessage> => this.ports.topics.hold(message.topic, watcher);
    let channel: Channel;
    try {
      channel = new Channel(this, match.value, message, match.params, hold, previous);
    } catch (error) {
      return refuse(unavailable(error));
    }
    previous?.requestEnd({ kind: "replaced" });
    this.#channels.set(message.topic, channel);
    this.#unfinished++;
    channel.startedAs(
      spawnUnder(this.ref, this.ports.channelBehavior, { args: channel, label: message.topic }),
    );
  }

  /** The answer to a message whose topic is not joined. */
  unmatchedReply(message: Inbound): Frame {
    return this.codec.reply(null, message.ref, message.topic, "error", { reason: "unmatched topic" });
  }

  // ── What the session says ────────────────────────────────────────────────────────────────────────────────────────

  /** Sends a reply. */
  reply(joinRef: string | null, ref: string | null, topic: string, status: string, response: unknown): void {
    this.write(this.codec.reply(joinRef, ref, topic, status, response));
  }

  /** Sends one frame, at the end of this turn. */
  write(frame: Frame): void {
    this.#sink?.write(frame);
  }

  /** Sends the frames of a turn that is shared with other sessions. */
  writeTurn(turn: Turn): void {
    this.#sink?.writeTurn(turn);
  }

  /** The client sends more than its channels can take. */
  overloaded(): void {
    this.#sink?.overloaded();
  }

  // ── What channels tell ───────────────────────────────────────────────────────────────────────────────────────────

  /** The channel is a member of its topic. */
  subscribed(channel: Channel): void {
    this.ports.members.add(channel);
  }

  /** The channel is no member any more. */
  released(channel: Channel, topicRef: Ref<TopicMessage>): void {
    this.ports.members.remove(channel);
    this.ports.topics.unsubscribe(topicRef, channel);
    this.ports.topics.unhold(channel.topic, topicRef, channel);
  }

  /** The channel's actor is done. */
  forget(channel: Channel): void {
    if (this.#channels.get(channel.topic) === channel) this.#channels.delete(channel.topic);
    this.#unfinished--;
    this.#stopWhenFinished();
  }

  #stopWhenFinished(): void {
    if (this.#ending && this.#unfinished === 0 && this.#ref !== null) requestStop(this.#ref);
  }
}

function unavailable(error: unknown): unknown {
  if (!(error instanceof TroupeError)) throw error;
  const reason = error.code === "too_many_children" ? "too_many_topics" : error.code;
  return { reason, ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }) };
}

/** The behaviour of session actors: they own channels and are told nothing. */
export const sessionBehavior: Behavior<never, Session> = actor<never, Session, Session>({
  name: "session",
  init: (_ctx, session) => session,
  receive: (session) => session,
  stop: (session) => session.end({ kind: "shutdown" }),
});
