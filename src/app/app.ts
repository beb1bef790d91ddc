import { TroupeError } from "../base/errors.ts";
import type { System } from "../actors/system.ts";
import type { AnyContract } from "../contract/define_topic.ts";
import { TopicPattern } from "../contract/pattern.ts";
import { originCheck } from "../http/origin.ts";
import { refusalResponse } from "../http/refusal_response.ts";
import { Router } from "../http/router.ts";
import { CLOSE_GOING_AWAY, CLOSE_RESTART } from "../protocol/close_codes.ts";
import { checkCodecs } from "../protocol/negotiation.ts";
import { phoenixV1 } from "../protocol/phoenix_v1.ts";
import { phoenixV2 } from "../protocol/phoenix_v2.ts";
import { phoenixV21 } from "../protocol/phoenix_v2_1.ts";
import { rawFrame } from "../protocol/raw.ts";
import type { Component, RawData } from "../sessions/component.ts";
import type { Connection } from "../sessions/connection.ts";
import { recipientFilter } from "../sessions/recipients.ts";
import { type TopicHandlers, type Untyped } from "../sessions/topic_handlers.ts";
import type { BroadcastOptions } from "../sessions/topic_handlers.ts";
import { checkOutgoing, topicKind, untyped } from "../sessions/topic_kind.ts";
import type { User } from "../sessions/user.ts";
import { Publication } from "../topics/publication.ts";
import { websocket } from "../transport/websocket.ts";
import { Engine } from "./engine.ts";
import { listen, type Listening, type ListenOptions } from "./listen.ts";
import {
  type AppOptions,
  checkOptionNames,
  completeLimits,
  type ConnectionView,
  type Limits,
  type SocketOptions,
} from "./options.ts";
import { guardRejections } from "./rejection_guard.ts";
import { onTerminationSignals } from "./signals.ts";
import { type Endpoint, upgrade, type UpgradePorts } from "./upgrade.ts";

/** Which connections are meant: those of a user, one by its id, those with a channel in a topic, or all. */
export type Target =
  | { readonly user: string }
  | { readonly connection: string }
  | { readonly topic: string }
  | "all";

/** The connections of an app, as those outside of its handlers see them. */
export interface Connections<U extends User> extends Iterable<ConnectionView<U>> {
  /** How many are open. */
  readonly size: number;
  /** The one with this id. */
  get(id: string): ConnectionView<U> | undefined;
  /** Those of a user. */
  ofUser(id: string): ConnectionView<U>[];
  /** Those with a channel in a topic. */
  inTopic(topic: string): ConnectionView<U>[];
}

/** How {@link App.close} is bounded. */
export interface CloseOptions {
  /** How long handlers may take to end before they are cut off, in milliseconds. Default: 10,000. */
  deadlineMs?: number;
}

/**
 * A realtime application: topics, raw components, and the connections to them. It is a `fetch` handler: give it to
 * `deno serve` as the default export, mount it inside of another server, or call {@link App.listen}.
 *
 * @typeParam U Who is on the other side: what `authenticate` returns.
 *
 * @example
 * ```ts
 * import { App } from "@troupe/core";
 *
 * const app = new App({ authenticate: ({ token }) => token === null ? null : { id: token, name: token } })
 *   .topic("room:{id}", {
 *     on: {
 *       say(ctx, payload) {
 *         ctx.broadcast("said", { by: ctx.user.name, room: ctx.params.id, payload });
 *         return { ok: true };
 *       },
 *     },
 *   })
 *   .component("/echo", { message: (conn, data) => conn.send(data) });
 * await app.close();
 * ```
 */
export class App<U extends User = User> {
  /**
   * Answers a request: upgrades it, refuses it, or hands it to the fallback. An own, bound property, as `deno serve`
   * wants it. `info` is what `Deno.serve` hands to its handlers; without it, addresses are empty.
   */
  readonly fetch: (request: Request, info?: { readonly remoteAddr?: Deno.Addr }) => Promise<Response>;
  /** Every open connection. */
  readonly connections: Connections<U>;
  readonly #options: AppOptions<U>;
  readonly #limits: Required<Limits>;
  readonly #engine: Engine;
  readonly #router: Router<Endpoint>;
  readonly #upgradePorts: UpgradePorts;
  readonly #undo: (() => void)[] = [];
  #closed: Promise<void> | null = null;

  /**
   * Makes an app. It starts nothing that keeps a process alive.
   *
   * @throws {TroupeError} `invalid_options`, `bad_origin`, `bad_path` or `invalid_codec`, naming what is accepted.
   */
  constructor(options: AppOptions<U> = {}) {
    checkOptionNames(options);
    this.#options = options;
    this.#limits = completeLimits(options.limits);
    this.#engine = new Engine(options as AppOptions<never>, this.#limits);
    this.#router = new Router(options.basePath);
    const codecs = options.codecs ?? [phoenixV1, phoenixV2, phoenixV21];
    checkCodecs(codecs);
    this.#upgradePorts = {
      engine: this.#engine,
      codecs,
      authenticate: options.authenticate ?? null,
      authenticateTimeoutMs: this.#limits.authenticateTimeoutMs,
    };
    this.fetch = (request, info) => this.#fetch(request, addressOf(info?.remoteAddr));
    this.connections = this.#connectionsView();
    if (options.path !== false) this.socket(options.path ?? "/socket");
    const { system } = this;
    if (options.guardRejections) this.#undo.push(guardRejections(system.counters, system.logger));
    if (options.signals) this.#undo.push(onTerminationSignals(() => this.close()));
  }

  /** The actor system below: its tree, counters and dead letters can be looked at, and actors of your own spawned. */
  get system(): System {
    return this.#engine.system;
  }

  /**
   * Handles the topics of a contract.
   *
   * @throws {TroupeError} `invalid_handlers` for a missing or unknown handler, `duplicate_pattern`.
   */
  topic<C extends AnyContract, S = undefined>(contract: C, handlers: TopicHandlers<C, U, S>): this;
  /** Handles the topics of a pattern, without a contract: any event, any payload. */
  topic<const P extends string, S = undefined>(pattern: P, handlers: TopicHandlers<Untyped<P>, U, S>): this;
  topic<S>(contract: AnyContract | string, handlers: TopicHandlers<never, U, S>): this {
    const topic = typeof contract === "string" ? untyped(new TopicPattern(contract)) : contract;
    const kind = topicKind(topic, handlers as unknown as TopicHandlers<typeof topic, U, S>);
    this.#engine.kinds.add(kind.pattern, kind);
    return this;
  }

  /**
   * Handles the connections to a path without a channel protocol.
   *
   * @param path An exact path, or a URL pattern such as `/feeds/:name`.
   * @throws {TroupeError} `bad_path`.
   */
  component<S = undefined>(path: string, component: Component<S, U>): this {
    const ports = this.#engine.mount(this.#limits, this.#limits.componentIdleMs);
    this.#router.add(path, {
      ...this.#endpoint({}, ports),
      component: component as unknown as Component<unknown>,
      transport: websocket,
    });
    return this;
  }

  /**
   * Mounts the channel protocol at one more path, with options of its own.
   *
   * @throws {TroupeError} `bad_path`, `bad_origin`, `invalid_options`.
   */
  socket(path: string, options: SocketOptions = {}): this {
    checkOptionNames(options, ["origin", "subProtocols", "limits"]);
    const limits = completeLimits({ ...this.#options.limits, ...options.limits });
    const ports = this.#engine.mount(limits, limits.idleMs);
    for (const transport of this.#options.transports ?? [websocket]) {
      const below = `${path.replace(/\/+$/, "")}/${transport.segment}`;
      this.#router.add(below, { ...this.#endpoint(options, ports), component: null, transport });
    }
    return this;
  }

  /**
   * Publishes in a topic, from outside of any handler. On a topic where nobody is, nothing happens.
   *
   * @throws {TroupeError} `topic_overloaded` (retryable), `unmatched_topic`, and what the contract refuses.
   */
  broadcast(topic: string, event: string, payload: unknown, options?: BroadcastOptions): void {
    const match = this.#engine.kinds.find(topic);
    if (match === null) throw this.#unmatched(topic);
    const value = checkOutgoing(match.value, event, payload);
    this.#engine.topics.publish(new Publication(topic, event, value, null, recipientFilter(options, null)));
  }

  /** Sends raw data to the component connections that are meant. Returns how many there were. */
  send(to: Target, data: RawData): number;
  /** Sends an event to the channels in `topic` of the connections that are meant. Returns how many there were. */
  send(to: Target, topic: string, event: string, payload: unknown): number;
  send(to: Target, data: RawData | string, event?: string, payload?: unknown): number {
    if (event === undefined) {
      const raw = this.#meant(to).filter((connection) => connection.codec === null);
      const frame = rawFrame(data);
      for (const connection of raw) connection.write(frame);
      return raw.length;
    }
    const ids = new Set(this.#meant(to).map(({ info }) => info.id));
    const members = [...this.#engine.members.of(data as string)].filter(({ connectionId }) =>
      ids.has(connectionId)
    );
    for (const member of members) member.push(event, payload);
    return members.length;
  }

  /**
   * Closes the connections that are meant; their clients come back, unless `authenticate` refuses them then. Returns
   * how many there were.
   *
   * @param code A close code. Default: 1001.
   */
  disconnect(target: Target, reason = "disconnected", code: number = CLOSE_GOING_AWAY): number {
    const meant = this.#meant(target);
    for (const connection of meant) connection.close(code, reason);
    return meant.length;
  }

  /** Serves on a port until it is closed. See {@link ListenOptions}. */
  listen(options: ListenOptions = {}): Listening {
    return listen(this.fetch, () => this.close(), options);
  }

  /**
   * Ends the app: no new connections (status 503), every open one is closed with 1012 so that its client comes back
   * to whoever is there then, and all actors stop. Further calls return the same promise.
   */
  close(options: CloseOptions = {}): Promise<void> {
    return this.#closed ??= this.#close(options);
  }

  /** {@link App.close} with its default deadline. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(options: CloseOptions): Promise<void> {
    for (const connection of [...this.#engine.connections]) {
      connection.close(CLOSE_RESTART, "the server restarts");
    }
    this.system.scheduler.drain();
    await this.system.shutdown(options);
    for (const undo of this.#undo) undo();
  }

  async #fetch(request: Request, remoteAddress: string): Promise<Response> {
    if (this.#closed !== null) {
      return refusalResponse(503, "shutting_down", {}, { "retry-after": "1" });
    }
    const route = this.#router.find(new URL(request.url).pathname);
    if (route !== null) {
      return await upgrade(request, remoteAddress, route.value, route.params, this.#upgradePorts);
    }
    if (this.#options.fallback !== undefined) return await this.#options.fallback(request, remoteAddress);
    return refusalResponse(404, "not_found");
  }

  #endpoint(
    options: SocketOptions,
    ports: Endpoint["ports"],
  ): Pick<Endpoint, "allows" | "subProtocols" | "ports"> {
    return {
      ports,
      allows: originCheck(options.origin ?? this.#options.origin ?? "same"),
      subProtocols: options.subProtocols ?? this.#options.subProtocols ?? [],
    };
  }

  #meant(target: Target): Connection[] {
    const { connections, members } = this.#engine;
    if (target === "all") return [...connections];
    if ("user" in target) return [...connections.ofUser(target.user)];
    const ids = "connection" in target
      ? [target.connection]
      : [...members.of(target.topic)].map(({ connectionId }) => connectionId);
    return ids.map((id) => connections.get(id)).filter((connection) => connection !== undefined);
  }

  #connectionsView(): Connections<U> {
    const { connections } = this.#engine;
    const inTopic = (topic: string): ConnectionView<U>[] => this.#meant({ topic }).map(view<U>);
    return {
      get size() {
        return connections.size;
      },
      get: (id) => {
        const connection = connections.get(id);
        return connection === undefined ? undefined : view<U>(connection);
      },
      ofUser: (id) => [...connections.ofUser(id)].map(view<U>),
      inTopic,
      *[Symbol.iterator]() {
        for (const connection of connections) yield view<U>(connection);
      },
    };
  }

  #unmatched(topic: string): TroupeError {
    const accepted = this.#engine.kinds.patterns().map((pattern) => pattern.source);
    return new TroupeError(
      "unmatched_topic",
      `No topic of this app covers ${JSON.stringify(topic)}: it has ${accepted.join(", ") || "none"}`,
      { details: { topic, accepted } },
    );
  }
}

function view<U extends User>(connection: Connection): ConnectionView<U> {
  return {
    id: connection.info.id,
    user: connection.user as U,
    info: connection.info,
    get backlog() {
      return connection.backlog;
    },
  };
}

function addressOf(address: Deno.Addr | undefined): string {
  return address !== undefined && "hostname" in address ? address.hostname : "";
}
