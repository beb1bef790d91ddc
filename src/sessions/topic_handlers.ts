import type { Ref } from "../actors/ref.ts";
import type { Logger } from "../base/log.ts";
import type {
  AnyContract,
  ClientEvents,
  ClientPayload,
  ClientReply,
  JoinPayload,
  JoinReply,
  PresenceInput,
  PresenceOutput,
  RequestEvents,
  RequestPayload,
  RequestReply,
  ServerEvents,
  ServerPayload,
  StateOf,
} from "../contract/define_topic.ts";
import type { ParamsOf, TopicPattern } from "../contract/pattern.ts";
import type { AnyRecord, BytesInput } from "../contract/schema.ts";
import type { PresenceTracks } from "../presence/member_presence.ts";
import type { PresenceOptions } from "../presence/presence_rules.ts";
import type { ConnectionInfo } from "./connection_info.ts";
import type { Joined, Refusal } from "./refusal.ts";
import type { RequestOptions } from "./request_kind.ts";
import type { SlowPolicy } from "./slow_policy.ts";
import type { User } from "./user.ts";

/** A topic without a contract: any event, any payload, nothing checked. */
export interface Untyped<Pattern extends string = string> {
  /** Which topics it covers. */
  readonly pattern: TopicPattern<Pattern>;
  /** There is none. */
  readonly definition: null;
}

/** A topic with or without a contract. */
export type AnyTopic = AnyContract | Untyped;

/** What `app.topic` takes, as a topic: a contract as it is, a pattern without one. */
export type TopicOf<T extends AnyContract | string> = T extends string ? Untyped<T> : Extract<T, AnyContract>;

/** The parameters of a topic, from its pattern. */
export type ParamsIn<C extends AnyTopic> = C extends { readonly pattern: TopicPattern<infer Pattern> }
  ? Readonly<ParamsOf<Pattern>>
  : never;
/** What a client may send. */
export type EventsIn<C extends AnyTopic> = C extends AnyContract ? ClientEvents<C> : string;
/** What comes with it. */
export type PayloadIn<C extends AnyTopic, E extends EventsIn<C>> = C extends AnyContract
  ? ClientPayload<C, E & ClientEvents<C>>
  : unknown;
/** What its handler answers. */
export type ReplyTo<C extends AnyTopic, E extends EventsIn<C>> = C extends AnyContract
  ? ClientReply<C, E & ClientEvents<C>>
  : unknown;
/** What comes with the join. */
export type JoinIn<C extends AnyTopic> = C extends AnyContract ? JoinPayload<C> : unknown;
/** What the join handler answers. */
export type JoinOut<C extends AnyTopic> = C extends AnyContract ? JoinReply<C> : AnyReply;
/** Any reply: `unknown`, in a form that does not swallow a {@link Joined} beside it. */
export type AnyReply = NonNullable<unknown> | null | undefined | void;
/** What the server may send. */
export type EventsOut<C extends AnyTopic> = C extends AnyContract ? ServerEvents<C> : string;
/** What goes with it. */
export type PayloadOut<C extends AnyTopic, E extends EventsOut<C>> = C extends AnyContract
  ? ServerPayload<C, E & ServerEvents<C>>
  : unknown;

/** The state of the topic; `never` without one. */
export type StateIn<C extends AnyTopic> = C extends AnyContract ? StateOf<C> : never;
/** What a transaction publishes. */
export type Transaction<C extends AnyTopic> = {
  readonly [E in EventsOut<C>]: readonly [event: E, payload: PayloadOut<C, E>];
}[EventsOut<C>];

/** What the server may ask a client. */
export type RequestsTo<C extends AnyTopic> = C extends AnyContract ? RequestEvents<C> : string;
/** What it asks with. */
export type RequestPayloadTo<C extends AnyTopic, E extends RequestsTo<C>> = C extends AnyContract
  ? RequestPayload<C, E & RequestEvents<C>>
  : unknown;
/** What the client answers. */
export type RequestReplyFrom<C extends AnyTopic, E extends RequestsTo<C>> = C extends AnyContract
  ? RequestReply<C, E & RequestEvents<C>>
  : unknown;

/** What a member is tracked with. */
export type PresenceIn<C extends AnyTopic> = C extends AnyContract ? PresenceInput<C> : AnyRecord;
/** What others see of it, beside its references. */
export type PresenceOut<C extends AnyTopic> = C extends AnyContract ? PresenceOutput<C> : AnyRecord;

/** Somebody to leave out of a broadcast, or to send to alone. */
export type Recipient = { readonly user: string } | { readonly connection: string };

/** Who gets a broadcast. Default: every member of the topic, the sender included. */
export interface BroadcastOptions {
  /** Everybody but these. A handler's `ctx` stands for its own channel. */
  except?: ChannelIdentity | Recipient | readonly (ChannelIdentity | Recipient)[];
  /** Nobody but these. */
  only?: Recipient | readonly Recipient[];
  /**
   * Not for the topic's history: who is not there does not get it later, e.g. that somebody is typing. Default: `false`.
   * What is for single connections alone is never kept.
   */
  ephemeral?: boolean;
}

/** What identifies one channel; every handler's `ctx` is one. */
export interface ChannelIdentity {
  /** The topic's whole name. */
  readonly topic: string;
  /** The id of its connection. */
  readonly connectionId: string;
}

/** An answer that is given after the handler has returned. The first call counts; later ones are dead letters. */
export interface DeferredReply {
  /** Answers `ok`. */
  ok(response?: unknown): void;
  /** Answers `error`. */
  error(response: unknown): void;
}

/** Why a channel ended. */
export interface LeaveReason {
  /**
   * `left`: the client left. `closed`: its connection ended. `expired`: its connection dropped, and the client did not
   * come back in time. `replaced`: the client joined the topic again. `stopped`: a handler called `ctx.stop`. `kicked`:
   * the application ended it (`app.topics`). `crashed`: a handler threw, or its topic ended, or the
   * history could not be read in time. `shutdown`: the server is going down; it waits
   * for the handler, up to its deadline.
   */
  readonly kind: "left" | "closed" | "expired" | "replaced" | "stopped" | "kicked" | "crashed" | "shutdown";
  /** What was thrown, or went wrong, where `kind` is `crashed`. */
  readonly error?: unknown;
  /** What the client was told, where `kind` is `kicked`. */
  readonly reason?: string;
}

/** What a join handler can do: all that a channel can, but there is no state yet. */
export interface JoinContext<C extends AnyTopic, U extends User> extends ChannelIdentity {
  /** Who is on the other side. */
  readonly user: U;
  /** The parameters of the topic's pattern. */
  readonly params: ParamsIn<C>;
  /** The connection's handshake. */
  readonly connection: ConnectionInfo;
  /** The event that is being handled. */
  readonly event: string;
  /**
   * Under which keys the channel is present in its topic. The topic needs presence: a schema in the contract, or
   * {@link TopicHandlers.presence}.
   */
  readonly presence: PresenceTracks<PresenceIn<C>>;
  /** The channel's address: what is told to it reaches `info`. */
  readonly self: Ref<unknown>;
  /** Log lines. */
  readonly log: Logger;
  /** Fires when the channel ends: the client left or went away, a handler crashed, the server is going down. */
  readonly signal: AbortSignal;
  /** A fresh UUID. */
  uuid(): string;
  /** Wall time, in milliseconds since the Unix epoch. */
  now(): number;
  /**
   * Publishes to all members of the topic. What this channel sends later waits for the commit of it.
   *
   * @throws {TroupeError} `topic_overloaded` (retryable): if it is not caught, the client's reply says `overloaded`.
   * `invalid_payload` if the contract's schema refuses the payload; `unencodable_payload` if the wire cannot carry it.
   */
  broadcast<E extends EventsOut<C>>(event: E, payload: PayloadOut<C, E>, options?: BroadcastOptions): void;
  /** {@link JoinContext.broadcast} of bytes: a binary message. */
  broadcastBytes<E extends EventsOut<C>>(event: E, bytes: BytesInput, options?: BroadcastOptions): void;
  /** Sends to this channel alone. In `join`, it goes out behind the join's reply. */
  push<E extends EventsOut<C>>(event: E, payload: PayloadOut<C, E>): void;
  /** Ends the channel after the handler, and its reply, with `phx_close`. */
  stop(): void;
  /**
   * Decides, in the topic's own turn, what is published: `decide` is given the state, with all that the topic has taken in
   * before, and gives events, or {@link refuse} to publish nothing. It is synchronous, and MUST NOT change the state. The
   * events are stored together or not at all. Resolves with the state after their commit.
   *
   * @throws {TroupeError} At once: `no_state` if the contract has none; `nested_transact` within another. As a rejection,
   * which nobody has to await: what `decide` throws; a refusal, `topic_overloaded` or `not_stored` (retryable), each of
   * which is the reply where a handler lets it pass, and ends the channel where there is nobody to reply to (`info`);
   * `topic_ended` (retryable; it may have been stored); `channel_ended`.
   */
  transact(decide: (state: StateIn<C>) => readonly Transaction<C>[] | Refusal): Promise<StateIn<C>>;
  /**
   * Tells the topic itself: `message` reaches its `life.message`, in the topic's own turn.
   *
   * @throws {TroupeError} `no_life` if its handlers have none; `topic_overloaded` (retryable).
   */
  tellTopic(message: unknown): void;
}

/** What a handler can do. It belongs to one incarnation: after the channel's end its calls are dead letters. */
export interface ChannelContext<C extends AnyTopic, U extends User, S> extends JoinContext<C, U> {
  /** The channel's own state, from `join`. A handler may replace it. */
  state: S;
  /**
   * Takes the reply along: what the handler returns is ignored, and the channel goes on with the next message. Without
   * an event to answer (in `info`, or where the client gave no ref) it answers nobody.
   */
  defer(): DeferredReply;
  /**
   * Asks this channel's client, and resolves with its answer, validated. The handler may await it: the answer gets past
   * the messages that wait for the handler. A promise that nobody awaits does no harm.
   *
   * @throws {TroupeError} At once: `unknown_event`, `invalid_payload`, `unencodable_payload`. As a rejection:
   * `request_timeout` (retryable); `request_refused`, with the client's response in `details`; `invalid_reply`, with the
   * issues; `too_many_requests` (retryable) beyond `limits.maxRequests`; `request_ended` if the channel ends before;
   * `client_away` (retryable) while its client is not connected.
   */
  request<E extends RequestsTo<C>>(
    event: E,
    payload: RequestPayloadTo<C, E>,
    options?: RequestOptions,
  ): Promise<RequestReplyFrom<C, E>>;
}

/** How much of a topic's publications is kept, in the app's log (`AppOptions.log`). */
export interface HistoryOptions {
  /** How many publications at the most: 1 to 1,000,000. */
  readonly size: number;
  /** For how long, in milliseconds. `Infinity`: as long as there is room for them. */
  readonly ttlMs: number;
  /**
   * Where the contract has a state: how many publications there are from one snapshot of it to the next. What was published
   * since the last one is kept, whatever `size` and `ttlMs` say. Default: 100.
   */
  readonly snapshotEvery?: number;
}

/** What a handler returns: a reply, a refusal, or a promise of one. */
export type Outcome<R> = R | Refusal | Promise<R | Refusal>;

/** What the handler can do that begins a topic's own life. */
export interface BeginningLife<C extends AnyTopic> {
  /** The topic's whole name. */
  readonly topic: string;
  /** The parameters of the topic's name. */
  readonly params: ParamsIn<C>;
  /** How many members it has. */
  readonly memberCount: number;
  /** Log lines; the topic is added to each. */
  readonly log: Logger;
  /** Wall time, in milliseconds since the Unix epoch. */
  now(): number;
  /** A fresh UUID. */
  uuid(): string;
  /**
   * Publishes to all members of the topic.
   *
   * @throws {TroupeError} What the contract's schema, or the wire, refuses.
   */
  broadcast<E extends EventsOut<C>>(
    event: E,
    payload: PayloadOut<C, E>,
    options?: Pick<BroadcastOptions, "ephemeral">,
  ): void;
  /** Runs `task` in the topic's turn after `delayMs`, unless the topic has ended. Gives what takes that back. */
  after(delayMs: number, task: () => void): () => void;
}

/** What the handlers of a topic's own life can do. They run in the topic's turn, one at a time. */
export interface LifeContext<C extends AnyTopic, L> extends BeginningLife<C> {
  /** The topic's own state, from `life.start`. A handler may replace it. */
  state: L;
}

/**
 * A topic's own life: it begins with the first member, or the first publication that is to be kept, and ends when nobody
 * has been there for `limits.topicIdleMs`. A throw ends the topic, and its channels with it: clients join again, and it
 * starts anew.
 */
export interface TopicLife<C extends AnyTopic, L> {
  /** Makes the topic's own state. Members wait for a promise. */
  start?(topic: BeginningLife<C>): L | Promise<L>;
  /** Every `tickMs`, on a fixed grid: what is missed is not made up for. */
  tick?(topic: LifeContext<C, L>): void;
  /** How often, in milliseconds, 1 or more. Goes with `tick`. */
  readonly tickMs?: number;
  /** What a handler has told the topic: see {@link JoinContext.tellTopic}. */
  message?(topic: LifeContext<C, L>, message: unknown): void;
  /** The topic ends. Nothing that is published here is sent. */
  stop?(topic: LifeContext<C, L>): void;
}

/** The handlers of a topic. One shape for all: `(ctx, payload)`. */
export interface TopicHandlers<C extends AnyTopic, U extends User, S, L = unknown> {
  /**
   * A client joins. Return the reply, or {@link joined} with a state and the reply; {@link refuse} to refuse. A throw
   * answers `join crashed`. Default: everybody may join.
   */
  join?(ctx: JoinContext<C, U>, payload: JoinIn<C>): Outcome<JoinOut<C> | Joined<S, JoinOut<C>>>;
  /**
   * What clients send, by event. With a contract: one handler for each of its client events, and each is answered.
   * Without: any events; a handler that returns `undefined` does not answer.
   */
  readonly on?: {
    readonly [E in EventsIn<C>]: (
      ctx: ChannelContext<C, U, S>,
      payload: PayloadIn<C, E>,
    ) => Outcome<ReplyTo<C, E>>;
  };
  /** Events that `on` has no handler for, where there is no contract; `ctx.event` names it. Default: `unknown_event`. */
  other?(ctx: ChannelContext<C, U, S>, payload: unknown): Outcome<unknown>;
  /** Messages from the server's side: what was told to `ctx.self`. */
  info?(ctx: ChannelContext<C, U, S>, message: unknown): void | Promise<void>;
  /**
   * Clients are told who is present: see {@link PresenceOptions}, and `ctx.presence`. Default: as it is by default, where
   * the contract has a schema for it; else nobody is told.
   */
  readonly presence?: PresenceOptions<PresenceOut<C>>;
  /**
   * What becomes of publications that a client does not read in time: one of `keepAll()`, `dropOldest({ max })`,
   * `latest({ key })`, `sample({ everyMs })`, `closeSlow()`; or a function that chooses one for each member, called when
   * its join is granted. Default: `keepAll()`, up to the bounds of the outbox.
   */
  readonly slow?: SlowPolicy | ((ctx: JoinContext<C, U>) => SlowPolicy);
  /**
   * What is broadcast is kept, so that a client which comes back with its position gets what it has missed: see
   * {@link HistoryOptions}. Default: nothing is.
   */
  readonly history?: HistoryOptions;
  /** What the topic does by itself. */
  readonly life?: TopicLife<C, L>;
  /**
   * What becomes of single events on their way to each member: a filter gives what this member gets, or `undefined` for
   * nothing. Called in the topic's turn, once for each member: synchronous, quick, and without effect. A throw ends that
   * member's channel. Events that a contract's state folds cannot be filtered.
   */
  readonly outgoing?: {
    readonly [E in EventsOut<C>]?: (
      ctx: ChannelContext<C, U, S>,
      payload: PayloadOut<C, E>,
    ) => PayloadOut<C, E> | undefined;
  };
  /**
   * The connection has dropped, and the client may come back within `limits.graceMs`: until then the channel lives on,
   * a member as before, without anybody to send to. What is published and pushed meanwhile is counted, and lost.
   * Called once more where `resumed` has let the client in, and it cannot come in after all: its history is not read in
   * time, or the topic has too much to do.
   */
  suspended?(ctx: ChannelContext<C, U, S>): void | Promise<void>;
  /**
   * The client is back, over another connection (`ctx.connection`, `ctx.connectionId` and `ctx.user` are those of the
   * new one). Called instead of `join`, with the payload of the client's new join; what it publishes and pushes goes
   * out behind the reply. Return the reply, as the contract has it for joins; nothing, for what the client was answered
   * the last time; {@link refuse} to leave the channel suspended. A throw ends the channel.
   */
  resumed?(ctx: ChannelContext<C, U, S>, payload: JoinIn<C>): Outcome<JoinOut<C> | void>;
  /** The client did not come back in time. `leave` follows at once, with the reason `expired`. */
  expired?(ctx: ChannelContext<C, U, S>): void | Promise<void>;
  /**
   * May this client still be a member? Asked every {@link TopicHandlers.recheckMs}, and by `App.recheck`, in the channel's
   * own turn. Anything but `true` ends the channel at once: the client is told `troupe:kicked` with the reason
   * `not_a_member`, then `phx_close`, and `leave` has the reason `kicked`. A throw is a crash: the client joins again, if
   * `join` lets it.
   */
  recheck?(ctx: ChannelContext<C, U, S>): boolean | Promise<boolean>;
  /** How often `recheck` is asked, in milliseconds. Default: on demand alone. */
  readonly recheckMs?: number;
  /** The channel has ended, whatever the reason. Not called for a join that was refused or crashed. */
  leave?(ctx: ChannelContext<C, U, S>, reason: LeaveReason): void | Promise<void>;
}
