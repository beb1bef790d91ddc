import type { MemberPresence } from "../presence/member_presence.ts";
import type { Inbound } from "../protocol/codec.ts";
import type { Frame } from "../protocol/frame.ts";
import type { Recovery } from "../topics/recovery.ts";
import { Arrival } from "./arrival.ts";
import type { ChannelCtx } from "./channel_context.ts";
import { memberPresence } from "./channel_presence.ts";
import type { ChannelOwner } from "./channel_owner.ts";
import type { ChannelSubscription } from "./channel_subscription.ts";
import { type Answer, exchange, type ExchangeObserver } from "./exchange.ts";
import { unavailable } from "./join_bounds.ts";
import { connectionsOf } from "./resume_wish.ts";
import { grantingFrames } from "./session_wire.ts";
import type { TopicKind } from "./topic_kind.ts";

/** The incarnation before, which this one replaces. */
export interface Predecessor {
  readonly subscription: Pick<ChannelSubscription, "blocked" | "say">;
  /** It is over, if it is not already. */
  giveWay(): void;
  /** What tells the client that it is closed, once; `null` if the client has been told of its end. */
  takeClose(): Frame | null;
}

/** What a join needs of its channel. */
export interface JoiningChannel extends ExchangeObserver {
  readonly topic: string;
  readonly owner: Pick<
    ChannelOwner<never>,
    "ports" | "codec" | "user" | "secret" | "info" | "say" | "unmatchedReply" | "write"
  >;
  readonly subscription: Pick<ChannelSubscription, "subscribe" | "useSlowPolicy" | "wish" | "tell">;
  readonly kind: TopicKind;
  readonly ctx: ChannelCtx;
  readonly hasEnded: boolean;
  /** What it says of its presence; `null` where its topic has none. */
  presence: MemberPresence | null;
  /** Answers a message of the client's. */
  answer(ref: string | null, status: string, response: unknown): void;
  /** It is a member, with this state and this answer, and nothing is held back for the join any more. */
  entered(state: unknown, response: unknown): void;
  /** It is none, and never was; the client has been told. */
  refused(): void;
  /** It does not become one after all; the client has been told. */
  turnedAway(error: unknown): void;
  /** Sends behind all that it has said before. */
  say(frame: Frame, ref?: string | null, kind?: "push" | object): void;
  /** A handler is done: was it the last? */
  handled(): void;
  /** Work that the channel waits for. */
  pending(work: Promise<void>): Promise<void>;
}

/** A channel's beginning: runs the join handler, and answers. It is needed until then. */
export class ChannelJoin {
  readonly arrival: Arrival;
  readonly #channel: JoiningChannel;
  #previous: Predecessor | null;

  constructor(channel: JoiningChannel, message: Inbound, previous: Predecessor | null) {
    this.arrival = new Arrival(message);
    this.#channel = channel;
    this.#previous = previous;
  }

  /** Runs the join handler. */
  begin(): void | Promise<void> {
    const channel = this.#channel;
    const { message, wish, tabs, issues } = this.arrival;
    if (issues.length > 0) return this.#refuse({ reason: "invalid_payload", issues });
    channel.subscription.wish = wish;
    if (channel.kind.presence !== null) channel.presence = memberPresence(channel);
    channel.presence?.share(tabs);
    channel.ctx.begin(message);
    try {
      const answer = exchange(channel.kind.join, channel.ctx, message.payload, channel);
      if (!(answer instanceof Promise)) return this.#answered(answer);
      return channel.pending(
        answer.then((value) => this.#answered(value)).catch((error) => this.#crashed(error)),
      );
    } catch (error) {
      this.#crashed(error);
    }
  }

  /** This one has ended before it was a member: the close of the one before goes behind all that it has said itself. */
  closePrevious(): void {
    const previous = this.#previous;
    const close = this.#closeOfPrevious();
    if (close === null) return;
    if (previous!.subscription.blocked) previous!.subscription.say(close);
    else this.#channel.owner.say(close);
  }

  #answered({ status, response, joined }: Answer): void {
    const channel = this.#channel;
    const { kind, ctx, owner, subscription, presence } = channel;
    if (channel.hasEnded) return;
    if (status === "error") return this.#refuse(response);
    const grant = (recovery: Recovery | null): Frame[] =>
      grantingFrames(this.arrival, owner.codec, response, {
        secret: owner.secret,
        missed: null,
        recovery,
        connections: connectionsOf(owner.info.id, this.arrival.wish),
      });
    const granted = grant(null); // first, since the codec may not be able to carry it
    const hasHistory = kind.setup.history !== null;
    if (kind.slow !== null) subscription.useSlowPolicy(kind.slow(ctx));
    this.#previous?.giveWay();
    if (presence?.granted() === false) return this.#refuse({ reason: "overloaded" });
    const subscribed = subscription.subscribe(
      hasHistory ? (recovery): void => grant(recovery).forEach((frame) => owner.write(frame)) : null,
      hasHistory ? (error): void => this.#turnAway(error) : null,
    );
    if (!subscribed) return this.#refuse({ reason: "overloaded" });
    channel.entered(joined?.state, response);
    // All of it waits for the subscription's commit, and whatever else this incarnation says comes behind. Where there
    // is a history, only then is it known what is answered.
    if (!hasHistory) { for (const frame of granted) channel.say(frame); }
    const close = this.#closeOfPrevious();
    if (close !== null) channel.say(close);
    for (const { frame, ref, kind } of this.arrival.behind) channel.say(frame, ref, kind);
    owner.ports.counters.add("channels.joined");
    channel.handled();
  }

  /** Its past cannot be read in time: its client is told, and may ask again. */
  #turnAway(error: unknown): void {
    const { owner } = this.#channel;
    owner.ports.counters.add("channels.refused");
    owner.write(this.arrival.reply(owner.codec, "error", unavailable(error)));
    this.#channel.turnedAway(error);
  }

  #crashed(error: unknown): void {
    const { topic, hasEnded, owner: { user, ports } } = this.#channel;
    if (hasEnded) return;
    ports.counters.add("channels.join_crashed");
    ports.logger.log("error", "join crashed", { topic, user: user.id, error });
    this.#refuse({ reason: "join crashed" });
  }

  #refuse(response: unknown): void {
    const { owner } = this.#channel;
    const reply = this.arrival.reply(owner.codec, "error", response);
    owner.ports.counters.add("channels.refused");
    owner.say(reply);
    for (const { ref } of this.arrival.behind) {
      if (ref !== null) owner.say(owner.unmatchedReply({ ...this.arrival.message, ref }));
    }
    this.closePrevious();
    this.#channel.refused();
  }

  /** The close of the incarnation before this one goes out behind this one's answer. */
  #closeOfPrevious(): Frame | null {
    const previous = this.#previous;
    this.#previous = null;
    if (previous === null) return null;
    previous.giveWay();
    return previous.takeClose();
  }
}
