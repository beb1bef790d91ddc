/**
 * A client's membership of one topic.
 *
 * @module
 */

import type { Position } from "../base/position.ts";
import type {
  AnyContract,
  ClientEvents as SendEvents,
  ContractParams,
  PresenceOutput,
  RequestEvents,
  RequestHandlers,
  ServerEvents,
  StateOf,
} from "../contract/mod.ts";
import type { AnswerHandler } from "./answers.ts";
import type { ChannelEvents, Ended } from "./channel_events.ts";
import type {
  EventPayload,
  JoinReplyOf,
  PayloadArguments,
  SendPayload,
  SendReply,
} from "./contract_types.ts";
import { partOf } from "./feature.ts";
import type { Link } from "./link.ts";
import type { ListenOptions } from "./listeners.ts";
import { type ChannelStatus, endedError, type Membership } from "./membership.ts";
import type { PresenceView } from "./presence_view.ts";
import type { SendOptions } from "./sender.ts";

/** What a channel can be listened to for: the contract's events, and those of {@link ChannelEvents}. */
export type ListenEvents<C extends AnyContract> =
  | ServerEvents<C>
  | keyof ChannelEvents & string;

/** What comes with an event of {@link ListenEvents}. */
export type ListenPayload<C extends AnyContract, Event extends ListenEvents<C>> = Event extends
  ServerEvents<C> ? EventPayload<C, Event>
  : Event extends keyof ChannelEvents ? ChannelEvents<JoinReplyOf<C>, StateOf<C>>[Event]
  : never;

/**
 * A topic that this client has joined, or is joining; `client.join` makes it. It comes back by itself after every drop
 * and crash, goes on behind the last publication that it got, and has ended only when it is left, refused or put out.
 * Everything is typed by the contract, and everything that comes is checked against it.
 *
 * @example
 * ```ts
 * import { App, defineTopic } from "@troupe/core";
 * import { connect } from "@troupe/core/client";
 * import { z } from "zod";
 * import { assertEquals } from "@std/assert";
 *
 * const Room = defineTopic("room:{id}", {
 *   client: { say: { payload: z.object({ text: z.string() }), reply: z.object({ id: z.string() }) } },
 *   server: { said: z.object({ text: z.string() }) },
 * });
 *
 * const app = new App().topic(Room, {
 *   on: {
 *     say(ctx, { text }) {
 *       ctx.broadcast("said", { text });
 *       return { id: "7" };
 *     },
 *   },
 * });
 * await using server = app.listen({ port: 0, signals: false });
 *
 * await using troupe = connect(`ws://127.0.0.1:${server.port}/socket`);
 * const room = troupe.join(Room, { id: "den" });
 * const heard = room.next("said");
 * assertEquals(await room.send("say", { text: "hi" }), { id: "7" });
 * assertEquals(await heard, { text: "hi" });
 * ```
 */
export class Channel<C extends AnyContract = AnyContract> {
  /** The topic's whole name. */
  readonly topic: string;
  /** The parameters in its name. */
  readonly params: ContractParams<C>;
  readonly #link: Link;
  readonly #membership: Membership;

  /**
   * `client.join` makes channels.
   *
   * @internal
   */
  constructor(link: Link, membership: Membership, params: ContractParams<C>) {
    this.#link = link;
    this.#membership = membership;
    this.topic = membership.topic;
    this.params = params;
  }

  /**
   * Resolves with the answer to the first join, and where the contract has a state, when that is there. Rejects with
   * `join_refused` or `channel_ended`; nobody has to wait for it. Listeners that are set right behind `await` miss
   * nothing.
   */
  get joined(): Promise<JoinReplyOf<C>> {
    return this.#membership.joined as Promise<JoinReplyOf<C>>;
  }

  /** Resolves when the channel has ended, and will not come back. Never rejects. */
  get ended(): Promise<Ended> {
    return this.#membership.ended;
  }

  /** How it stands. */
  get status(): ChannelStatus {
    return this.#membership.status;
  }

  /** Where this client stands in the topic's history; `null` if there is none, or it is not known yet. */
  get position(): Position | null {
    const { epoch = null, offset = null } = this.#link.wire.positions.standing(this.topic) ?? {};
    return epoch === null || offset === null ? null : { epoch, offset };
  }

  /**
   * Who is there, by the feature `withPresence`.
   *
   * @throws {TroupeError} `feature_missing`.
   */
  get presence(): PresenceView<PresenceOutput<C>> {
    const presence: unknown = partOf(this.#membership, "presence");
    return presence as PresenceView<PresenceOutput<C>>;
  }

  /**
   * The topic's state, by the feature `withState`, where the contract has one: the fold of its publications, the same as at the server. `undefined`
   * until it is there. It must not be changed; `troupe:state` tells of another one.
   *
   * @throws {TroupeError} `feature_missing`, where the contract has one.
   */
  get state(): StateOf<C> | undefined {
    if (this.#membership.definition.state === undefined) return undefined;
    return partOf(this.#membership, "state").value as StateOf<C> | undefined;
  }

  /**
   * Calls `listener` for each `event` from now on, in the order of the topic. Gives what takes it away again.
   *
   * @param event An event of the contract's `server`, or one of {@link ChannelEvents}.
   */
  on<Event extends ListenEvents<C>>(
    event: Event,
    listener: (payload: ListenPayload<C, Event>) => void,
    options?: ListenOptions,
  ): () => void {
    return this.#membership.listeners.on(event, listener as (payload: unknown) => void, options);
  }

  /**
   * The next event of that name.
   *
   * @returns A promise: rejects with the signal's reason when that is aborted, and with `channel_ended` or
   * `join_refused` when the channel has ended before.
   */
  next<Event extends ListenEvents<C>>(
    event: Event,
    options: ListenOptions = {},
  ): Promise<ListenPayload<C, Event>> {
    const { signal } = options;
    const offs: (() => void)[] = [];
    const next = new Promise<ListenPayload<C, Event>>((resolve, reject) => {
      const aborted = (): void => reject(signal?.reason);
      const ended = (why: Ended): void => reject(endedError(this.topic, why));
      if (signal?.aborted) return aborted();
      if (this.status === "ended") return void this.ended.then(ended);
      signal?.addEventListener("abort", aborted);
      // The end is told behind the last event.
      offs.push(
        () => signal?.removeEventListener("abort", aborted),
        this.on(event, resolve),
        this.#membership.listeners.on("troupe:ended", ended),
      );
    }).finally(() => offs.forEach((off) => off()));
    next.catch(() => {}); // who has stopped waiting does not mind the end
    return next;
  }

  /**
   * Sends an event and resolves with the answer. While there is no connection it waits, in order, and is sent with an id
   * when there is one. If the connection breaks before the answer comes, it is repeated under the same id where the
   * session has waited (`limits.graceMs` of the server), and so takes effect once.
   *
   * @param event An event of the contract's `client`.
   * @param args The payload, which may be left out where an empty object would do, and {@link SendOptions}.
   * @returns A promise. It rejects with `invalid_payload` or `unknown_event` (nothing was sent), `message_refused` (the
   * server says no: `details.reason`), `reply_timeout` or `outcome_unknown` (it may have taken effect), `queue_full`,
   * `not_joined`, `invalid_reply` (it took effect), `channel_ended`, `join_refused`, or with the signal's reason.
   */
  send<Event extends SendEvents<C>>(
    event: Event,
    ...args: PayloadArguments<SendPayload<C, Event>, SendOptions>
  ): Promise<SendReply<C, Event>> {
    const [payload = {}, options = {}] = args as [payload?: unknown, options?: SendOptions];
    return this.#membership.sender.send(event, payload, options) as Promise<SendReply<C, Event>>;
  }

  /**
   * Answers, by the feature `withAnswers`, what the server asks by `event` from now on, in the place of an earlier handler. What the handler gives, or
   * its promise, is the answer; one that throws refuses with `failed`, or with what `RequestRefused` says.
   *
   * @param event An event of the contract's `requests`.
   * @returns Ends that.
   * @throws {TroupeError} `feature_missing`.
   */
  answer<Event extends RequestEvents<C>>(
    event: Event,
    handler: RequestHandlers<C>[Event],
    options?: ListenOptions,
  ): () => void {
    return partOf(this.#membership, "answers").set(event, handler as AnswerHandler, options);
  }

  /** Leaves the topic, for good. Resolves when it is left. */
  async leave(): Promise<void> {
    this.#membership.leave();
    await this.ended;
  }
}
