import { TroupeError } from "../base/errors.ts";
import { cutOff, offer } from "../actors/inside.ts";
import type { Ref } from "../actors/ref.ts";
import type { StopReason } from "../actors/supervision.ts";
import type { Inbound } from "../protocol/codec.ts";
import type { Frame } from "../protocol/frame.ts";
import { Absence, type AbsentChannel } from "./absence.ts";
import { answerClient } from "./answer_client.ts";
import { Arrival } from "./arrival.ts";
import { channelAddress } from "./channel_address.ts";
import type { ChannelCtx } from "./channel_context.ts";
import { ChannelJoin, type JoiningChannel, type Predecessor } from "./channel_join.ts";
import { type ChannelMessage, type End, FAREWELL, Info, SUSPENDED } from "./channel_message.ts";
import type { ChannelOwner } from "./channel_owner.ts";
import { askClient, type ClientRequests, type RequestOptions, takeAnswer } from "./client_requests.ts";
import type { MemberPresence } from "../presence/member_presence.ts";
import { takePageRequest, takeTabs } from "./channel_presence.ts";
import type { ChannelSubscription, SubscribedChannel } from "./channel_subscription.ts";
import { type Answer, exchange } from "./exchange.ts";
import { endOf, farewellFrames, tellOfEnd } from "./farewell.ts";
import { tellOfInvalidReply } from "./invalid_reply.ts";
import { contextOf, subscriptionOf } from "./membership.ts";
import { takenOnce } from "./named_message.ts";
import { RECHECK, recheck } from "./recheck.ts";
import type { LeaveReason } from "./topic_handlers.ts";
import { checkOutgoing } from "./check_outgoing.ts";
import type { Handler } from "./handler_checks.ts";
import { type TopicKind, unknownEvent } from "./topic_kind.ts";

/** Where a channel is in its life. */
const JOINING = 0, JOINED = 1, ENDED = 2;

/**
 * One session's membership of one topic: runs the user's handlers, one at a time. Its actor is a temporary child of the
 * session; a crash ends it alone.
 */
export class Channel implements SubscribedChannel, JoiningChannel, AbsentChannel, Predecessor {
  readonly topic: string;
  joinRef: string;
  readonly params: Readonly<Record<string, string>>;
  /** The channel's own state, from its join handler. */
  state: unknown;
  response: unknown = undefined;
  changes = 0;
  joinedAtMs = 0;
  requests: ClientRequests | null = null;
  presence: MemberPresence | null = null;
  /** Nothing is left to do for the actor. */
  finished = false;
  readonly owner: ChannelOwner<Channel>;
  readonly subscription: ChannelSubscription;
  readonly kind: TopicKind;
  readonly ctx: ChannelCtx;
  /** The join_ref as the client gave it: what it is told of its end goes by that. */
  #givenJoinRef: string | null;
  /** The join, until it is answered. */
  #join: ChannelJoin | null;
  /** What is said goes behind its answer. */
  #arrival: Arrival | null;
  #phase: number = JOINING;
  /** Its time without a client; `null` while there is one. */
  #absence: Absence | null = null;
  #busy = false; // a handler's promise is pending
  #requested: End | null = null; // the first end that waits in the mailbox
  /** The client has been told of the end, or need not be. */
  #endSaid = false;
  #refused = 0; // how many messages its full mailbox has refused in a row
  #ref: Ref<ChannelMessage> | null = null;
  #address: Ref<unknown> | null = null;

  /** `previous`: the incarnation of the session in this topic that this one replaces. Throws what `Topics.hold` throws. */
  constructor(
    owner: ChannelOwner<Channel>,
    kind: TopicKind,
    join: Inbound,
    params: Readonly<Record<string, string>>,
    previous: Channel | undefined,
  ) {
    this.owner = owner;
    this.topic = join.topic;
    this.#join = new ChannelJoin(this, join, previous ?? null);
    this.#arrival = this.#join.arrival;
    this.joinRef = this.#arrival.joinRef;
    this.params = params;
    this.kind = kind;
    this.#givenJoinRef = join.joinRef;
    this.ctx = contextOf(this);
    this.subscription = subscriptionOf(this);
  }

  get ref(): Ref<ChannelMessage> {
    return this.#ref!;
  }

  get connectionId(): string {
    return this.owner.info.id;
  }

  /** Its address for everybody else: what is told to it reaches the `info` handler. */
  get address(): Ref<unknown> {
    return this.#address ??= channelAddress(this.topic, this.ref);
  }

  // ── The session's side ───────────────────────────────────────────────────────────────────────────────────────────

  startedAs(ref: Ref<ChannelMessage>): void {
    this.#ref = ref; // its `init` runs the join handler; what comes meanwhile waits in the mailbox
  }

  /** Takes a message of the client's. A full mailbox answers `overloaded`; too often, and the connection is closed. */
  post(message: Inbound): void {
    if (this.#phase === ENDED) return this.say(this.owner.unmatchedReply(message));
    if (takeAnswer(this, message) || takePageRequest(this, message)) return;
    if (offer(this.ref, message)) return void (this.#refused = 0);
    this.owner.ports.counters.add("channels.overloaded");
    this.answer(message.ref, "error", { reason: "overloaded" }, message.named);
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
    if (this.#requested?.end.kind === "kicked") return this.#endAtOnce(this.#requested); // it ends with its members
    this.#crashAtOnce(new TroupeError("topic_ended", `${this.topic} has ended`));
  }

  turnedAway(error: unknown): void {
    if (this.#phase === ENDED) return;
    this.#endSaid = true;
    this.#crashAtOnce(error);
  }

  #crashAtOnce(error: unknown): void {
    this.#endAtOnce({ end: { kind: "crashed", error }, leave: this.#requested?.leave ?? null });
  }

  // ── Its client goes, and comes back ──────────────────────────────────────────────────────────────────────────────

  /** Whether its client is away, and has not asked to come back. */
  get isAway(): boolean {
    return this.#absence !== null && this.#absence.asked === null;
  }

  /** Whether its client is away, or is coming back and not answered yet. */
  get isAbsent(): boolean {
    return this.#absence !== null;
  }

  /** Until when it waits for its client, by {@link Clock.elapsedMs}; `null` if it does not. */
  get awayUntilMs(): number | null {
    return this.isAway && this.#phase === JOINED && this.#requested === null ? this.#absence!.untilMs : null;
  }

  /**
   * The connection has gone: nothing reaches anybody any more. A member waits for its client up to `untilMs`, behind
   * what was said before; one that is joining, or is about to end, ends.
   */
  suspend(untilMs: number): void {
    if (this.isAway) return;
    if (this.#absence === null) {
      const absence = this.#absence = new Absence(this);
      absence.missed = this.subscription.detach(absence);
    }
    this.#absence.begin(untilMs);
    this.owner.dedupe?.gone(this.topic);
    this.changes++;
    if (this.#phase === ENDED) return;
    if (this.#phase === JOINING || this.#requested !== null) this.requestEnd({ kind: "closed" });
    else this.tellAway();
  }

  tellAway(): void {
    if (!offer(this.ref, SUSPENDED)) this.#endAtOnce({ end: { kind: "closed" }, leave: null });
  }

  /** Its client joins the topic again, over another connection. */
  resume(join: Inbound): void {
    const arrival = new Arrival(join);
    if (!offer(this.ref, arrival)) {
      this.owner.ports.counters.add("channels.overloaded");
      return this.owner.say(arrival.reply(this.owner.codec, "error", { reason: "overloaded" }));
    }
    this.#absence!.asked = arrival;
    this.joinRef = arrival.joinRef;
    this.#givenJoinRef = join.joinRef;
    this.#refused = 0;
  }

  returned(response: unknown): void {
    this.response = response;
    this.changes++;
    this.#absence = null;
    this.subscription.attach(this.owner);
  }

  crash(error: unknown): void {
    this.#endInTurn({ end: { kind: "crashed", error }, leave: this.#requested?.leave ?? null });
  }

  // ── The actor's side ─────────────────────────────────────────────────────────────────────────────────────────────

  /** Runs the join handler. */
  begin(): void | Promise<void> {
    return this.#join!.begin();
  }

  entered(state: unknown, response: unknown): void {
    this.state = state;
    if (this.owner.secret !== null) this.response = response; // it may be asked for again
    this.joinedAtMs = this.owner.ports.clock.now();
    this.#phase = JOINED;
    this.#join = this.#arrival = null;
  }

  refused(): void {
    this.#phase = ENDED;
    this.#endSaid = true;
    this.#join = this.#arrival = null;
    this.subscription.end();
    this.ctx.revoke();
    if (!offer(this.ref, FAREWELL)) this.#forget(); // it answers what has come meanwhile, then stops
  }

  /** Handles one message. */
  receive(message: ChannelMessage): void | Promise<void> {
    if (message === FAREWELL) return this.#forget();
    if (message instanceof Info) return this.#receiveInfo(message.message);
    if (message === SUSPENDED) return this.#absence?.tell();
    if (message instanceof Arrival) return this.#absence?.end(message);
    if ("end" in message) return this.#endInTurn(message);
    if (this.#phase === ENDED) return this.say(this.owner.unmatchedReply(message));
    if (this.#absence?.told) return this.owner.ports.counters.add("channels.stale_messages");
    const once = message.id === undefined ? message : takenOnce(this, message, this.owner.dedupe!);
    if (once === null) return;
    const { ref, event, named } = once;
    const known = this.kind.events.get(event);
    if (known === undefined && takeTabs(this, once)) return;
    const kind = known ?? this.kind.other;
    if (kind === null) return this.answer(ref, "error", unknownEvent(this.kind, event), named);
    this.ctx.begin(once);
    const answer = exchange(kind, this.ctx, once.payload, this);
    if (!(answer instanceof Promise)) return this.#answered(once, answer);
    return this.pending(answer.then((value) => this.#answered(once, value)));
  }

  #answered(message: Inbound, { status, response, isEmpty, isUnstored }: Answer): void {
    if (this.#phase === ENDED) return;
    if (isUnstored && message.ref !== null) this.subscription.lost(message.ref);
    if (!this.ctx.deferred && (!isEmpty || this.kind.alwaysReplies || message.named !== undefined)) {
      this.answer(message.ref, status, response, message.named);
    }
    this.handled();
  }

  #receiveInfo(message: unknown): void | Promise<void> {
    if (message === RECHECK) return recheck(this);
    const { info } = this.kind;
    if (this.#phase !== ENDED && info !== null) return this.call(info, "info", message);
    this.owner.ports.deadLetters.record("stopped", message, this.topic);
  }

  call(handler: Handler | null, event: string, payload: unknown): void | Promise<void> {
    if (handler === null) return;
    this.ctx.begin(null, event);
    const result = handler(this.ctx, payload);
    if (result instanceof Promise) return this.pending(result.then(() => this.handled()));
    this.handled();
  }

  handled(): void {
    if (!this.ctx.stopped || this.#phase === ENDED) return;
    this.#endInTurn({ end: { kind: "stopped" }, leave: null });
  }

  invalidReply(issues: unknown): void {
    tellOfInvalidReply(this.topic, this.ctx.event, issues, this.owner.ports);
  }

  pending(work: Promise<void>): Promise<void> {
    this.#busy = true;
    if (this.#requested !== null) this.#endAtOnce(this.#requested);
    return this.owner.ports.work.track(work.finally(() => this.#busy = false));
  }

  // ── What handlers ask for ────────────────────────────────────────────────────────────────────────────────────────

  /** Sends an event to this channel alone. */
  push(event: string, payload: unknown): void {
    if (this.#phase === ENDED) return;
    const value = checkOutgoing(this.kind, event, payload);
    if (this.#absence !== null && !this.#absence.isEnding) this.#absence.lose(1);
    else this.say(this.owner.codec.push(this.joinRef, this.topic, event, value), null, "push");
  }

  request(event: string, payload: unknown, options?: RequestOptions): Promise<unknown> {
    return askClient(this, event, payload, options);
  }

  /** See {@link answerClient}. */
  answer(ref: string | null, status: string, response: unknown, named?: object, isLate = false): void {
    answerClient(this, ref, status, response, named, isLate);
  }

  get isUnheard(): boolean {
    return this.#arrival === null && this.#absence !== null && !this.#absence.isEnding;
  }

  /** Sends behind all that it has said and published before, the join's answer first. `ref`: of what is answered. */
  say(frame: Frame, ref: string | null = null, kind?: "push" | object): void {
    if (this.#arrival !== null) this.#arrival.write(frame, ref, kind);
    else if (!this.isUnheard) this.subscription.say(frame, ref, kind);
  }

  // ── The end ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** A later incarnation becomes a member: this one is over, if it is not already. */
  giveWay(): void {
    if (this.#phase !== ENDED) this.#endAtOnce(this.#requested ?? { end: { kind: "replaced" }, leave: null });
  }

  takeClose(): Frame | null {
    if (this.#endSaid || this.#absence !== null) return null;
    this.#endSaid = true;
    return this.owner.codec.ended(this.#givenJoinRef, this.topic, "phx_close", {});
  }

  /** The actor has ended by itself: a crash, or the session's end. */
  actorStopped(reason: StopReason): void {
    if (this.#phase !== ENDED) this.#end(endOf(reason), this.#requested?.leave ?? null);
    this.#forget();
  }

  #endInTurn({ end, leave }: End): void {
    if (this.#phase === ENDED) return this.#answerLateLeave(leave);
    this.#end(end, leave);
    if (!offer(this.ref, FAREWELL)) this.#forget(); // it answers what has come meanwhile, then stops
  }

  #endAtOnce({ end, leave }: End): void {
    this.#end(end, leave);
    this.#forget();
    cutOff(this.ref);
  }

  #end(reason: LeaveReason, leave: Inbound | null): void {
    const wasJoined = this.#phase === JOINED;
    const join = this.#join;
    this.#phase = ENDED;
    this.subscription.ending();
    this.owner.dedupe?.ended(this.topic);
    this.#join = this.#arrival = null;
    if (this.#absence !== null) this.#absence.channelEnded(reason, leave);
    else if (leave !== null) this.answer(leave.ref, "ok", {});
    join?.closePrevious();
    for (const frame of this.#endSaid ? [] : farewellFrames(this, this.#givenJoinRef, reason)) {
      this.#endSaid = true;
      this.say(frame);
    }
    this.subscription.end();
    this.requests?.end();
    this.ctx.fireAbort();
    if (wasJoined) tellOfEnd(this.kind, this.ctx, reason, this.owner.ports);
    this.ctx.revoke();
  }

  /** A leave of what is over: it is answered as for any topic that is not joined. */
  #answerLateLeave(leave: Inbound | null): void {
    if (leave === null) return;
    this.say(this.owner.codec.reply(leave.joinRef, leave.ref, this.topic, "ok", {}));
  }

  #forget(): void {
    if (this.finished) return;
    this.finished = true;
    this.owner.forget();
    this.released();
  }
}
