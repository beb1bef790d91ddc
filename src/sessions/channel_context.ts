import type { Ref } from "../actors/ref.ts";
import type { LogFields, Logger, LogLevel } from "../base/log.ts";
import type { BytesInput } from "../contract/schema.ts";
import { TroupeError } from "../base/errors.ts";
import type { Inbound } from "../protocol/codec.ts";
import type { PresenceTracks } from "../presence/member_presence.ts";
import { presenceOf, type PresentChannel } from "./channel_presence.ts";
import type { ChannelOwner } from "./channel_owner.ts";
import { failed, requestEnded } from "./client_requests.ts";
import type { ConnectionInfo } from "./connection_info.ts";
import type { ChannelSubscription } from "./channel_subscription.ts";
import { publishFrom } from "./publishing.ts";
import type { RequestOptions } from "./request_kind.ts";
import { LIFE } from "./topic_life.ts";
import type { TopicKind } from "./topic_kind.ts";
import { type Decide, transact } from "./transact.ts";
import type {
  AnyTopic,
  BroadcastOptions,
  ChannelContext,
  DeferredReply,
  PresenceIn,
} from "./topic_handlers.ts";
import type { User } from "./user.ts";

/** What a context needs of its channel. */
export interface ContextChannel extends PresentChannel {
  readonly owner: Pick<ChannelOwner<never>, "ports" | "user" | "info" | "codec">;
  readonly kind: TopicKind;
  readonly subscription: ChannelSubscription;
  readonly connectionId: string;
  readonly params: Readonly<Record<string, string>>;
  readonly address: Ref<unknown>;
  /** How often its client has gone, or come back: answers to what it sent before do not come any more. */
  readonly changes: number;
  state: unknown;
  push(event: string, payload: unknown): void;
  request(event: string, payload: unknown, options?: RequestOptions): Promise<unknown>;
}

/** One incarnation of a channel, as its handlers see it: the run-time side of {@link ChannelContext}. */
export class ChannelCtx implements ChannelContext<AnyTopic, User, unknown> {
  readonly #channel: ContextChannel;
  #live = true;
  #ending = false;
  #abort: AbortController | null = null;
  #message: Inbound | null = null;
  event = "";
  /** Whether the handler that runs has taken its reply along. */
  deferred = false;
  /** Whether a handler has asked for the channel's end. */
  stopped = false;

  constructor(channel: ContextChannel) {
    this.#channel = channel;
  }

  get state(): unknown {
    return this.#channel.state;
  }

  set state(state: unknown) {
    this.#channel.state = state;
  }

  get topic(): string {
    return this.#channel.topic;
  }

  get connectionId(): string {
    return this.#channel.connectionId;
  }

  get user(): User {
    return this.#channel.owner.user;
  }

  get params(): never {
    return this.#channel.params as never;
  }

  get connection(): ConnectionInfo {
    return this.#channel.owner.info;
  }

  get presence(): PresenceTracks<PresenceIn<AnyTopic>> {
    return presenceOf(this.#channel);
  }

  get self(): Ref<unknown> {
    return this.#channel.address;
  }

  get log(): Logger {
    const { ports, user } = this.#channel.owner;
    return {
      log: (level: LogLevel, message: string, fields?: LogFields): void =>
        ports.logger.log(level, message, { topic: this.topic, user: user.id, ...fields }),
    };
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#ending) this.#abort.abort();
    return this.#abort.signal;
  }

  uuid(): string {
    return this.#channel.owner.ports.random.uuid();
  }

  now(): number {
    return this.#channel.owner.ports.clock.now();
  }

  broadcast(event: string, payload: unknown, options?: BroadcastOptions): void {
    if (this.#usable(event)) {
      publishFrom(this.#channel, event, payload, options, this.#message?.ref ?? null);
    }
  }

  broadcastBytes(event: string, bytes: BytesInput, options?: BroadcastOptions): void {
    this.broadcast(event, bytes, options);
  }

  push(event: string, payload: unknown): void {
    if (this.#usable(event)) this.#channel.push(event, payload);
  }

  request(event: string, payload: unknown, options?: RequestOptions): Promise<never> {
    const answer = this.#usable(event)
      ? this.#channel.request(event, payload, options)
      : failed(requestEnded(this.topic, event));
    return answer as Promise<never>; // it is what the contract says: that is checked
  }

  transact(given: (state: never) => ReturnType<Decide>): Promise<never> {
    const decide = given as Decide;
    const { topic, kind, subscription } = this.#channel;
    const answer = this.#usable("transact")
      ? transact({
        topic,
        kind,
        tell: (name, message) => subscription.tell(name, message),
        signal: this.signal,
      }, decide)
      : failed(requestEnded(topic, "transact"));
    return answer as Promise<never>; // it is what the contract says
  }

  tellTopic(message: unknown): void {
    if (!this.#usable(message)) return;
    const { topic, kind, subscription } = this.#channel;
    if (!kind.setup.extensions.has(LIFE)) {
      throw new TroupeError(
        "no_life",
        `Cannot tell ${JSON.stringify(topic)}: its handlers have no life.message`,
      );
    }
    if (subscription.tell(LIFE, message)) return;
    throw new TroupeError(
      "topic_overloaded",
      `Cannot tell ${JSON.stringify(topic)}: the topic has more to do than its mailbox holds`,
      { retryable: true, details: { topic } },
    );
  }

  stop(): void {
    if (this.#usable("stop")) this.stopped = true;
  }

  defer(): DeferredReply {
    const channel = this.#channel;
    const { ref = null, named } = this.#message ?? {};
    const { changes } = channel;
    let answered = false;
    this.deferred = true;
    const answer = (status: string, response: unknown): void => {
      if (answered) channel.owner.ports.deadLetters.record("late_reply", response, channel.topic);
      else if (this.#usable(response)) {
        answered = true;
        const isLate = channel.changes !== changes;
        if (ref !== null || isLate) channel.answer(ref, status, response, named, isLate);
      }
    };
    return {
      ok: (response: unknown = {}): void => answer("ok", response),
      error: (response: unknown): void => answer("error", response),
    };
  }

  /** For the channel: a handler begins. `null`: no message of the client's. */
  begin(message: Inbound | null, event = "info"): void {
    this.#message = message;
    this.event = message?.event ?? event;
    this.deferred = false;
  }

  /** For the channel: the end has begun. */
  fireAbort(): void {
    this.#ending = true;
    this.#abort?.abort();
  }

  /** For the channel: it has ended. Late calls are dead letters. */
  revoke(): void {
    this.fireAbort();
    this.#live = false;
  }

  #usable(what: unknown): boolean {
    const { owner, topic } = this.#channel;
    if (!this.#live) owner.ports.deadLetters.record("revoked", what, topic);
    return this.#live;
  }
}
