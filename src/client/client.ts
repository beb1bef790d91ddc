/**
 * A client: one connection, and the topics joined over it.
 *
 * @module
 */

import type { AnyContract, ContractParams } from "../contract/mod.ts";
import { anyRecord, validate } from "../contract/schema.ts";
import { CLOSE_NORMAL, type Closed } from "../protocol/close_codes.ts";
import { whenAborted } from "./aborts.ts";
import { Channel } from "./channel.ts";
import type { ClientEvents, ConnectionState } from "./client_events.ts";
import { completeOptions, type ConnectOptions } from "./client_options.ts";
import type { JoinPayloadOf, PayloadArguments } from "./contract_types.ts";
import { partOf } from "./feature.ts";
import { Link } from "./link.ts";
import type { ListenOptions } from "./listeners.ts";
import { Membership } from "./membership.ts";
import type { OfflineQueue } from "./offline_queue.ts";
import { refused } from "./refused.ts";

/** What `client.join` can be told. */
export interface JoinOptions {
  /** Leaves the topic when it is aborted. */
  readonly signal?: AbortSignal;
  /**
   * What is wanted of the topic's history at the first join, and after a reset: so many of the newest publications, or
   * all that are kept. Default: none; only what is published from then on.
   */
  readonly history?: number | "all";
}

/**
 * A client of a Troupe server; {@link connect} makes it. It comes back by itself, with full jitter, or when the server
 * has asked it to, until it is closed.
 */
export class Client implements AsyncDisposable {
  readonly #link: Link;

  /**
   * {@link connect} makes clients.
   *
   * @internal
   */
  constructor(link: Link) {
    this.#link = link;
  }

  /**
   * What a client shares with its channels.
   *
   * @internal
   */
  static linkOf(client: Client): Link {
    return client.#link;
  }

  /** The state of the connection; `state` of {@link Client.on} tells of another one. */
  get state(): ConnectionState {
    return this.#link.state;
  }

  /** Resolves when the client is closed for good: by {@link Client.close}, or by a server that it should stay away from. */
  get closed(): Promise<Closed> {
    return this.#link.closed;
  }

  /** Whether it has fallen back to long-poll. */
  get isPolling(): boolean {
    return this.#link.socket.hasFallenBack;
  }

  /** The messages that are on their way. */
  get queue(): OfflineQueue {
    return this.#link.queue;
  }

  /** How often what has happened, by name; see `docs/client.md`. */
  get counters(): Readonly<Record<string, number>> {
    return this.#link.counters.snapshot();
  }

  /** Calls `listener` for each `event` from now on. Gives what takes it away again. */
  on<Event extends keyof ClientEvents & string>(
    event: Event,
    listener: (payload: ClientEvents[Event]) => void,
    options?: ListenOptions,
  ): () => void {
    return this.#link.listeners.on(event, listener, options);
  }

  /**
   * Joins a topic. The channel is there at once, and can be used at once: what is sent waits for the join.
   *
   * @param contract The topic's contract.
   * @param params The parameters in the topic's name.
   * @param args The join's payload, or a function that is asked for it at each join; it may be left out where an empty
   * object would do. And {@link JoinOptions}.
   * @throws {TroupeError} `invalid_params`, `invalid_payload`, `already_joined` or `client_closed`.
   */
  join<C extends AnyContract>(
    contract: C,
    params: ContractParams<C>,
    ...args: PayloadArguments<JoinPayloadOf<C> | (() => JoinPayloadOf<C>), JoinOptions>
  ): Channel<C> {
    const [given = {}, { signal, history = 0 } = {}] = args as [payload?: unknown, options?: JoinOptions];
    const topic = contract.pattern.fill(params);
    const payload = typeof given === "function" ? given as () => unknown : () => given;
    this.#checkJoin(topic, contract, payload());
    const membership = new Membership(this.#link, contract, topic, { payload, history });
    whenAborted(signal, () => membership.leave(), membership.ended);
    return new Channel<C>(this.#link, membership, params);
  }

  /**
   * Brings what lets this client in, by the feature `withRefresh`, so that its authorization lives longer, without a new
   * connection. The client does that by itself when the server says that it expires, if its option `token` is a function.
   *
   * @param token Default: what the option `token` gives.
   * @returns Until when the authorization lives, in milliseconds since the Unix epoch; `null`: for ever. Rejects with
   * `not_refreshed`; `details.reason` says why; with `feature_missing`, or with what the option `token` rejects with.
   */
  async refresh(token?: string): Promise<{ expiresAt: number | null }> {
    return await partOf(this.#link, "refresh").refresh(token);
  }

  /** Leaves all topics and closes the connection, for good. */
  close(): Promise<void> {
    return this.#link.close({ code: CLOSE_NORMAL, reason: "closed by the client" });
  }

  /** The same as {@link Client.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #checkJoin(topic: string, contract: AnyContract, payload: unknown): void {
    this.#link.checkTopic(topic);
    // A schema that takes its time is left to the server.
    const checked = validate(contract.definition.join?.payload ?? anyRecord, payload);
    if (checked instanceof Promise) {
      return void checked.catch((error) => this.#link.failed(error, "phx_join"));
    }
    if (checked.ok) return;
    throw refused("invalid_payload", `join ${topic}`, { issues: checked.issues });
  }
}

/**
 * Connects to a Troupe server. The client is there at once, and goes on trying until it is closed.
 *
 * @param url Where the server's sockets are: `wss://example.com/socket`; `https:` and, in a page, a path alone will do.
 * @param options See {@link ConnectOptions}.
 * @throws {TroupeError} `invalid_option`; `no_websocket` where the runtime has none (Node before 22): see
 * `@troupe/core/client/node`.
 *
 * @example
 * ```ts
 * import { connect } from "@troupe/core/client";
 *
 * await using troupe = connect("ws://localhost:8000/socket", { token: () => "of the user" });
 * troupe.on("state", (state) => console.log(state));
 * ```
 */
export function connect(url: string, options: ConnectOptions = {}): Client {
  const endPoint = url.replace(/^http/, "ws").replace(/\/$/, "");
  const client = new Client(new Link(endPoint, completeOptions(options)));
  whenAborted(options.signal, () => void client.close(), client.closed);
  return client;
}
