import { messageOf, TroupeError } from "../base/errors.ts";
import { cutOff, offer, type Watcher } from "../actors/inside.ts";
import { Ref, target } from "../actors/ref.ts";
import type { StopReason } from "../actors/supervision.ts";
import type { Codec, Inbound } from "../protocol/codec.ts";
import type { Frame } from "../protocol/frame.ts";
import type { Turn } from "../protocol/turn.ts";
import { Publication } from "../topics/publication.ts";
import type { Subscriber } from "../topics/subscriber.ts";
import type { TopicMessage } from "../topics/topic.ts";
import { ChannelCtx } from "./channel_context.ts";
import { type ChannelMessage, type End, FAREWELL, Info } from "./channel_message.ts";
import type { ChannelOwner } from "./channel_owner.ts";
import { type Answer, exchange } from "./exchange.ts";
import { HeldOutput } from "./held_output.ts";
import type { Filter } from "./recipients.ts";
import type { LeaveReason } from "./topic_handlers.ts";
import { checkOutgoing, type EventKind, type TopicKind } from "./topic_kind.ts";

/** Where a channel is in its life. */
const JOINING = 0, JOINED = 1, ENDED = 2;

/**
 * One session's membership of one topic: runs the user's handlers, one at a time, and is the topic's subscriber. Its
 * actor is a temporary child of the session; a crash ends it alone.
 */
export class Channel implements Subscriber, Watcher {
  readonly topic: string;
  readonly joinRef: string;
  readonly params: Readonly<Record<string, string>>;
  /** The channel's own state, from its join handler. */
  state: unknown = undefined;
  /** Nothing is left to do for the actor. */
  finished = false;
  readonly owner: ChannelOwner<Channel>;
  readonly #kind: TopicKind;
  readonly #join: Inbound;
  readonly #topicRef: Ref<TopicMessage>;
  readonly #output: HeldOutput;
  readonly #ctx: ChannelCtx;
  #phase: number = JOINING;
  /** A handler's promise is pending. */
  #busy = false;
  /** Ended, but what it said last still waits for a commit: it stays a subscriber until then. */
  #lingering = false;
  /** How many messages its full mailbox has refused in a row. */
  #refused = 0;
  #ref: Ref<ChannelMessage> | null = null;
  #address: Ref<unknown> | null = null;
  /** The close of the incarnation before this one. It goes out behind the join's reply. */
  #closing: Frame | null;
  /** What the join handler pushed. It goes out behind the join's reply. */
  #pushedInJoin: Frame[] | null = null;

  /** `previous` is the incarnation of this session in this topic that this one replaces. */
  constructor(
    owner: ChannelOwner<Channel>,
    kind: TopicKind,
    join: Inbound,
    params: Readonly<Record<string, string>>,
    hold: (watcher: Watcher) => Ref<TopicMessage>,
    previous: Channel | undefined,
  ) {
    this.owner = owner;
    this.topic = join.topic;
    this.joinRef = join.joinRef ?? join.ref ?? "";
    this.params = params;
    this.#kind = kind;
    this.#join = join;
    this.#output = new HeldOutput(owner);
    this.#ctx = new ChannelCtx(this);
    this.#topicRef = hold(this);
    this.#closing = previous === undefined || previous.#phase === ENDED ? null : previous.#closeFrame();
  }

  get ref(): Ref<ChannelMessage> {
    return this.#ref!;
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
    if (offer(this.ref, message)) {
      this.#refused = 0;
      return;
    }
    this.owner.ports.counters.add("channels.overloaded");
    this.answer(message.ref, "error", { reason: "overloaded" });
    if (++this.#refused >= this.owner.ports.maxRefusedMessages) this.owner.overloaded();
  }

  /**
   * Ends the channel behind what the client said before; at once if a handler is pending, which is then on its own:
   * its signal fires, its context is revoked, its late result is dropped.
   */
  requestEnd(reason: LeaveReason, leave: Inbound | null = null): void {
    if (this.#phase === ENDED) {
      if (leave !== null) this.#say(this.codec.reply(leave.joinRef, leave.ref, this.topic, "ok", {}));
    } else if (this.#busy || !offer(this.ref, { end: reason, leave })) {
      this.#end(reason, leave);
      this.#cutOff();
    }
  }

  /** The topic has ended under the channel: a crash of the channel, too. The client joins again. */
  terminated(): void {
    if (this.#lingering) this.#stopLingering();
    if (this.#phase === ENDED) return;
    this.#end({ kind: "crashed", error: new TroupeError("topic_ended", `${this.topic} has ended`) }, null);
    this.#cutOff();
  }

  #closeFrame(): Frame {
    return this.codec.ended(this.joinRef, this.topic, "phx_close", {});
  }

  // ── The actor's side ─────────────────────────────────────────────────────────────────────────────────────────────

  /** Runs the join handler. */
  begin(): void | Promise<void> {
    this.#ctx.begin(this.#join);
    try {
      const answer = exchange(this.#kind.join, this.#ctx, this.#join.payload, this.#invalidReply);
      if (!(answer instanceof Promise)) return this.#joinAnswered(answer);
      return this.#pending(
        answer.then((value) => this.#joinAnswered(value), (error) => this.#joinCrashed(error)),
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
    const answer = exchange(kind, this.#ctx, message.payload, this.#invalidReply);
    if (!(answer instanceof Promise)) return this.#answered(message, answer);
    return this.#pending(answer.then((value) => this.#answered(message, value)));
  }

  #joinAnswered({ status, response, joined }: Answer): void {
    if (this.#phase === ENDED) return;
    if (status === "error") return this.#refuseJoin(response);
    this.state = joined?.state;
    // The reply waits for the subscription's commit, and everything else of this incarnation behind it.
    this.#output.raise();
    this.#output.hold(this.#joinReply("ok", response));
    if (this.#closing !== null) this.#output.hold(this.#closing);
    for (const frame of this.#pushedInJoin ?? []) this.#output.hold(frame);
    if (!this.owner.ports.topics.subscribe(this.#topicRef, this)) {
      this.#output.clear();
      return this.#refuseJoin({ reason: "overloaded" });
    }
    this.#closing = this.#pushedInJoin = null;
    this.#phase = JOINED;
    this.owner.ports.counters.add("channels.joined");
    if (this.#ctx.stopped) this.#endInTurn({ end: { kind: "stopped" }, leave: null });
  }

  #joinCrashed(error: unknown): void {
    if (this.#phase === ENDED) return;
    this.owner.ports.counters.add("channels.join_crashed");
    this.owner.ports.logger.log("error", "join crashed", { topic: this.topic, user: this.userId, error });
    this.#refuseJoin({ reason: "join crashed" });
  }

  #refuseJoin(response: unknown): void {
    this.owner.ports.counters.add("channels.refused");
    this.#say(this.#joinReply("error", response));
    this.#sayClosing();
    this.#release();
    this.#ctx.revoke();
    this.#farewell();
  }

  #joinReply(status: string, response: unknown): Frame {
    return this.codec.reply(this.joinRef, this.#join.ref, this.topic, status, response);
  }

  #answered(message: Inbound, { status, response, isEmpty }: Answer): void {
    if (this.#phase === ENDED) return;
    if (!this.#ctx.deferred && !(isEmpty && !this.#kind.alwaysReplies)) {
      this.answer(message.ref, status, response);
    }
    if (this.#ctx.stopped) this.#endInTurn({ end: { kind: "stopped" }, leave: null });
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
    const done = (): void => {
      if (this.#ctx.stopped && this.#phase !== ENDED) {
        this.#endInTurn({ end: { kind: "stopped" }, leave: null });
      }
    };
    return result instanceof Promise ? this.#pending(result.then(done)) : done();
  }

  readonly #invalidReply = (issues: unknown): void => {
    const { event } = this.#ctx;
    this.owner.ports.counters.add("channels.invalid_replies");
    this.owner.ports.logger.log("error", "the contract refuses a reply", {
      topic: this.topic,
      event,
      issues,
    });
  };

  #pending(work: Promise<void>): Promise<void> {
    this.#busy = true;
    return work.finally(() => this.#busy = false);
  }

  // ── What handlers ask for ────────────────────────────────────────────────────────────────────────────────────────

  /** Publishes for this channel's handlers. */
  publish(event: string, payload: unknown, filter: Filter | null): void {
    const value = checkOutgoing(this.#kind, event, payload);
    const publication = new Publication(this.topic, event, value, this, filter);
    publication.frame(this.codec); // what cannot be encoded fails here, at its author
    this.owner.ports.topics.publish(publication);
    this.#output.raise();
  }

  /** Sends an event to this channel alone. */
  push(event: string, payload: unknown): void {
    if (this.#phase === ENDED) return;
    const frame = this.codec.push(this.joinRef, this.topic, event, checkOutgoing(this.#kind, event, payload));
    if (this.#phase === JOINING) (this.#pushedInJoin ??= []).push(frame);
    else this.#say(frame);
  }

  /** Answers a message of the client's. Without a ref nobody waits. */
  answer(ref: string | null, status: string, response: unknown): void {
    if (ref !== null) this.#say(this.codec.reply(this.joinRef, ref, this.topic, status, response));
  }

  /** Sends behind all that this channel has said before. */
  #say(frame: Frame): void {
    if (this.#output.blocked) this.#output.hold(frame);
    else this.owner.write(frame);
  }

  // ── The topic's side ─────────────────────────────────────────────────────────────────────────────────────────────

  get codec(): Codec {
    return this.owner.codec;
  }

  get connectionId(): string {
    return this.owner.info.id;
  }

  get userId(): string {
    return this.owner.user.id;
  }

  get active(): boolean {
    return this.#phase === JOINED || this.#lingering;
  }

  get interleaves(): boolean {
    return this.#output.holds;
  }

  subscribed(): void {
    this.committed();
    if (this.#phase === JOINED) this.owner.subscribed(this);
  }

  committed(): void {
    this.#output.pass();
    if (this.#lingering && !this.#output.blocked) this.#stopLingering();
  }

  write(frame: Frame): void {
    this.owner.write(frame);
  }

  writeTurn(turn: Turn): void {
    this.owner.writeTurn(turn);
  }

  // ── The end ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The actor has ended by itself: a crash, or the session's end. */
  actorStopped(reason: StopReason): void {
    if (this.#phase === ENDED) return;
    this.#end(
      reason.kind === "crashed" ? { kind: "crashed", error: reason.error } : { kind: "shutdown" },
      null,
    );
    this.#forget();
  }

  #endInTurn({ end, leave }: End): void {
    if (this.#phase === ENDED) return this.requestEnd(end, leave);
    this.#end(end, leave);
    this.#farewell();
  }

  #end(reason: LeaveReason, leave: Inbound | null): void {
    const wasJoined = this.#phase === JOINED;
    if (leave !== null) this.#say(this.codec.reply(leave.joinRef, leave.ref, this.topic, "ok", {}));
    this.#sayClosing();
    if (reason.kind === "left" || reason.kind === "stopped") this.#say(this.#closeFrame());
    if (reason.kind === "crashed") {
      this.owner.ports.counters.add("channels.crashed");
      this.#say(this.codec.ended(this.joinRef, this.topic, "phx_error", { reason: "channel_crash" }));
    }
    this.#release();
    this.#ctx.fireAbort();
    if (wasJoined) this.#runLeave(reason);
    this.#ctx.revoke();
  }

  #sayClosing(): void {
    if (this.#closing !== null) this.#say(this.#closing);
    this.#closing = null;
  }

  #runLeave(reason: LeaveReason): void {
    const failed = (error: unknown): void => {
      this.owner.ports.counters.add("channels.leave_failed");
      this.owner.ports.logger.log("error", "leave handler failed", {
        topic: this.topic,
        error: messageOf(error),
      });
    };
    try {
      const result = this.#kind.leave?.(this.#ctx, reason);
      if (result instanceof Promise) result.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  /** The channel is no member any more, except for what it still has to say. */
  #release(): void {
    this.#phase = ENDED;
    this.#lingering = true;
    if (!this.#output.blocked) this.#stopLingering();
  }

  #stopLingering(): void {
    this.#lingering = false;
    this.#output.passAll();
    this.owner.released(this, this.#topicRef);
  }

  /** Lets the actor answer what has come meanwhile, then stop. */
  #farewell(): void {
    if (!offer(this.ref, FAREWELL)) this.#forget();
  }

  #cutOff(): void {
    this.#forget();
    cutOff(this.ref);
  }

  #forget(): void {
    if (this.finished) return;
    this.finished = true;
    this.owner.forget(this);
  }
}
