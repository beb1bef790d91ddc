import { messageOf, TroupeError } from "../base/errors.ts";
import { cutOff, offer } from "../actors/inside.ts";
import { Ref, target } from "../actors/ref.ts";
import type { StopReason } from "../actors/supervision.ts";
import type { Inbound } from "../protocol/codec.ts";
import type { Frame } from "../protocol/frame.ts";
import { Publication } from "../topics/publication.ts";
import { ChannelCtx } from "./channel_context.ts";
import { type ChannelMessage, type End, FAREWELL, Info } from "./channel_message.ts";
import type { ChannelOwner } from "./channel_owner.ts";
import { ChannelSubscription, type SubscribedChannel } from "./channel_subscription.ts";
import { type Answer, exchange, type ExchangeObserver } from "./exchange.ts";
import type { Filter } from "./recipients.ts";
import type { LeaveReason } from "./topic_handlers.ts";
import { checkOutgoing, type EventKind, type TopicKind } from "./topic_kind.ts";

/** Where a channel is in its life. */
const JOINING = 0, JOINED = 1, ENDED = 2;

/**
 * One session's membership of one topic: runs the user's handlers, one at a time. Its actor is a temporary child of the
 * session; a crash ends it alone.
 */
export class Channel implements SubscribedChannel, ExchangeObserver {
  readonly topic: string;
  readonly joinRef: string;
  readonly params: Readonly<Record<string, string>>;
  /** The channel's own state, from its join handler. */
  state: unknown = undefined;
  /** Nothing is left to do for the actor. */
  finished = false;
  readonly owner: ChannelOwner<Channel>;
  readonly subscription: ChannelSubscription;
  readonly #kind: TopicKind;
  /** The join_ref as the client gave it: what it is told of its end goes by that. */
  readonly #givenJoinRef: string | null;
  /** The join, until it is answered. */
  #join: Inbound | null;
  readonly #ctx: ChannelCtx;
  #phase: number = JOINING;
  /** A handler's promise is pending. */
  #busy = false;
  /** The first end that waits in the mailbox. */
  #requested: End | null = null;
  /** The client has been told of the end, or need not be. */
  #endSaid = false;
  /** How many messages its full mailbox has refused in a row. */
  #refused = 0;
  #ref: Ref<ChannelMessage> | null = null;
  #address: Ref<unknown> | null = null;
  /** The incarnation before this one, until this one's join is answered. */
  #previous: Channel | null;
  /** What was said before the join was answered. It goes out behind the answer. */
  #afterJoin: Frame[] | null = null;

  /**
   * `previous` is the incarnation of this session in this topic that this one replaces. Throws what `Topics.hold`
   * throws.
   */
  constructor(
    owner: ChannelOwner<Channel>,
    kind: TopicKind,
    join: Inbound,
    params: Readonly<Record<string, string>>,
    previous: Channel | undefined,
  ) {
    this.owner = owner;
    this.topic = join.topic;
    this.joinRef = join.joinRef ?? join.ref ?? "";
    this.params = params;
    this.#kind = kind;
    this.#givenJoinRef = join.joinRef;
    this.#join = join;
    this.#ctx = new ChannelCtx(this);
    this.#previous = previous ?? null;
    this.subscription = new ChannelSubscription(this);
  }

  get ref(): Ref<ChannelMessage> {
    return this.#ref!;
  }

  get connectionId(): string {
    return this.owner.info.id;
  }

  /** Its address for everybody else: what is told to it reaches the `info` handler. */
  get address(): Ref<unknown> {
    return this.#address ??= new Ref<unknown>({
      path: this.topic,
      post: (message) => offer(this.ref, new Info(message)),
      ask: (message, options) => target(this.ref).ask(new Info(message), options),
    });
  }

  // ── The session's side ───────────────────────────────────────────────────────────────────────────────────────────

  /** Its actor is `ref`; `init` runs the join handler, and what comes meanwhile waits in the mailbox. */
  startedAs(ref: Ref<ChannelMessage>): void {
    this.#ref = ref;
  }

  /** Takes a message of the client's. A full mailbox answers `overloaded`; too often, and the connection is closed. */
  post(message: Inbound): void {
    if (this.#phase === ENDED) return this.#say(this.owner.unmatchedReply(message));
    if (offer(this.ref, message)) {
      this.#refused = 0;
      return;
    }
    this.owner.ports.counters.add("channels.overloaded");
    this.answer(message.ref, "error", { reason: "overloaded" });
    if (++this.#refused >= this.owner.ports.maxRefusedMessages) this.owner.overloaded();
  }

  /**
   * Ends the channel behind what the client said before; at once if a handler is pending, or as soon as one is. That
   * handler is then on its own: its signal fires, its context is revoked, its late result is dropped.
   */
  requestEnd(reason: LeaveReason, leave: Inbound | null = null): void {
    const end = { end: reason, leave };
    if (this.#phase === ENDED) this.#answerLateLeave(leave);
    else if (this.#busy || !offer(this.ref, end)) {
      this.#endAtOnce(this.#requested ?? end);
      if (this.#requested !== null) this.#answerLateLeave(leave);
    } else this.#requested ??= end;
  }

  /** Whether it has ended, even if what it said last still waits. */
  get hasEnded(): boolean {
    return this.#phase === ENDED;
  }

  /** The last of what it said has gone out, or its actor is done: with both, its topic is not joined any more. */
  released(): void {
    if (this.finished && this.subscription.isOver) this.owner.vanished(this);
  }

  /** The topic has ended under the channel: a crash of the channel, too. The client joins again. */
  topicEnded(): void {
    const error = new TroupeError("topic_ended", `${this.topic} has ended`);
    this.#endAtOnce({ end: { kind: "crashed", error }, leave: this.#requested?.leave ?? null });
  }

  // ── The actor's side ─────────────────────────────────────────────────────────────────────────────────────────────

  /** Runs the join handler. */
  begin(): void | Promise<void> {
    const { payload } = this.#join!;
    this.#ctx.begin(this.#join);
    try {
      const answer = exchange(this.#kind.join, this.#ctx, payload, this);
      if (!(answer instanceof Promise)) return this.#joinAnswered(answer);
      return this.#pending(
        answer.then((value) => this.#joinAnswered(value)).catch((error) => this.#joinCrashed(error)),
      );
    } catch (error) {
      this.#joinCrashed(error);
    }
  }

  /** Handles one message. */
  receive(message: ChannelMessage): void | Promise<void> {
    if (message === FAREWELL) return this.#forget();
    if (message instanceof Info) return this.#receiveInfo(message.message);
    if ("end" in message) return this.#endInTurn(message);
    if (this.#phase === ENDED) return this.#say(this.owner.unmatchedReply(message));
    const kind = this.#kind.events.get(message.event) ?? this.#otherEvent();
    if (kind === null) return this.#answerUnknown(message);
    this.#ctx.begin(message);
    const answer = exchange(kind, this.#ctx, message.payload, this);
    if (!(answer instanceof Promise)) return this.#answered(message, answer);
    return this.#pending(answer.then((value) => this.#answered(message, value)));
  }

  #joinAnswered({ status, response, joined }: Answer): void {
    if (this.#phase === ENDED) return;
    if (status === "error") return this.#refuseJoin(response);
    const reply = this.#joinReply("ok", response); // first, since the codec may not be able to carry it
    this.#previous?.giveWay();
    if (!this.subscription.subscribe()) return this.#refuseJoin({ reason: "overloaded" });
    this.state = joined?.state;
    this.#phase = JOINED;
    this.#join = null;
    // All of it waits for the subscription's commit, and whatever else this incarnation says comes behind.
    this.#say(reply);
    this.#sayIfAny(this.#closeOfPrevious());
    for (const frame of this.#afterJoin ?? []) this.#say(frame);
    this.#afterJoin = null;
    this.owner.ports.counters.add("channels.joined");
    this.#stopIfAsked();
  }

  #joinCrashed(error: unknown): void {
    if (this.#phase === ENDED) return;
    this.owner.ports.counters.add("channels.join_crashed");
    const { topic, owner: { user, ports } } = this;
    ports.logger.log("error", "join crashed", { topic, user: user.id, error });
    this.#refuseJoin({ reason: "join crashed" });
  }

  #refuseJoin(response: unknown): void {
    const reply = this.#joinReply("error", response);
    this.owner.ports.counters.add("channels.refused");
    this.#phase = ENDED;
    this.#endSaid = true;
    this.owner.say(reply);
    this.#closePrevious();
    this.#afterJoin = null;
    this.subscription.end();
    this.#ctx.revoke();
    this.#farewell();
  }

  #joinReply(status: string, response: unknown): Frame {
    return this.owner.codec.reply(this.#givenJoinRef, this.#join!.ref, this.topic, status, response);
  }

  #answered(message: Inbound, { status, response, isEmpty }: Answer): void {
    if (this.#phase === ENDED) return;
    if (!this.#ctx.deferred && !(isEmpty && !this.#kind.alwaysReplies)) {
      this.answer(message.ref, status, response);
    }
    this.#stopIfAsked();
  }

  #otherEvent(): EventKind | null {
    const { other } = this.#kind;
    return other === null ? null : { handler: other, payload: null, reply: null };
  }

  #answerUnknown(message: Inbound): void {
    const accepted = [...this.#kind.events.keys()];
    this.answer(message.ref, "error", { reason: "unknown_event", event: message.event, accepted });
  }

  #receiveInfo(message: unknown): void | Promise<void> {
    if (this.#phase === ENDED || this.#kind.info === null) {
      this.owner.ports.deadLetters.record("stopped", message, this.topic);
      return;
    }
    this.#ctx.begin(null);
    const result = this.#kind.info(this.#ctx, message);
    if (result instanceof Promise) return this.#pending(result.then(() => this.#stopIfAsked()));
    this.#stopIfAsked();
  }

  #stopIfAsked(): void {
    if (!this.#ctx.stopped || this.#phase === ENDED) return;
    this.#endInTurn({ end: { kind: "stopped" }, leave: null });
  }

  invalidReply(issues: unknown): void {
    const { topic, owner: { ports } } = this;
    ports.counters.add("channels.invalid_replies");
    ports.logger.log("error", "the contract refuses a reply", { topic, event: this.#ctx.event, issues });
  }

  #pending(work: Promise<void>): Promise<void> {
    this.#busy = true;
    if (this.#requested !== null) this.#endAtOnce(this.#requested);
    return this.owner.ports.work.track(work.finally(() => this.#busy = false));
  }

  // ── What handlers ask for ────────────────────────────────────────────────────────────────────────────────────────

  /** Publishes for this channel's handlers. */
  publish(event: string, payload: unknown, filter: Filter | null): void {
    const value = checkOutgoing(this.#kind, event, payload);
    const publication = new Publication(this.topic, event, value, this.subscription, filter);
    publication.frame(this.owner.codec); // what cannot be encoded fails here, at its author
    this.subscription.publish(publication);
  }

  /** Sends an event to this channel alone. */
  push(event: string, payload: unknown): void {
    if (this.#phase === ENDED) return;
    const value = checkOutgoing(this.#kind, event, payload);
    this.#say(this.owner.codec.push(this.joinRef, this.topic, event, value));
  }

  /** Answers a message of the client's. */
  answer(ref: string | null, status: string, response: unknown): void {
    this.#say(this.owner.codec.reply(this.joinRef, ref, this.topic, status, response));
  }

  /** Sends behind all that this channel has said and published before; nothing goes before the join's answer. */
  #say(frame: Frame): void {
    if (this.#phase === JOINING) (this.#afterJoin ??= []).push(frame);
    else this.subscription.say(frame);
  }

  #sayIfAny(frame: Frame | null): void {
    if (frame !== null) this.#say(frame);
  }

  // ── The end ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** A later incarnation becomes a member: this one is over, if it is not already. */
  giveWay(): void {
    if (this.#phase !== ENDED) this.#endAtOnce(this.#requested ?? { end: { kind: "replaced" }, leave: null });
  }

  /** The actor has ended by itself: a crash, or the session's end. */
  actorStopped(reason: StopReason): void {
    if (this.#phase !== ENDED) {
      const why: LeaveReason = reason.kind === "crashed"
        ? { kind: "crashed", error: reason.error }
        : { kind: "shutdown" };
      this.#end(why, this.#requested?.leave ?? null);
    }
    this.#forget();
  }

  #endInTurn({ end, leave }: End): void {
    if (this.#phase === ENDED) return this.#answerLateLeave(leave);
    this.#end(end, leave);
    this.#farewell();
  }

  #endAtOnce({ end, leave }: End): void {
    this.#end(end, leave);
    this.#forget();
    cutOff(this.ref);
  }

  #end(reason: LeaveReason, leave: Inbound | null): void {
    const wasJoined = this.#phase === JOINED;
    this.#phase = ENDED;
    this.#afterJoin = null;
    if (leave !== null) this.answer(leave.ref, "ok", {});
    this.#closePrevious();
    if (reason.kind === "left" || reason.kind === "stopped") this.#sayEnd("phx_close", {});
    if (reason.kind === "crashed") {
      this.owner.ports.counters.add("channels.crashed");
      this.#sayEnd("phx_error", { reason: "channel_crash" });
    }
    this.subscription.end();
    this.#ctx.fireAbort();
    if (wasJoined) this.#runLeave(reason);
    this.#ctx.revoke();
  }

  /** A leave of what is over: it is answered as for any topic that is not joined. */
  #answerLateLeave(leave: Inbound | null): void {
    if (leave === null) return;
    this.#say(this.owner.codec.reply(leave.joinRef, leave.ref, this.topic, "ok", {}));
  }

  #sayEnd(event: "phx_close" | "phx_error", payload: unknown): void {
    this.#endSaid = true;
    this.#say(this.owner.codec.ended(this.#givenJoinRef, this.topic, event, payload));
  }

  /** This one never became a member: the close of the one before goes behind all that it has said itself. */
  #closePrevious(): void {
    const previous = this.#previous;
    const close = this.#closeOfPrevious();
    if (close === null) return;
    if (previous!.subscription.blocked) previous!.subscription.say(close);
    else this.owner.say(close);
  }

  /** The close of the incarnation before this one goes out behind this one's answer. */
  #closeOfPrevious(): Frame | null {
    const previous = this.#previous;
    this.#previous = null;
    if (previous === null) return null;
    previous.giveWay();
    if (previous.#endSaid) return null;
    previous.#endSaid = true;
    return this.owner.codec.ended(previous.#givenJoinRef, this.topic, "phx_close", {});
  }

  #runLeave(reason: LeaveReason): void {
    const failed = (error: unknown): void => {
      this.owner.ports.counters.add("channels.leave_failed");
      const { topic, owner: { ports } } = this;
      ports.logger.log("error", "leave handler failed", { topic, error: messageOf(error) });
    };
    try {
      const result = this.#kind.leave?.(this.#ctx, reason);
      if (result instanceof Promise) this.owner.ports.work.track(result.catch(failed));
    } catch (error) {
      failed(error);
    }
  }

  /** Lets the actor answer what has come meanwhile, then stop. */
  #farewell(): void {
    if (!offer(this.ref, FAREWELL)) this.#forget();
  }

  #forget(): void {
    if (this.finished) return;
    this.finished = true;
    this.owner.forget();
    this.released();
  }
}
