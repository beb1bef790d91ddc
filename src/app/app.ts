import { messageOf, TroupeError } from "../base/errors.ts";
import { offer } from "../actors/inside.ts";
import type { System } from "../actors/system.ts";
import type { AnyContract } from "../contract/define_topic.ts";
import type { EventLoopLag } from "../http/loop_lag.ts";
import type { Middleware } from "../http/middleware.ts";
import { refusalResponse } from "../http/refusal_response.ts";
import { CLOSE_GOING_AWAY } from "../protocol/close_codes.ts";
import { rawFrame } from "../protocol/raw.ts";
import type { Component, RawData } from "../sessions/component.ts";
import type { PatternHandlers } from "../sessions/pattern_handlers.ts";
import { patternKind } from "../sessions/pattern_kind.ts";
import { OUTSIDER, publicationIn } from "../sessions/publishing.ts";
import type { AnyTopic, BroadcastOptions, TopicHandlers, TopicOf } from "../sessions/topic_handlers.ts";
import { checkOutgoing } from "../sessions/check_outgoing.ts";
import type { User } from "../sessions/user.ts";
import type { RevokeOptions, RevokeTarget } from "./authority.ts";
import type { Addresses } from "./address_book.ts";
import { type AskClients, askClients } from "./ask_clients.ts";
import { checkCloseCode, checkComponent } from "./checks.ts";
import { CLOSE_DEADLINE_MS, type CloseOptions } from "./close_options.ts";
import { ConnectionDirectory, type Connections, type Target } from "./connections.ts";
import { Engine } from "./engine.ts";
import { SHUTTING_DOWN } from "./gate.ts";
import type { Gauges } from "./gauges.ts";
import type { DrainOptions } from "./drain.ts";
import { urlOf } from "./incoming.ts";
import { Listeners, type Listening, type ListenOptions } from "./listen.ts";
import type { AppLimits } from "./live_limits.ts";
import { checkOptions, completeLimits } from "./option_schemas.ts";
import { Mounts } from "./mounts.ts";
import type { Readiness } from "./readiness.ts";
import type { AppOptions, SocketOptions } from "./options.ts";
import { kindOfTopic } from "./kind_of_topic.ts";
import { guardRejections } from "./rejection_guard.ts";
import { endProcess, onTerminationSignals } from "./signals.ts";
import type { TopicDirectory } from "./topic_directory.ts";

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
  /** The bounds, which can be changed while the app runs. */
  readonly limits: AppLimits;
  /** Which addresses may connect. */
  readonly addresses: Addresses;
  /** How late the event loop is. */
  readonly loopLag: EventLoopLag;
  /** Every living topic, and who is in it. */
  readonly topics: TopicDirectory;
  /** Asks clients, and resolves with what they answer: see {@link AskClients}. */
  readonly request: AskClients;
  readonly #options: AppOptions<U>;
  readonly #engine: Engine;
  readonly #mounts: Mounts;
  readonly #directory: ConnectionDirectory<U>;
  readonly #listeners: Listeners;
  readonly #undo: (() => void)[] = [];
  #closed: Promise<void> | null = null;

  /**
   * Makes an app. It starts nothing that keeps a process alive.
   *
   * @throws {TroupeError} `invalid_options`, `bad_origin`, `bad_network`, `bad_path` or `invalid_codec`, naming what is
   * accepted.
   */
  constructor(options: AppOptions<U> = {}) {
    checkOptions("new App", options);
    this.#options = options;
    this.#engine = new Engine(options as AppOptions<never>, completeLimits(options.limits));
    this.#mounts = new Mounts(this.#engine, options as AppOptions<never>);
    const { guards } = this.#engine;
    this.limits = guards.limits;
    this.addresses = guards.addresses;
    this.loopLag = guards.lag;
    this.fetch = (request, info) => this.#fetch(request, guards.addressOf(request, info?.remoteAddr));
    this.connections = this.#directory = new ConnectionDirectory(
      this.#engine.connections,
      this.#engine.members,
      this.#engine.claims,
    );
    this.#listeners = new Listeners({
      clock: this.system.clock,
      logger: this.system.logger,
      serve: this.#mounts.serve,
      fetch: this.fetch,
      drain: (drainOptions) => this.drain(drainOptions),
      close: (closeOptions) => this.close(closeOptions),
    });
    this.topics = this.#engine.topicDirectory();
    this.request = askClients({
      members: this.#engine.members,
      kindOf: (topic) => this.#engine.kinds.of(topic),
    });
    if (options.path !== false) this.socket(options.path ?? "/socket");
    const { system } = this;
    if (options.guardRejections) this.#undo.push(guardRejections(system.counters, system.logger));
    if (options.signals) this.#undo.push(onTerminationSignals(() => void endProcess(() => this.close())));
  }

  /** The actor system below: its tree, counters and dead letters can be looked at, and actors of your own spawned. */
  get system(): System {
    return this.#engine.system;
  }

  /** How much of everything is held right now: see {@link Gauges}. What has happened is in `app.system.counters`. */
  get gauges(): Gauges {
    return this.#engine.gauges();
  }

  /** What {@link App.topic} was given, the most specific pattern first; `definition` is `null` without a contract. */
  get contracts(): readonly AnyTopic[] {
    return this.#engine.kinds.values().map(({ topic }) => topic);
  }

  /**
   * Handles topics.
   *
   * @param contract A contract (see `defineTopic`), which types and checks everything that is said; or only a pattern,
   * such as `room:{id}` or `room:*`: any event, any payload.
   * @param handlers What is done about it.
   * @throws {TroupeError} `invalid_contract` for what is neither a contract nor a pattern; `invalid_handlers` for a
   * missing or unknown handler; `invalid_pattern`; `duplicate_pattern`.
   */
  topic<const T extends AnyContract | string, S = undefined, L = undefined>(
    contract: T,
    handlers: TopicHandlers<TopicOf<T>, U, S, L>,
  ): this {
    this.#engine.kinds.add(kindOfTopic(contract, handlers));
    return this;
  }

  /**
   * Lets clients join patterns of topics, and get what all topics publish that a pattern covers: "Patterns" in
   * docs/wire.md. From then on a name that is a pattern is never an ordinary topic's.
   *
   * @param within Which: those that cover nothing but what it covers. With `"tenant:{tenant}:*"` they may join
   * `tenant:7:room:*`, `tenant:7:{kind}:typing`, `tenant:{t}:*`. `handlers.match` decides topic by topic.
   * @throws {TroupeError} `invalid_pattern`, `invalid_handlers`, `duplicate_pattern`.
   */
  patterns<const W extends string, S = undefined>(within: W, handlers: PatternHandlers<W, U, S>): this {
    this.#engine.kinds.addPatterns(patternKind(within, handlers));
    return this;
  }

  /**
   * Handles the connections to a path without a channel protocol.
   *
   * @param path An exact path, or a URL pattern such as `/feeds/:name`.
   * @throws {TroupeError} `bad_path`; `invalid_handlers` for what is no component; `no_raw_transport` if none of the
   * app's transports carries raw data.
   */
  component<S = undefined>(path: string, component: Component<S, U>): this {
    checkComponent(path, component);
    this.#mounts.component(path, component as unknown as Component<unknown>);
    return this;
  }

  /**
   * Mounts the channel protocol at one more path, with options of its own.
   *
   * @throws {TroupeError} `bad_path`, `bad_origin`, `invalid_options`.
   */
  socket(path: string, options: SocketOptions = {}): this {
    checkOptions("app.socket", options);
    this.#mounts.socket(path, options);
    return this;
  }

  /** Adds a step that every connection goes through from now on, behind those that are there. */
  use(middleware: Middleware): this {
    this.#engine.guards.middleware.add(middleware);
    return this;
  }

  /**
   * Publishes in a topic, from outside of any handler. On a topic where nobody is, it is kept if
   * the topic has a history; else nothing happens.
   *
   * @throws {TroupeError} `topic_overloaded` (retryable), `unmatched_topic`, `pattern_topic`, and what the contract
   * refuses.
   */
  broadcast(topic: string, event: string, payload: unknown, options?: BroadcastOptions): void {
    const { clock } = this.system;
    const kind = this.#engine.kinds.of(topic);
    this.#engine.topics.publish(publicationIn(topic, kind, OUTSIDER, event, payload, options, clock));
  }

  /**
   * Sends raw data to the component connections that are meant. Returns how many there were.
   *
   * @throws {TroupeError} `bad_target`, `unsendable_data`.
   */
  send(to: Target, data: RawData): number;
  /**
   * Sends an event to the channels in `topic` of the connections that are meant. Returns how many there were.
   *
   * @throws {TroupeError} `bad_target`, `unmatched_topic`, and what the contract refuses.
   */
  send(to: Target, topic: string, event: string, payload: unknown): number;
  send(to: Target, data: RawData | string, event?: string, payload?: unknown): number {
    const meant = this.#directory.meant(to);
    if (event === undefined) {
      const frame = rawFrame(data);
      const raw = meant.filter((connection) => connection.codec === null);
      for (const connection of raw) connection.write(frame);
      return raw.length;
    }
    const topic = data as string;
    checkOutgoing(this.#engine.kinds.of(topic), event, payload);
    const members = this.#directory.membersAmong(to, topic);
    for (const member of members) member.push(event, payload);
    return members.filter(({ isAway }) => !isAway).length;
  }

  /**
   * Tells the channels in `topic` of the connections that are meant: `message` reaches their `info` handlers, and no
   * client. Returns how many took it; the message to one whose mailbox is full is a dead letter (`overflow`).
   *
   * @throws {TroupeError} `bad_target`, `unmatched_topic`.
   */
  tell(to: Target, topic: string, message: unknown): number {
    this.#engine.kinds.of(topic);
    return this.#directory.membersAmong(to, topic).filter(({ address }) => offer(address, message)).length;
  }

  /**
   * Closes the connections that are meant, behind what was published before; their clients come back, unless
   * `authenticate` refuses them then. Sessions that wait for such a client (`limits.graceMs`) end. Returns how many
   * connections there were.
   *
   * @param reason What the client is told: at most 123 bytes of UTF-8; longer ones are cut.
   * @param code A close code that can be sent (RFC 6455, section 7.4). Default: 1001.
   * @throws {TroupeError} `bad_target`, `bad_close_code`.
   */
  disconnect(target: Target, reason = "disconnected", code: number = CLOSE_GOING_AWAY): number {
    checkCloseCode(code);
    const meant = this.#directory.meant(target);
    for (const connection of meant) connection.closeInTurn(code, reason);
    for (const session of this.#directory.waiting(target)) session.end({ kind: "closed" });
    return meant.length;
  }

  /**
   * Takes an authorization back, at once: the connections that were let in with it are closed with 4401 and the reason
   * `revoked`, over whatever transport, their sessions end, those too that wait for their client, and those whose
   * handshake is pending are refused. The token ids of them all are
   * refused from now on, so that nobody comes straight back with the same token; whether a revoked user may come with
   * another is for `authenticate` to say. Returns how many connections, and sessions without one, it ended.
   *
   * @throws {TroupeError} `bad_target`, `invalid_options`.
   */
  revoke(target: RevokeTarget, options?: RevokeOptions): number {
    const ended = this.#engine.authority.revoke(target, options);
    const waiting = "tokenId" in target ? [] : this.#directory.waiting(target);
    for (const session of waiting) session.end({ kind: "closed" });
    return ended;
  }

  /**
   * Whether `request` is for one of the app's paths: to mount it inside of another server, whose other routes get all
   * the rest.
   *
   * @example
   * ```ts
   * import { App } from "@troupe/core";
   * import { Hono } from "hono";
   * import { assertEquals } from "@std/assert";
   *
   * const app = new App({ basePath: "/realtime" });
   * const site = new Hono()
   *   .use((c, next) => app.handles(c.req.raw) ? app.fetch(c.req.raw) : next())
   *   .get("/", (c) => c.text("the site"));
   * assertEquals(await (await site.request("/")).text(), "the site");
   * assertEquals((await site.request("/realtime/socket/websocket")).status, 426); // no handshake
   * ```
   */
  handles(request: Request): boolean {
    const url = urlOf(request);
    return url !== null && this.#mounts.has(url.pathname);
  }

  /**
   * Serves on a port until the app is closed. See {@link ListenOptions}.
   *
   * @throws {TroupeError} `invalid_options`; `app_closed` for an app that is closed.
   * @throws What `Deno.serve` throws, e.g. `Deno.errors.AddrInUse` for a port that is in use.
   */
  listen(options: ListenOptions = {}): Listening {
    checkOptions("app.listen", options);
    if (this.#closed !== null) {
      throw new TroupeError("app_closed", "Cannot listen: the app is closed, and does not start again");
    }
    return this.#listeners.start(options);
  }

  /**
   * Asks the members of `topic`, or of all topics, whether they may still be: the topic's `recheck` handler decides. It
   * is done some at a time. Returns how many are asked.
   */
  recheck(topic?: string): number {
    return this.#engine.recheck(topic);
  }

  /** Whether the app wants new clients, and why not: what a load balancer asks. */
  get readiness(): Readiness {
    return this.#engine.readiness.look();
  }

  /** Whether the app wants new clients: see {@link App.readiness}. */
  get ready(): boolean {
    return this.readiness.ready;
  }

  /**
   * Empties the app, for a restart that nobody minds: it is not {@link App.ready} from now on, and handshakes are
   * answered with status 503; each client on a channel protocol is told when to come back (`troupe:going-away`), at
   * times that are spread evenly, so that they do not all come at once; then all connections are closed with 1012, in
   * batches. Resolves when they have gone, or the app is closed; {@link App.close} ends the rest. Further calls return
   * the same promise, which does not reject.
   *
   * @throws {TroupeError} `invalid_options`.
   */
  drain(options: DrainOptions = {}): Promise<void> {
    checkOptions("app.drain", options);
    return this.#engine.drain(options);
  }

  /**
   * Ends the app, in this order: new requests are answered with status 503; every connection is closed with 1012, so
   * that its client comes back to whoever is there then, and every channel ends (`leave` is called with the reason
   * `shutdown`); handlers that are pending, and asynchronous `leave` and `close` handlers, may finish; all actors stop;
   * the ports of {@link App.listen} are free. What has not ended by the deadline is cut off. Further calls return the
   * same promise, which does not reject.
   *
   * @throws {TroupeError} `invalid_options`.
   */
  close(options: CloseOptions = {}): Promise<void> {
    checkOptions("app.close", options);
    return this.#closed ??= this.#close(options.deadlineMs ?? CLOSE_DEADLINE_MS);
  }

  /** {@link App.close} with its default deadline. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(deadlineMs: number): Promise<void> {
    const { clock } = this.system;
    const endMs = clock.elapsedMs() + deadlineMs;
    await this.#engine.end(deadlineMs);
    this.#mounts.end();
    const restMs = Math.max(endMs - clock.elapsedMs(), 0);
    await this.#listeners.stop(restMs);
    for (const undo of this.#undo) undo();
  }

  async #fetch(request: Request, remoteAddress: string): Promise<Response> {
    const url = urlOf(request);
    if (this.#closed !== null) return this.#mounts.refuse(url, SHUTTING_DOWN);
    if (url === null) return refusalResponse(400, "bad_url");
    const answer = this.#mounts.answer(request, url, remoteAddress);
    if (answer !== null) return await answer;
    if (this.#options.fallback === undefined) return refusalResponse(404, "not_found");
    try {
      return await this.#options.fallback(request, remoteAddress);
    } catch (error) {
      this.system.counters.add("fallback.failed");
      this.system.logger.log("error", "fallback failed", { error: messageOf(error), path: url.pathname });
      return refusalResponse(500, "fallback_failed");
    }
  }
}
