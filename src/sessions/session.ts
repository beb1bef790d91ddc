import { type Few, itemsOf, withItem, withoutItem } from "../base/few.ts";
import { SmallMap } from "../base/small_map.ts";
import type { Behavior } from "../actors/behavior.ts";
import { requestStop, spawnUnder } from "../actors/inside.ts";
import type { Ref } from "../actors/ref.ts";
import type { Codec, Inbound } from "../protocol/codec.ts";
import { type Frame, utf8Length } from "../protocol/frame.ts";
import type { TopicTurn } from "../topics/topic_turn.ts";
import type { Droppable, TurnReaders } from "./droppable.ts";
import { Channel } from "./channel.ts";
import type { ChannelMessage } from "./channel_message.ts";
import type { ChannelOwner, ChannelPorts, Holding } from "./channel_owner.ts";
import type { Claim, Claimable, Claims } from "./claims.ts";
import type { ConnectionInfo } from "./connection_info.ts";
import { type Control, CONTROL_TOPIC } from "./control.ts";
import { DedupeWindow } from "./dedupe_window.ts";
import { exceededBound, unavailable } from "./join_bounds.ts";
import { postOnce } from "./named_message.ts";
import type { SessionLimits } from "./session_limits.ts";
import { readClaim } from "./session_wire.ts";
import type { LeaveReason } from "./topic_handlers.ts";
import type { TopicKinds } from "./topic_kinds.ts";
import type { User } from "./user.ts";

/** What every session of an application shares. */
export interface SessionPorts extends ChannelPorts {
  readonly kinds: Pick<TopicKinds, "find">;
  readonly channelBehavior: Behavior<ChannelMessage, Channel>;
  /** Takes what clients say of the connection itself. */
  readonly control: Control;
  /** The sessions that clients may come back to. Left out: none. */
  readonly claims?: Claims<Session>;
  /** Whether the whole application is going down. */
  isEnding(): boolean;
}

/** Where a session's output goes: a connection's outbox. */
export interface SessionOutput {
  /** Whether what goes there in one turn can be joined. */
  readonly gainsByWaiting: boolean;
  write(frame: Frame): void;
  writeDroppable(publication: Droppable): void;
  writeTurn(turn: TopicTurn, reader: TurnReaders | null): void;
}

/** A connection, as the session sees it that it is attached to. */
export interface SessionSink {
  readonly output: SessionOutput;
  /** The client sends more than its channels can take, again and again. */
  overloaded(): void;
  /** The client has claimed another session: that one has taken this sink over. */
  moved?(to: Session): void;
  /** Another connection has taken the session over. */
  replaced?(): void;
}

/**
 * What outlives a connection: owns the channels and the user. A connection attaches to it, hands it what the client
 * said, and takes what it says; without a connection there is nobody to say it to. A session ends when its connection
 * does, unless it may wait for its client (`graceMs`): then its channels live on, and another connection of the same
 * user's, which knows the secret that came with the answers to joins, takes it over.
 */
export class Session implements ChannelOwner<Channel>, Claimable {
  /** The sink's. First, for the cache: a publication goes there through a thousand sessions in a row. */
  #output: SessionOutput | null = null;
  readonly ports: SessionPorts;
  /** That of the connection, as are the user and the handshake. */
  codec: Codec;
  /** Who is on the other side. A refresh brings the same user with what is new about it. */
  user: User;
  authorizations = 1;
  info: ConnectionInfo;
  dedupe: DedupeWindow | null = null;
  readonly #limits: SessionLimits;
  readonly #channels = new SmallMap<Channel>();
  /** Incarnations that others have replaced, until nothing that they said waits any more. */
  #replaced: Few<Channel> = null;
  #ref: Ref<never> | null = null;
  #sink: SessionSink | null = null;
  /** What the client claims it by, from the first join on. */
  #claim: Claim<Session> | null = null;
  /** The channel that was the last to hold something back. */
  #holding: Holding | null = null;
  /** Channels that have not finished, those included that another incarnation has replaced. */
  #unfinished = 0;
  #ending = false;
  /** The session that the connection has moved to. */
  #movedTo: Session | null = null;

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

  /** The session that its connection is attached to now: this one, or the one that its client has claimed. */
  get current(): Session {
    return this.#movedTo ?? this;
  }

  /** Whether it has a channel in `topic`. */
  isIn(topic: string): boolean {
    return this.#channels.has(topic);
  }

  /** A connection takes over the session's output. */
  attach(sink: SessionSink): void {
    this.#sink = sink;
    this.#output = sink.output;
  }

  /** The connection has gone; the session ends with it. */
  detach(reason: LeaveReason): void {
    this.#sink = this.#output = null;
    for (const { subscription } of [...this.#channels.values(), ...itemsOf(this.#replaced)]) {
      subscription.dropHeld();
    }
    this.end(reason);
  }

  /** Ends all channels, then the session's actor. */
  end(reason: LeaveReason): void {
    this.#ending = true;
    if (this.#claim !== null) this.ports.claims!.close(this.#claim);
    for (const channel of this.#channels.values()) channel.requestEnd(reason);
    this.#stopWhenFinished();
  }

  // ── Its client goes, and comes back ──────────────────────────────────────────────────────────────────────────────

  /** Whether it may wait for its client. */
  get canWait(): boolean {
    return this.#limits.graceMs > 0 && this.ports.claims !== undefined;
  }

  remembering(): DedupeWindow {
    return this.dedupe ??= new DedupeWindow(this.#limits.dedupeWindow, this.ports.counters);
  }

  /** What the client claims it by; `null` if it ends with its connection. */
  get secret(): string | null {
    if (!this.canWait) return null;
    return (this.#claim ??= this.ports.claims!.open(this)).secret;
  }

  /** The connection has gone, and the client may come back. `false`: there is nothing to come back to. */
  suspend(): boolean {
    if (this.#claim === null || this.#ending) return false;
    const nextMs = this.#suspendChannels();
    if (nextMs === null) return false;
    this.ports.claims!.suspend(this.#claim, nextMs);
    return true;
  }

  /** Nothing that was said up to now reaches the next connection. Gives when the first channel expires. */
  #suspendChannels(): number | null {
    this.#sink = this.#output = this.#holding = null;
    const untilMs = this.ports.clock.elapsedMs() + this.#limits.graceMs;
    for (const channel of [...this.#channels.values(), ...itemsOf(this.#replaced)]) channel.suspend(untilMs);
    return this.#nextDeadlineMs();
  }

  /**
   * Its client claims the session that has handed out `secret`. Gives the one that the connection is attached to from
   * now on: that one, if it is the same user's; else this one, and it is counted. The joins of a client that comes back
   * all carry the secret: the first of them moves the connection, the others find it moved.
   */
  claim(secret: unknown): Session {
    const { claims } = this.ports;
    const sink = this.#sink;
    if (this.#claim?.isKnownBy(secret)) return this;
    if (claims === undefined || sink?.moved === undefined || this.#channels.size > 0) {
      this.ports.counters.add("sessions.claim_refused");
      return this;
    }
    const claim = claims.find(secret, this.user.id);
    if (claim === null) return this;
    this.#sink = this.#output = null;
    this.#movedTo = claim.session;
    claim.session.#takeOver(claim, secret as string, this, sink);
    sink.moved(claim.session);
    this.end({ kind: "closed" });
    return claim.session;
  }

  #takeOver(claim: Claim<Session>, secret: string, from: Session, sink: SessionSink): void {
    const replaced = this.#sink;
    if (replaced !== null) {
      const nextMs = this.#suspendChannels();
      if (nextMs !== null) this.ports.claims!.wakeAt(claim, nextMs);
      replaced.replaced?.();
    }
    this.ports.claims!.taken(claim, secret);
    this.user = from.user;
    this.authorizations++;
    this.info = from.info;
    this.codec = from.codec;
    this.attach(sink);
  }

  deadlineMet(nowMs: number): number | null {
    const nextMs = this.#nextDeadlineMs(nowMs);
    if (nextMs === null && this.#claim!.suspended) {
      this.expire();
      return null;
    }
    for (const channel of this.#channels.values()) {
      const untilMs = channel.awayUntilMs;
      if (untilMs !== null && untilMs <= nowMs) channel.requestEnd({ kind: "expired" });
    }
    return nextMs;
  }

  expire(): void {
    this.ports.counters.add("sessions.expired");
    this.end({ kind: "expired" });
  }

  /** A channel has not let its client in again: it is away as before. */
  stillAway(): void {
    const nextMs = this.#nextDeadlineMs();
    if (nextMs !== null && this.#claim !== null) this.ports.claims!.wakeAt(this.#claim, nextMs);
  }

  /** When the first channel expires that is still away. */
  #nextDeadlineMs(afterMs = -Infinity): number | null {
    let nextMs: number | null = null;
    for (const { awayUntilMs } of this.#channels.values()) {
      if (awayUntilMs === null || awayUntilMs <= afterMs) continue;
      if (nextMs === null || awayUntilMs < nextMs) nextMs = awayUntilMs;
    }
    return nextMs;
  }

  // ── What the client says ─────────────────────────────────────────────────────────────────────────────────────────

  /** Takes one message of the client's: heartbeats and joins are done here, all else goes to its channel. */
  receive(message: Inbound): void {
    if (this.#ending) return; // the rest of a batch whose first messages were too much
    if (message.topic === "phoenix" && message.event === "heartbeat") {
      return this.reply(null, message.ref, message.topic, "ok", {});
    }
    if (message.topic === CONTROL_TOPIC) return this.ports.control.receive(message, this);
    if (message.event === "phx_join") return this.#receiveJoin(message);
    const channel = this.#channels.get(message.topic);
    if (channel === undefined) return this.#receiveUnjoined(message);
    if (channel.isAway) return this.#receiveAway(channel, message);
    if (!channel.hasEnded && message.joinRef !== null && message.joinRef !== channel.joinRef) {
      this.ports.counters.add("channels.stale_messages");
      return;
    }
    if (this.#claim !== null && !channel.isAbsent) this.ports.claims!.answered(this.#claim);
    if (message.event === "phx_leave") channel.requestEnd({ kind: "left" }, message);
    else postOnce(channel, message, this);
  }

  /** Where the client is away it has to join again first; it may leave. */
  #receiveAway(channel: Channel, message: Inbound): void {
    if (message.event === "phx_leave") channel.requestEnd({ kind: "left" });
    this.#receiveUnjoined(message);
  }

  #receiveUnjoined(message: Inbound): void {
    if (message.event === "phx_leave") this.reply(message.joinRef, message.ref, message.topic, "ok", {});
    else this.say(this.unmatchedReply(message));
  }

  #receiveJoin(message: Inbound): void {
    const claiming = readClaim(message);
    if (claiming === null) return this.#join(message);
    const { secret, message: join } = claiming;
    const session = secret === null ? this : this.claim(secret);
    session.#join(join);
  }

  #join(message: Inbound): void {
    const joinRef = message.joinRef ?? message.ref;
    const refuse = (response: unknown): void => {
      this.ports.counters.add("channels.refused");
      this.reply(message.joinRef, message.ref, message.topic, "error", response);
    };
    const { maxTopicBytes } = this.#limits;
    if (joinRef === null) return refuse({ reason: "missing_ref" });
    if (utf8Length(message.topic) > maxTopicBytes) {
      this.ports.counters.add("channels.topic_too_long");
      return refuse({ reason: "topic_too_long", maxBytes: maxTopicBytes });
    }
    const match = this.ports.kinds.find(message.topic);
    if (match === null) return this.say(this.unmatchedReply(message));
    const previous = this.#channels.get(message.topic);
    if (previous !== undefined && previous.awayUntilMs !== null) return previous.resume(message);
    const exceeded = previous === undefined || previous.finished
      ? exceededBound(this.#limits, match.value, this.#channels.values(), this.#unfinished)
      : null;
    if (exceeded !== null) {
      this.ports.counters.add(exceeded.counter);
      return refuse(exceeded.response);
    }
    let channel: Channel;
    try {
      channel = new Channel(this, match.value, message, match.params, previous);
    } catch (error) {
      return refuse(unavailable(error));
    }
    previous?.requestEnd({ kind: "replaced" });
    if (previous !== undefined && this.#channels.has(previous.topic)) {
      this.#replaced = withItem(this.#replaced, previous);
    }
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
    if (this.#holding?.holds) this.#holding.sayForOthers(frame);
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

  /** Sends one publication, which may be left out if it has to wait. */
  writeDroppable(publication: Droppable): void {
    this.#output?.writeDroppable(publication);
  }

  /** Sends the frames of a turn that is shared with other sessions. `reader`: whose policy may leave some out. */
  writeTurn(turn: TopicTurn, reader: TurnReaders | null): void {
    this.#output?.writeTurn(turn, reader);
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
    else this.#replaced = withoutItem(this.#replaced, channel);
    if (this.#holding === channel.subscription) this.#holding = null;
    if (this.#claim?.suspended && this.#channels.size === 0) this.end({ kind: "closed" });
  }

  #stopWhenFinished(): void {
    if (this.#ending && this.#unfinished === 0 && this.#ref !== null) requestStop(this.#ref);
  }
}
