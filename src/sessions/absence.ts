import type { MemberPresence } from "../presence/member_presence.ts";
import type { Codec } from "../protocol/codec.ts";
import type { Inbound } from "../protocol/codec.ts";
import type { Frame } from "../protocol/frame.ts";
import type { Recovery } from "../topics/recovery.ts";
import type { TopicTurn } from "../topics/topic_turn.ts";
import type { Arrival } from "./arrival.ts";
import type { ChannelCtx } from "./channel_context.ts";
import type { ChannelOwner, ChannelPorts } from "./channel_owner.ts";
import type { ChannelSubscription, SubscribedChannel } from "./channel_subscription.ts";
import type { ConnectionInfo } from "./connection_info.ts";
import type { DedupeWindow } from "./dedupe_window.ts";
import { type Answer, exchange, type ExchangeObserver } from "./exchange.ts";
import { unavailable } from "./join_bounds.ts";
import { isOwnEvent } from "./own_events.ts";
import { orElse } from "./resumed_reply.ts";
import { connectionsOf } from "./resume_wish.ts";
import { grantingFrames } from "./session_wire.ts";
import type { LeaveReason } from "./topic_handlers.ts";
import type { TopicKind } from "./topic_kind.ts";
import type { User } from "./user.ts";

/** What an absence needs of its channel. */
export interface AbsentChannel extends ExchangeObserver {
  readonly topic: string;
  readonly owner: SubscribedChannel["owner"] & Pick<ChannelOwner<never>, "say" | "secret" | "stillAway">;
  readonly joinRef: string;
  readonly kind: TopicKind;
  readonly ctx: ChannelCtx;
  readonly hasEnded: boolean;
  /** What the client was answered when it came the last time. */
  readonly response: unknown;
  readonly subscription: Pick<ChannelSubscription, "sayTo" | "detach" | "subscribe" | "wish" | "codec">;
  readonly presence: MemberPresence | null;
  /** The client is back: what is said and published from now on reaches it. It is answered with `response`. */
  returned(response: unknown): void;
  /** Handlers are told, in their turn, that the client is away. */
  tellAway(): void;
  /** The handler that was to bring the client back has thrown: the channel ends. */
  crash(error: unknown): void;
  /** Calls a handler that answers nobody. */
  call(handler: TopicKind["suspended"], event: string, payload: unknown): void | Promise<void>;
  /** A handler is done: was it the last? */
  handled(): void;
  /** Work that the channel waits for. */
  pending(work: Promise<void>): Promise<void>;
}

/** Ends that nobody means for a client that comes back. */
const PASSING: ReadonlySet<LeaveReason["kind"]> = new Set(["left", "closed", "expired", "replaced"]);

/**
 * A channel's time without a client: what its topic publishes comes here instead, and is counted. It begins when the
 * connection drops, and ends when the client has joined the topic again and the `resumed` handler has let it in.
 *
 * Connections come and go faster than handlers run: what the client asks for is noted at once, what handlers are told
 * comes in their turn. So a return that is handled only after its connection has gone as well brings nobody back.
 */
export class Absence {
  /** When the channel ends if its client is not back, by {@link Clock.elapsedMs}. */
  untilMs = 0;
  /** The join that is to bring the client back, until it is answered or its connection has gone, too. */
  asked: Arrival | null = null;
  /** How many publications and pushes have reached nobody. */
  missed = 0;
  /** Whether handlers know that the client is away. */
  told = false;
  /** Whether the client is being let in again: what is said meanwhile waits for that. */
  isEnding = false;
  readonly gainsByWaiting = false;
  readonly #channel: AbsentChannel;
  /** The join that handlers, or the topic, are busy with. */
  #returning: Arrival | null = null;

  constructor(channel: AbsentChannel) {
    this.#channel = channel;
  }

  /** A connection has gone, and whatever was asked for over it. */
  begin(untilMs: number): void {
    this.asked = null;
    this.untilMs = untilMs;
  }

  /**
   * The channel has ended. A client that has asked to come back is told: unless somebody meant it to end, a join that it
   * sends now makes a new one.
   */
  channelEnded({ kind }: LeaveReason, leave: Inbound | null): void {
    const { asked } = this;
    if (asked === null) return;
    const { owner, topic, joinRef } = this.#channel;
    const response = {
      reason: kind === "crashed" ? "join crashed" : "channel_ended",
      ...(PASSING.has(kind) && { retryAfterMs: 0 }),
    };
    if (leave !== null) owner.say(owner.codec.reply(joinRef, leave.ref, topic, "ok", {}));
    else owner.say(asked.reply(owner.codec, "error", response));
    this.asked = null;
  }

  // ── Where the topic's publications go ────────────────────────────────────────────────────────────────────────────

  get dedupe(): DedupeWindow | null {
    return this.#channel.owner.dedupe;
  }

  get ports(): ChannelPorts {
    return this.#channel.owner.ports;
  }

  get codec(): Codec {
    return this.#channel.owner.codec;
  }

  get user(): User {
    return this.#channel.owner.user;
  }

  get info(): ConnectionInfo {
    return this.#channel.owner.info;
  }

  write(_frame: Frame): void {
    this.lose(1);
  }

  writeDroppable(): void {
    this.lose(1);
  }

  writeTurn(turn: TopicTurn): void {
    this.lose(turn.published.filter(({ event }) => !isOwnEvent(event)).length);
  }

  holding(): void {}

  /** So many publications and pushes have reached nobody. */
  lose(count: number): void {
    this.missed += count;
    this.ports.counters.add("sessions.undelivered", count);
  }

  // ── The actor's side ─────────────────────────────────────────────────────────────────────────────────────────────

  /** Handlers are told that the client is away. */
  tell(): void | Promise<void> {
    if (this.told || this.#channel.hasEnded) return;
    this.told = true;
    return this.#channel.call(this.#channel.kind.suspended, "suspended", undefined);
  }

  /** The client is let in again, if it is still there. */
  end(arrival: Arrival): void | Promise<void> {
    const channel = this.#channel;
    if (this.asked !== arrival || channel.hasEnded) return;
    this.#returning = arrival;
    const { issues } = arrival;
    if (issues.length > 0) return this.#refuse(arrival, { reason: "invalid_payload", issues });
    const { join, resumed } = channel.kind;
    const kind = {
      handler: resumed ?? nothing,
      payload: join.payload,
      reply: orElse(join.reply, channel.response),
    };
    this.isEnding = true;
    channel.subscription.sayTo(arrival);
    channel.ctx.begin(null, "resumed");
    try {
      const answer = exchange(kind, channel.ctx, arrival.message.payload, channel);
      if (!(answer instanceof Promise)) return this.#answered(arrival, answer);
      return channel.pending(
        answer.then((value) => this.#answered(arrival, value)).catch((error) => this.#crashed(error)),
      );
    } catch (error) {
      this.#crashed(error);
    }
  }

  #answered(arrival: Arrival, { status, response }: Answer): void {
    const channel = this.#channel;
    if (channel.hasEnded) return;
    if (status === "ok") this.told = false;
    if (status !== "ok") this.#refuse(arrival, response);
    else if (isPlain(channel.kind.setup)) this.#letIn(arrival, response, null);
    else {
      // What it has missed is in the log, and extensions greet it: it becomes a member once more, from where it says that
      // it was.
      channel.subscription.wish = arrival.wish;
      channel.subscription.codec = channel.owner.codec; // what is kept for it while its past is read has that form
      const isAsked = channel.subscription.subscribe(
        (recovery) => this.#letIn(arrival, response, recovery),
        (error) => this.#refuse(arrival, unavailable(error)),
      );
      if (!isAsked) this.#refuse(arrival, { reason: "overloaded" });
    }
    channel.handled();
  }

  /** The client stays away, and is told why if it is still there. */
  #refuse(arrival: Arrival, response: unknown): void {
    const { owner, subscription } = this.#channel;
    this.lose(arrival.behind.length);
    if (this.#returning !== arrival) return; // it has come back once more meanwhile
    this.isEnding = false;
    this.missed += subscription.detach(this);
    if (this.asked !== arrival) return; // nobody is there any more, or comes with a join that has its turn yet
    this.asked = null;
    owner.say(arrival.reply(this.codec, "error", response));
    if (!this.told) this.#channel.tellAway(); // they have let it in, and it is not
    owner.stillAway();
  }

  #letIn(arrival: Arrival, response: unknown, recovery: Recovery | null): void {
    if (this.asked !== arrival) return this.#refuse(arrival, {});
    const channel = this.#channel;
    const { codec, secret, ports, info } = channel.owner;
    const greeting = {
      secret,
      missed: this.missed,
      recovery,
      connections: connectionsOf(info.id, arrival.wish),
    };
    const frames = grantingFrames(arrival, codec, response, greeting);
    for (const frame of frames) channel.owner.write(frame); // ahead of all that waits for a commit
    for (const { frame } of arrival.behind) channel.owner.write(frame);
    channel.returned(response);
    channel.presence?.share(arrival.tabs);
    ports.counters.add("channels.resumed");
  }

  #crashed(error: unknown): void {
    const { topic, hasEnded, owner: { user, ports } } = this.#channel;
    if (hasEnded) return;
    ports.counters.add("channels.join_crashed");
    ports.logger.log("error", "resumed crashed", { topic, user: user.id, error });
    this.#channel.crash(error);
  }
}

function nothing(): void {}

function isPlain({ history, extensions }: TopicKind["setup"]): boolean {
  return history === null && extensions.size === 0;
}
