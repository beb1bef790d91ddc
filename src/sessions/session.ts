import { TroupeError } from "../base/errors.ts";
import { actor, type Behavior } from "../actors/behavior.ts";
import { requestStop, spawnUnder } from "../actors/inside.ts";
import type { Ref } from "../actors/ref.ts";
import type { PatternTable } from "../contract/pattern_table.ts";
import type { Codec, Inbound } from "../protocol/codec.ts";
import { type Frame, utf8Length } from "../protocol/frame.ts";
import type { Turn } from "../protocol/turn.ts";
import { Channel } from "./channel.ts";
import type { ChannelMessage } from "./channel_message.ts";
import type { ChannelOwner, ChannelPorts, Holding } from "./channel_owner.ts";
import type { ConnectionInfo } from "./connection_info.ts";
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
  readonly channelBehavior: Behavior<ChannelMessage, Channel>;
  /** Whether the whole application is going down. */
  isEnding(): boolean;
}

/** Where a session's output goes: a connection's outbox. */
export interface SessionOutput {
  /** Whether what goes there in one turn can be joined. */
  readonly gainsByWaiting: boolean;
  write(frame: Frame): void;
  writeTurn(turn: Turn): void;
}

/** A connection, as the session sees it that it is attached to. */
export interface SessionSink {
  readonly output: SessionOutput;
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
  /** The sink's: a publication goes there a thousand times in a row, on the shortest way. */
  #output: SessionOutput | null = null;
  /** The channel that was the last to hold something back. */
  #holding: Holding | null = null;
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
    this.#output = sink.output;
  }

  /** The connection has gone; the session ends with it. */
  detach(reason: LeaveReason): void {
    this.#sink = this.#output = null;
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
    if (this.#ending) return; // the rest of a batch whose first messages were too much
    if (message.topic === "phoenix" && message.event === "heartbeat") {
      return this.reply(null, message.ref, message.topic, "ok", {});
    }
    if (message.event === "phx_join") return this.#join(message);
    const channel = this.#channels.get(message.topic);
    if (channel === undefined) return this.#receiveUnjoined(message);
    if (!channel.hasEnded && message.joinRef !== null && message.joinRef !== channel.joinRef) {
      this.ports.counters.add("channels.stale_messages");
      return;
    }
    if (message.event === "phx_leave") channel.requestEnd({ kind: "left" }, message);
    else channel.post(message);
  }

  #receiveUnjoined(message: Inbound): void {
    if (message.event === "phx_leave") this.reply(message.joinRef, message.ref, message.topic, "ok", {});
    else this.say(this.unmatchedReply(message));
  }

  #join(message: Inbound): void {
    const joinRef = message.joinRef ?? message.ref;
    const refuse = (response: unknown): void => {
      this.ports.counters.add("channels.refused");
      this.reply(message.joinRef, message.ref, message.topic, "error", response);
    };
    const { maxTopicBytes, maxChannels } = this.#limits;
    if (joinRef === null) return refuse({ reason: "missing_ref" });
    if (utf8Length(message.topic) > maxTopicBytes) {
      this.ports.counters.add("channels.topic_too_long");
      return refuse({ reason: "topic_too_long", maxBytes: maxTopicBytes });
    }
    const match = this.ports.kinds.find(message.topic);
    if (match === null) return this.say(this.unmatchedReply(message));
    const previous = this.#channels.get(message.topic);
    if ((previous === undefined || previous.finished) && this.#unfinished >= maxChannels) {
      this.ports.counters.add("channels.too_many");
      return refuse({ reason: "too many channels joined" });
    }
    let channel: Channel;
    try {
      channel = new Channel(this, match.value, message, match.params, previous);
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
    this.say(this.codec.reply(joinRef, ref, topic, status, response));
  }

  /**
   * Sends what is no member's: behind all that the session's channels said before and still hold back, so that a
   * client which sends several messages at once gets the answers to its joins and its heartbeats in their order.
   */
  say(frame: Frame): void {
    if (this.#holding?.holds) this.#holding.say(frame);
    else this.write(frame);
  }

  /** Whether what goes out in one turn can be joined, as far as is known now. */
  get gainsByWaiting(): boolean {
    return this.#output?.gainsByWaiting ?? false;
  }

  /** Sends one frame, at the end of this turn. */
  write(frame: Frame): void {
    this.#output?.write(frame);
  }

  /** Sends the frames of a turn that is shared with other sessions. */
  writeTurn(turn: Turn): void {
    this.#output?.writeTurn(turn);
  }

  /** The client sends more than its channels can take. */
  overloaded(): void {
    this.#sink?.overloaded();
  }

  // ── What channels tell ───────────────────────────────────────────────────────────────────────────────────────────

  /** A channel holds something back. */
  holding(holding: Holding): void {
    this.#holding = holding;
  }

  /** The channel's actor is done. */
  forget(): void {
    this.#unfinished--;
    this.#stopWhenFinished();
  }

  /** The channel's actor is done, and nothing that it said waits any more: its topic is not joined. */
  vanished(channel: Channel): void {
    if (this.#channels.get(channel.topic) === channel) this.#channels.delete(channel.topic);
    if (this.#holding === channel.subscription) this.#holding = null;
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
