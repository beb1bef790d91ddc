import { TroupeError } from "../base/errors.ts";
import { offer } from "../actors/inside.ts";
import type { System } from "../actors/system.ts";
import type { AnyContract } from "../contract/define_topic.ts";
import type { EventLoopLag } from "../http/loop_lag.ts";
import type { Middleware } from "../http/middleware.ts";
import { CLOSE_GOING_AWAY } from "../protocol/close_codes.ts";
import type { Component, RawData } from "../sessions/component.ts";
import type { PatternHandlers } from "../sessions/pattern_handlers.ts";
import { patternKind } from "../sessions/pattern_kind.ts";
import type { AnyTopic, BroadcastOptions, TopicHandlers, TopicOf } from "../sessions/topic_handlers.ts";
import { checkOutgoing } from "../sessions/check_outgoing.ts";
import type { User } from "../sessions/user.ts";
import type { RevokeOptions, RevokeTarget } from "./authority.ts";
import type { Addresses } from "./address_book.ts";
import type { AskClients } from "./ask_clients.ts";
import { checkCloseCode, checkComponent } from "./checks.ts";
import type { CloseOptions } from "./close_options.ts";
import type { ConnectionDirectory, Connections, Target } from "./connections.ts";
import type { Engine } from "./engine.ts";
import type { Gauges } from "./gauges.ts";
import type { DrainOptions } from "./drain.ts";
import { urlOf } from "./incoming.ts";
import { kindOfTopic } from "./kind_of_topic.ts";
import { Life, type LifePorts } from "./life.ts";
import { DEADLINE_MS, type Declaration, Lives } from "./lives.ts";
import type { Listening, ListenOptions } from "./listen.ts";
import type { AppLimits } from "./live_limits.ts";
import { checkOptions } from "./option_schemas.ts";
import type { Readiness } from "./readiness.ts";
import type { AppOptions, SocketOptions } from "./options.ts";
import type { TopicDirectory } from "./topic_directory.ts";
import type { AddressOf, TopicHandle } from "./topic_handle.ts";

/** The lives of an app, for the test kit. Not part of any entry point. */
export let livesOf: (app: App<never>) => Lives;

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
  readonly #options: AppOptions<U>;
  readonly #lives: Lives;

  static {
    livesOf = (app) => app.#lives;
  }

  /**
   * Makes an app. It starts nothing that keeps a process alive.
   *
   * @throws {TroupeError} `invalid_options`, `bad_origin`, `bad_network`, `bad_path` or `invalid_codec`, naming what is
   * accepted.
   */
  constructor(options: AppOptions<U> = {}) {
    checkOptions("new App", options);
    this.#options = options;
    this.fetch = (request, info) => {
      try {
        const answer = this.#life.answer(request, this.#engine.guards.addressOf(request, info?.remoteAddr));
        return answer instanceof Promise ? answer : Promise.resolve(answer);
      } catch (error) {
        return Promise.reject(error);
      }
    };
    const { fetch } = this;
    const close = (bounds?: CloseOptions): Promise<void> => this.close(bounds);
    const ports: LifePorts = { fetch, drain: (bounds) => this.drain(bounds), close };
    this.#lives = new Lives((others) => new Life(options as AppOptions<never>, ports, others));
  }

  /** Every open connection. */
  get connections(): Connections<U> {
    return this.#lives.known("app.connections").connections as unknown as Connections<U>;
  }

  /** The bounds, which can be changed while the app runs. */
  get limits(): AppLimits {
    return this.#lives.known("app.limits").engine.guards.limits;
  }

  /** Which addresses may connect. */
  get addresses(): Addresses {
    return this.#lives.known("app.addresses").engine.guards.addresses;
  }

  /** How late the event loop is. */
  get loopLag(): EventLoopLag {
    return this.#lives.known("app.loopLag").engine.guards.lag;
  }

  /** Every living topic, and who is in it. */
  get topics(): TopicDirectory {
    return this.#lives.known("app.topics").topics;
  }

  /** Asks clients, and resolves with what they answer: see {@link AskClients}. */
  get request(): AskClients {
    return this.#lives.known("app.request").request;
  }

  /** The actor system below: its tree, counters and dead letters can be looked at, and actors of your own spawned. */
  get system(): System {
    return this.#lives.known("app.system").system;
  }

  /** How much of everything is held right now: see {@link Gauges}. What has happened is in `app.system.counters`. */
  get gauges(): Gauges {
    return { ...this.#engine.gauges(), held: this.#life.mounts.held };
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
    const kind = kindOfTopic(contract, handlers);
    return this.#declare(({ engine }) => engine.kinds.add(kind));
  }

  /**
   * One topic of a contract, to publish in from outside of any handler: `app.at(Room, { id: "7" }).broadcast(…)`. The
   * parameters are left out where its pattern has none.
   *
   * @throws {TroupeError} `invalid_params`; `unmatched_topic` for a contract that {@link App.topic} was not given.
   */
  at<const C extends AnyContract>(contract: C, ...params: AddressOf<C>): TopicHandle<C> {
    const name = contract.pattern.fill((params[0] ?? {}) as never);
    return this.#life.topicHandle(name) as unknown as TopicHandle<C>;
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
    const kind = patternKind(within, handlers);
    return this.#declare(({ engine }) => engine.kinds.addPatterns(kind));
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
    return this.#declare(({ mounts }) => mounts.component(path, component as unknown as Component<unknown>));
  }

  /**
   * Mounts the channel protocol at one more path, with options of its own.
   *
   * @throws {TroupeError} `bad_path`, `bad_origin`, `invalid_options`.
   */
  socket(path: string, options: SocketOptions = {}): this {
    checkOptions("app.socket", options);
    return this.#declare((life) => life.socket(path, options));
  }

  /** Adds a step that every connection goes through from now on, behind those that are there. */
  use(middleware: Middleware): this {
    return this.#declare(({ engine }) => engine.guards.middleware.add(middleware));
  }

  /**
   * Publishes in a topic, from outside of any handler. On a topic where nobody is, it is kept if
   * the topic has a history; else nothing happens.
   *
   * @throws {TroupeError} `topic_overloaded` (retryable), `unmatched_topic`, `pattern_topic`, and what the contract
   * refuses.
   */
  broadcast(topic: string, event: string, payload: unknown, options?: BroadcastOptions): void {
    this.#life.topicHandle(topic).broadcast(event, payload, options);
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
    if (event === undefined) return this.#directory.sendRaw(to, data);
    const topic = data as string;
    checkOutgoing(this.#life.kindOf(topic), event, payload);
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
    this.#life.kindOf(topic);
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
    return url !== null && this.#life.mounts.has(url.pathname);
  }

  /**
   * Serves on a port until the app is closed. See {@link ListenOptions}.
   *
   * @throws {TroupeError} `invalid_options`; `app_closed` for an app that is closed.
   * @throws What `Deno.serve` throws, e.g. `Deno.errors.AddrInUse` for a port that is in use.
   */
  listen(options: ListenOptions = {}): Listening {
    checkOptions("app.listen", options);
    const life = this.#lives.known("app.listen");
    if (life.isClosed) {
      throw new TroupeError("app_closed", "Cannot listen: the app is closed, and does not start again");
    }
    return life.listeners.start(options);
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
    return this.#life.close(options.deadlineMs ?? DEADLINE_MS);
  }

  /** {@link App.close} with its default deadline. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  get #engine(): Engine {
    return this.#life.engine;
  }

  get #directory(): ConnectionDirectory<U> {
    return this.#life.connections as unknown as ConnectionDirectory<U>;
  }

  get #life(): Life {
    return this.#lives.now;
  }

  #declare(declaration: Declaration): this {
    this.#lives.declare(declaration);
    return this;
  }
}
