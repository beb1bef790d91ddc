import type { Watcher } from "../actors/inside.ts";
import type { Ref } from "../actors/ref.ts";
import type { Codec } from "../protocol/codec.ts";
import type { Frame } from "../protocol/frame.ts";
import type { Publication } from "../topics/publication.ts";
import type { Subscriber } from "../topics/subscriber.ts";
import type { TopicMessage } from "../topics/topic.ts";
import type { Recovery, ResumeWish } from "../topics/recovery.ts";
import type { Topics } from "../topics/topics.ts";
import type { Published, TopicTurn } from "../topics/topic_turn.ts";
import { Droppable, type TurnReaders } from "./droppable.ts";
import type { ChannelOwner, Holding } from "./channel_owner.ts";
import { UNSTORED } from "./dedupe_window.ts";
import { type HeldKind, HeldOutput, type Output } from "./held_output.ts";
import type { Member } from "./members.ts";
import { PRESENCE } from "../presence/presence_message.ts";
import { isOwnEvent } from "./own_events.ts";
import type { SlowPolicy } from "./slow_policy.ts";
import { checkOutgoing } from "./check_outgoing.ts";
import type { Handler } from "./handler_checks.ts";
import type { TopicKind } from "./topic_kind.ts";
import { SlowReader } from "./slow_reader.ts";
import { StandingReader } from "./standing_reader.ts";

/** What a subscription needs of its channel. */
export interface SubscribedChannel extends Member {
  readonly owner: Pick<
    ChannelOwner<never>,
    | "ports"
    | "codec"
    | "user"
    | "info"
    | "gainsByWaiting"
    | "write"
    | "writeDroppable"
    | "writeTurn"
    | "dedupe"
    | "holding"
  >;
  readonly joinRef: string;
  readonly kind: Pick<
    TopicKind,
    "recheck" | "recheckMs" | "outgoing" | "presence" | "setup" | "name" | "server"
  >;
  readonly ctx: unknown;
  /** One of its handlers has thrown. */
  crash(error: unknown): void;
  /** The topic has ended under the channel. */
  topicEnded(): void;
  /** The channel has ended, and all that it said has gone out. */
  released(): void;
}

/** How long to wait before a topic whose mailbox is full is asked again who is present, in milliseconds. */
const REFRESH_MS = 100;

/** How many messages are remembered whose publications are lost, until they are answered. */
const MAX_UNSTORED = 64;

/** Where a subscription is in its life. */
const NEW = 0, LIVE = 1, LINGERING = 2, OVER = 3;

/**
 * A channel's side of its topic: holds the topic from the start, subscribes when the join is granted, and keeps what
 * the channel says in order with what it publishes. A channel that ends while a broadcast of its own waits for its
 * commit *lingers*: it stays a subscriber until then, so that what it said last comes behind that broadcast.
 */
export class ChannelSubscription implements Subscriber, Watcher, Holding {
  // What a topic reads of each subscriber at each turn: plain fields, kept up to date, and first, to share a cache line.
  active = false;
  interleaves = false;
  codec: Codec;
  #owner: SubscribedChannel["owner"];
  /** Leave publications out while the client is behind; `null`: all of them have to arrive. */
  #readers: TurnReaders | null = null;
  /** The channel's kind has them; here they are at hand. */
  readonly #outgoing: ReadonlyMap<string, Handler> | null;
  readonly #channel: SubscribedChannel;
  /** Where what the channel says goes: to its owner, unless it is kept. */
  #voice: Output;
  readonly #topics: Topics;
  readonly #topic: Ref<TopicMessage>;
  readonly #output: HeldOutput;
  readonly gainsByWaiting: boolean;
  asks = 0;
  #stage: number = NEW;
  wish: ResumeWish | null = null;
  /** Is called once the subscription is committed, ahead of all that waits for that. */
  #onSubscribed: ((recovery: Recovery | null) => void) | null = null;
  /** Is called instead, where it cannot become a member after all. */
  #onTurnedAway: ((error: unknown) => void) | null = null;
  /** Whether its subscription has been committed. */
  #isMember = false;
  #isEnding = false;
  /** Messages whose publications could not be stored, and which are not answered yet. */
  #unstored: Set<string> | null = null;
  /** Publications up to this barrier are about messages of a connection that has gone: its refs mean nothing any more. */
  #staleUntil = 0;

  /** Holds the topic, one of `topics`. Throws what `Topics.hold` throws. */
  constructor(channel: SubscribedChannel, topics: Topics = channel.owner.ports.topics) {
    this.#channel = channel;
    this.#owner = this.#voice = channel.owner;
    this.codec = channel.owner.codec;
    this.gainsByWaiting = channel.owner.gainsByWaiting;
    this.#output = new HeldOutput(channel.owner, this);
    this.#outgoing = channel.kind.outgoing;
    this.#useReader(null);
    this.#topics = topics;
    this.#topic = topics.hold(channel.topic, this);
  }

  // ── The channel's side ───────────────────────────────────────────────────────────────────────────────────────────

  /** What becomes of publications that the client does not read in time; before {@link ChannelSubscription.subscribe}. */
  useSlowPolicy(policy: SlowPolicy): void {
    if (policy.kind === "keep_all") return;
    this.#useReader(
      new SlowReader(
        policy,
        this.#owner.ports,
        (missed) => this.codec.push(this.#channel.joinRef, this.#channel.topic, "troupe:missed", missed),
      ),
    );
  }

  #useReader(slowReader: SlowReader | null): void {
    this.#readers = this.#channel.kind.presence === null
      ? slowReader
      : new StandingReader(this.#owner.ports.counters, slowReader, () => this.#refreshPresence());
  }

  /** The client has caught up: it is told who is present now. Where the topic has too much to do, a moment later. */
  #refreshPresence(): void {
    if (!this.active || this.tell(PRESENCE, { type: "refresh", member: this })) return;
    this.#owner.ports.clock.setTimer(() => this.#refreshPresence(), REFRESH_MS);
  }

  /**
   * Asks for the subscription: what is said from now on waits for its commit. `onSubscribed`: is called then, first of
   * all; `onTurnedAway`, if its past cannot be read in time. A member whose client comes back asks again. `false`: the
   * topic's mailbox is full.
   */
  subscribe(
    onSubscribed: ((recovery: Recovery | null) => void) | null,
    onTurnedAway: ((error: unknown) => void) | null,
  ): boolean {
    this.#output.raise();
    this.asks++;
    if (!this.#topics.subscribe(this.#topic, this)) {
      this.asks--;
      this.#output.lower();
      return false;
    }
    this.#onSubscribed = onSubscribed;
    this.#onTurnedAway = onTurnedAway;
    if (this.#stage === NEW) this.#enter(LIVE);
    return true;
  }

  /** Tells one of the topic's extensions. `false`: the topic's mailbox is full. */
  tell(extension: string, message: unknown): boolean {
    return this.#topics.tell(this.#topic, extension, message);
  }

  /** Publishes: what is said from now on waits for the commit. Throws `topic_overloaded`. */
  publish(publication: Publication): void {
    if (this.#stage >= LINGERING) return this.#topics.publish(publication); // a last word, which is not waited for
    this.#output.raise();
    try {
      this.#topics.publish(publication);
    } catch (error) {
      this.#output.lower();
      throw error;
    }
  }

  /** Sends behind all that was published before. `ref`: of the message that is answered. */
  say(frame: Frame, ref: string | null = null, kind: HeldKind = "other"): void {
    if (ref !== null && this.#unstored?.delete(ref)) frame = this.unstoredReply(ref);
    if (!this.#output.blocked || this.#stage === OVER) return this.#voice.write(frame);
    this.#output.hold(frame, ref, this.#isEnding && typeof kind === "string" ? "end" : kind);
    this.interleaves = true;
    this.#owner.holding(this);
  }

  sayForOthers(frame: Frame): void {
    if (!this.blocked) return this.#voice.write(frame);
    this.#output.hold(frame, null, "end");
    this.interleaves = true;
  }

  /**
   * The client has gone: from now on, all goes to `nowhere`. What waits is dropped, the answer to a join with it. Gives how
   * many pushes were among it.
   */
  detach(nowhere: SubscribedChannel["owner"]): number {
    this.#onSubscribed = this.#onTurnedAway = null;
    const lost = this.dropHeld();
    this.#unstored = null;
    this.#staleUntil = this.#output.barriers.raised;
    this.#redirect(nowhere);
    return lost;
  }

  /**
   * Drops what waits, since nobody is there to hear it: answers are dead letters. Gives how many pushes were among it,
   * which are counted. What is about the connection itself, and has gone with it, is neither.
   */
  dropHeld(): number {
    const { counters, deadLetters } = this.#owner.ports;
    let pushes = 0;
    for (const { frame, ref, kind } of this.#output.drop()) {
      if (kind === "push") pushes++;
      else if (ref !== null) deadLetters.record("late_reply", frame.data, this.#channel.topic);
    }
    if (pushes > 0) counters.add("sessions.undelivered", pushes);
    return pushes;
  }

  /** What the channel says from now on goes to `voice`; what is published does not. */
  sayTo(voice: Output): void {
    this.#voice = voice;
    this.#output.redirect(voice);
  }

  /** A client is there again: from now on, all goes to `owner`, in its codec. Whether it gains by waiting stays as it was. */
  attach(owner: SubscribedChannel["owner"]): void {
    this.#redirect(owner);
    if (this.#output.holds) owner.holding(this);
  }

  #redirect(owner: SubscribedChannel["owner"]): void {
    this.#owner = owner;
    this.codec = owner.codec;
    this.sayTo(owner);
    this.interleaves = this.#stage === LINGERING || this.#output.holds;
  }

  /** Whether what is said now has to wait for a commit. */
  get blocked(): boolean {
    return this.#output.blocked && this.#stage !== OVER;
  }

  /** Whether something that was said waits for this turn's commit; not where a log takes its time, which may be long. */
  get holds(): boolean {
    return this.#output.holds && !this.#topics.isStoring(this.#channel.topic);
  }

  /** Whether the channel has ended, and all that it said has gone out. */
  get isOver(): boolean {
    return this.#stage === OVER;
  }

  /** What its client may get is asked anew, where that is asked: see `PatternSubscription`. */
  rematch(): void {}

  /** The channel ends: what it says from now on tells the client of that, and is true whatever becomes of its topic. */
  ending(): void {
    this.#isEnding = true;
  }

  /** The channel has ended. What it has said still goes out in its place. */
  end(): void {
    if (this.#stage >= LINGERING) return;
    this.#enter(LINGERING);
    if (!this.#output.blocked) this.#release();
  }

  // ── The topic's side ─────────────────────────────────────────────────────────────────────────────────────────────

  get connectionId(): string {
    return this.#owner.info.id;
  }

  get userId(): string {
    return this.#owner.user.id;
  }

  subscribed(recovery: Recovery | null): void {
    const onSubscribed = this.#onSubscribed;
    this.#onSubscribed = null;
    this.#isMember = true;
    if (this.active) onSubscribed?.(recovery);
    this.committed();
    if (this.#stage === LIVE) this.#owner.ports.members.add(this.#channel);
  }

  turnedAway(error: unknown): void {
    this.#onSubscribed = null;
    this.#output.giveUp(); // what it has said as a member is for one
    if (this.active) this.#onTurnedAway?.(error);
    this.committed();
  }

  /** What a message of the client's has published is lost: that is what it is answered, whatever its handler says. */
  failed(cause: string | null): void {
    if (cause !== null) this.#lose(cause, this.#output.barriers.passed >= this.#staleUntil);
    this.committed();
  }

  /** The same, where nobody waits for the commit any more. The message may come again, under its id as well. */
  lost(cause: string): void {
    this.#lose(cause, true);
  }

  #lose(cause: string, isCurrent: boolean): void {
    const isThere = isCurrent && this.#owner === this.#channel.owner;
    for (const ref of this.#owner.dedupe?.failed(this.#channel.topic, cause, isThere) ?? []) {
      if (!this.#output.lose(ref)) this.say(this.unstoredReply(ref), ref);
    }
    if (!isThere || this.#output.lose(cause)) return;
    this.#unstored ??= new Set();
    if (this.#unstored.size < MAX_UNSTORED) this.#unstored.add(cause);
  }

  unstoredReply(ref: string): Frame {
    const { joinRef, topic } = this.#channel;
    return this.codec.reply(joinRef, ref, topic, UNSTORED.status, UNSTORED.response);
  }

  push(event: string, payload: unknown): void {
    if (!this.active) return;
    this.#owner.write(this.codec.push(this.#channel.joinRef, this.#channel.topic, event, payload));
  }

  committed(): void {
    this.#output.pass();
    this.interleaves = this.#output.holds || this.#stage === LINGERING;
    if (this.#stage === LINGERING && !this.#output.blocked) this.#release();
  }

  write(frame: Frame, published: Published): void {
    const filter = this.#outgoing?.get(published.event);
    const own = filter === undefined ? frame : this.#filtered(filter, published);
    if (own !== null) this.#write(own, published);
  }

  #write(frame: Frame, published: Published): void {
    if (this.#owner !== this.#channel.owner && isOwnEvent(published.event)) return; // it is told all when it is back
    const reader = this.#readers === null ? null : this.#readers.readerOf(published);
    if (reader === null) this.#owner.write(frame);
    else this.#owner.writeDroppable(new Droppable(frame, published, reader));
  }

  writeTurn(turn: TopicTurn): void {
    const outgoing = this.#outgoing;
    if (outgoing !== null && turn.published.some(({ event }) => outgoing.has(event))) {
      turn.frames.forEach((frame, i) => this.active && this.write(frame, turn.published[i]));
      return;
    }
    this.#owner.writeTurn(turn, this.#readers);
  }

  /** What a filter makes of a publication; `null`: this member does not get it. */
  #filtered(filter: Handler, { event, payload, position }: Published): Frame | null {
    const { topic, kind, ctx } = this.#channel;
    try {
      const value = filter(ctx, payload);
      if (value === undefined) return null;
      return this.codec.publication(topic, event, checkOutgoing(kind, event, value), position);
    } catch (error) {
      this.#channel.crash(error);
      return null;
    }
  }

  /**
   * The topic has ended: nothing of what waits will be committed any more. Where an answer would say that something is
   * stored, or that the client is a member of what could not even begin, it is not given: it hears of the channel's end.
   */
  terminated(): void {
    const { history, extensions } = this.#channel.kind.setup;
    if (history !== null || (!this.#isMember && extensions.size > 0)) this.#output.giveUp();
    this.#output.passAll();
    this.interleaves = this.#stage === LINGERING;
    if (this.#stage === LINGERING) this.#release();
    else if (this.#stage !== OVER) this.#channel.topicEnded();
  }

  #enter(stage: number): void {
    this.#stage = stage;
    this.active = stage === LIVE || stage === LINGERING;
    this.interleaves = stage === LINGERING || this.#output.holds;
  }

  #release(): void {
    this.#enter(OVER);
    this.#owner.ports.members.remove(this.#channel);
    this.#topics.unsubscribe(this.#channel.topic, this.#topic, this);
    this.#topics.unhold(this.#channel.topic, this.#topic, this);
    this.#channel.released();
  }
}
