import { TroupeError } from "../base/errors.ts";
import type { Scheduler } from "../actors/scheduler.ts";
import type { Clock } from "../base/clock.ts";
import type { Watcher } from "../actors/inside.ts";
import type { AnyContract } from "../contract/define_topic.ts";
import type { ParamsOf, TopicNames } from "../contract/topic_names.ts";
import type { BytesInput } from "../contract/schema.ts";
import type { Members } from "../sessions/members.ts";
import { OUTSIDER, publicationIn } from "../sessions/publishing.ts";
import type { Refusal } from "../sessions/refusal.ts";
import type {
  AnyTopic,
  BroadcastOptions,
  EventsOut,
  PayloadOut,
  StateIn,
  Transaction,
} from "../sessions/topic_handlers.ts";
import type { TopicKind } from "../sessions/topic_kind.ts";
import { type Decide, transact } from "../sessions/transact.ts";
import type { Topics } from "../topics/topics.ts";

/** What names one topic of a contract: its parameters, or nothing where its pattern has none. */
export type AddressOf<C extends AnyContract> = C extends { readonly pattern: TopicNames<infer Pattern> }
  ? keyof ParamsOf<Pattern> extends never ? readonly [] : readonly [params: Readonly<ParamsOf<Pattern>>]
  : never;

/**
 * One topic, for those outside of its handlers: what `app.at(contract, params)` gives. It is an address: the topic
 * need not live.
 *
 * @example
 * ```ts
 * import { App, defineTopic } from "@troupe/core";
 * import { z } from "zod";
 *
 * const Room = defineTopic("room:{id}", { server: { said: z.object({ text: z.string() }) } });
 * const app = new App().topic(Room, { history: { size: 100, ttlMs: 60_000 } });
 * app.at(Room, { id: "7" }).broadcast("said", { text: "the server says hello" });
 * await app.close();
 * ```
 */
export interface TopicHandle<C extends AnyTopic> {
  /** The topic's whole name. */
  readonly name: string;
  /** How many members it has, now. */
  readonly memberCount: number;
  /**
   * Publishes to its members. Where nobody is, it is kept if the topic has a history; else nothing happens.
   *
   * @throws {TroupeError} `topic_overloaded`, `topic_unavailable` (retryable), and what the contract refuses.
   */
  broadcast<E extends EventsOut<C>>(event: E, payload: PayloadOut<C, E>, options?: BroadcastOptions): void;
  /** {@link TopicHandle.broadcast} of bytes: a binary message. */
  broadcastBytes<E extends EventsOut<C>>(event: E, bytes: BytesInput, options?: BroadcastOptions): void;
  /**
   * Decides, in the topic's own turn, what is published: see `JoinContext.transact`. Starts the topic, if it does not
   * live. Rejects with a refusal as it was given.
   */
  transact(decide: (state: StateIn<C>) => readonly Transaction<C>[] | Refusal): Promise<StateIn<C>>;
}

/** What handles need of the app. */
export interface TopicHandlePorts {
  readonly topics: Topics;
  readonly members: Members;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
}

/** The run-time side of {@link TopicHandle}. */
export class AddressedTopic implements TopicHandle<AnyTopic> {
  readonly name: string;
  readonly #kind: TopicKind;
  readonly #ports: TopicHandlePorts;

  constructor(name: string, kind: TopicKind, ports: TopicHandlePorts) {
    this.name = name;
    this.#kind = kind;
    this.#ports = ports;
  }

  get memberCount(): number {
    return this.#ports.members.of(this.name).size;
  }

  broadcast(event: string, payload: unknown, options?: BroadcastOptions): void {
    const { topics, clock } = this.#ports;
    topics.publish(publicationIn(this.name, this.#kind, OUTSIDER, event, payload, options, clock));
  }

  broadcastBytes(event: string, bytes: BytesInput, options?: BroadcastOptions): void {
    this.broadcast(event, bytes, options);
  }

  transact(given: (state: never) => ReturnType<Decide>): Promise<never> {
    const { topics, scheduler } = this.#ports;
    const { name } = this;
    const gone = new AbortController();
    const watcher: Watcher = { terminated: () => gone.abort() };
    const ask = (): Promise<unknown> => {
      const ref = topics.hold(name, watcher);
      const tell = (extension: string, message: unknown): boolean => topics.tell(ref, extension, message);
      const { signal } = gone;
      const asked = transact({ topic: name, kind: this.#kind, tell, signal }, given as Decide);
      void asked.finally(() => topics.unhold(name, ref, watcher)).catch(() => {});
      scheduler.drain();
      return asked;
    };
    if (this.#kind.state !== null) return ask() as Promise<never>;
    throw new TroupeError(
      "no_state",
      `Cannot transact in ${JSON.stringify(name)}: its contract has no state`,
    );
  }
}
