/**
 * Many topics by one pattern.
 *
 * @module
 */

import {
  type AnyContract,
  anyRecord,
  type ContractParams,
  type Schema,
  type ServerEvents,
  TopicPattern,
} from "../contract/mod.ts";
import { whenAborted } from "./aborts.ts";
import { Client } from "./client.ts";
import type { Ended } from "./channel_events.ts";
import type { Skipped } from "./client_events.ts";
import type { EventPayload } from "./contract_types.ts";
import { EventStream, type StreamOptions } from "./event_stream.ts";
import { Inbox } from "./inbox.ts";
import type { Link } from "./link.ts";
import { Listeners, type ListenOptions } from "./listeners.ts";
import { Membership } from "./membership.ts";

/** The event that brings what a topic of a pattern has published. */
const MATCHED_EVENT = "troupe:matched";

/** What one of the topics has published. */
export interface Matched<C extends AnyContract, Event extends ServerEvents<C>> {
  /** The topic's whole name. */
  readonly topic: string;
  /** The parameters in its name. */
  readonly params: ContractParams<C>;
  /** What was published. */
  readonly payload: EventPayload<C, Event>;
  /** Its offset in that topic's history; `null` where it is not kept. */
  readonly offset: number | null;
}

/** What {@link follow} can be told. */
export interface FollowOptions {
  /** The payload of the join: what the server's `join` of the pattern takes. Default: `{}`. */
  readonly payload?: Readonly<Record<string, unknown>>;
  /** Stops following when it is aborted. */
  readonly signal?: AbortSignal;
}

/** A pattern that this client has joined, or is joining; {@link follow} makes it. It comes back by itself. */
export class Follower<C extends AnyContract = AnyContract> {
  /** The pattern. */
  readonly pattern: string;
  readonly #membership: Membership;
  readonly #contract: C;
  readonly #pattern: TopicPattern;
  readonly #link: Link;
  readonly #listeners: Listeners<Record<string, unknown>>;
  readonly #inbox: Inbox;

  /**
   * {@link follow} makes followers.
   *
   * @internal
   */
  constructor(link: Link, membership: Membership, contract: C) {
    this.pattern = membership.topic;
    this.#link = link;
    this.#membership = membership;
    this.#contract = contract;
    this.#pattern = new TopicPattern(contract.pattern.source);
    this.#listeners = new Listeners(link.failed);
    this.#inbox = new Inbox({}, { event() {}, skipped() {}, failed: link.failed });
    membership.listeners.on(MATCHED_EVENT, (matched) => this.#matched(matched as unknown as Received));
  }

  /** Resolves when the pattern is joined; rejects as `channel.joined` does. */
  get joined(): Promise<void> {
    return this.#membership.joined.then(() => {});
  }

  /** Resolves when it has ended, and will not come back. */
  get ended(): Promise<Ended> {
    return this.#membership.ended;
  }

  /** Calls `listener` for each `event` of any of the topics, in the order of each topic. Gives what takes it away again. */
  on<Event extends ServerEvents<C>>(
    event: Event,
    listener: (matched: Matched<C, Event>) => void,
    options?: ListenOptions,
  ): () => void {
    return this.#listeners.on(event, listener as (payload: unknown) => void, options);
  }

  /** The events of any of the topics as an asynchronous iterable, as `channel.events` is for one. */
  events<Event extends ServerEvents<C>>(
    event: Event,
    options?: StreamOptions,
  ): AsyncIterableIterator<Matched<C, Event>> {
    const offs: (() => void)[] = [];
    const stream = new EventStream<Matched<C, Event>>(() => offs.forEach((off) => off()), options);
    const { listeners, status } = this.#membership;
    offs.push(
      this.on(event, (matched) => stream.push(matched)),
      listeners.on("troupe:ended", () => this.#inbox.then(() => stream.end())),
    );
    if (status === "ended" || options?.signal?.aborted) stream.return();
    return stream;
  }

  /** Stops following, for good. */
  async leave(): Promise<void> {
    this.#membership.leave();
    await this.ended;
  }

  #matched({ topic, event, payload, offset = null }: Received): void {
    const params = this.#pattern.match(topic);
    const server: Readonly<Record<string, Schema>> = this.#contract.definition.server ?? {};
    if (params === null || !Object.hasOwn(server, event)) {
      return this.#skipped({ topic, event, why: "unknown_event", issues: [] });
    }
    const take = (value: unknown): void =>
      this.#listeners.emit(event, { topic, params, payload: value, offset });
    this.#inbox.then(() =>
      this.#inbox.check(
        event,
        server[event],
        payload,
        take,
        (skipped) => this.#skipped({ topic, ...skipped }),
      )
    );
  }

  #skipped(skipped: Skipped): void {
    this.#link.counters.add(skipped.why === "unknown_event" ? "events.unknown" : "events.invalid");
    this.#link.listeners.emit("skipped", skipped);
  }
}

/** What comes with {@link MATCHED_EVENT}. */
interface Received {
  readonly topic: string;
  readonly event: string;
  readonly payload: unknown;
  readonly offset?: number | null;
}

/**
 * Follows all topics of a pattern that the server lets this client have (`app.patterns`), by one join: those that open
 * later, too. What they publish is typed and checked by their contract; what comes from a topic that the contract does
 * not cover is skipped. A pattern has no history: what is published while there is no connection is missed.
 *
 * @param client A client.
 * @param contract The contract of the topics.
 * @param pattern The pattern: the contract's own, a wider or a narrower one, such as `room:*` or `room:{id}`.
 * @throws {TroupeError} `already_joined` or `client_closed`.
 *
 * @example
 * ```ts
 * import { App, defineTopic } from "@troupe/core";
 * import { connect, follow } from "@troupe/core/client";
 * import { z } from "zod";
 * import { assertEquals } from "@std/assert";
 *
 * const Room = defineTopic("room:{id}", { server: { said: z.object({ text: z.string() }) } });
 * const app = new App().topic(Room, {}).patterns("room:*", { match: () => true });
 * await using server = app.listen({ port: 0, signals: false });
 *
 * await using troupe = connect(`ws://127.0.0.1:${server.port}/socket`);
 * const rooms = follow(troupe, Room, "room:*");
 * await rooms.joined;
 * app.broadcast("room:7", "said", { text: "hi" });
 * for await (const { params, payload } of rooms.events("said")) {
 *   assertEquals([params.id, payload.text], ["7", "hi"]);
 *   break;
 * }
 * ```
 */
export function follow<C extends AnyContract>(
  client: Client,
  contract: C,
  pattern: string,
  { payload = {}, signal }: FollowOptions = {},
): Follower<C> {
  const link = Client.linkOf(client);
  link.checkTopic(pattern);
  const matched = { pattern: contract.pattern, definition: { server: { [MATCHED_EVENT]: anyRecord } } };
  const membership = new Membership(link, matched, pattern, { payload: () => payload, history: 0 });
  whenAborted(signal, () => membership.leave(), membership.ended);
  return new Follower(link, membership, contract);
}
