import type { TimerId } from "../base/clock.ts";
import { TroupeError } from "../base/errors.ts";
import type { AnyContract, ContractParams } from "../contract/define_topic.ts";
import type { Untyped } from "../sessions/topic_handlers.ts";
import type { JoinGiven, PayloadAndOptions } from "./channel_types.ts";
import type { FakeNetwork } from "./fake_network.ts";
import type { FakeConnection } from "./fake_transport.ts";
import { Inbox, type Received } from "./inbox.ts";
import { type JoinHistory, Membership, type MembershipPorts } from "./membership.ts";
import { TestChannel } from "./test_channel.ts";
import type { VirtualTime, WaitOptions } from "./virtual_time.ts";
import { readMessages, WIRE_VERSION, writeMessage } from "./wire_message.ts";

/** How a test's client connects. */
export interface ConnectOptions {
  /** The token that `authenticate` gets. Default: none. */
  readonly token?: string;
  /** Query parameters: what phoenix.js sends as `params`. */
  readonly params?: Readonly<Record<string, string>>;
  /** Headers of the handshake, e.g. `origin` or `cookie`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Where the channel protocol is mounted, the app's `basePath` included. Default: `/socket`. */
  readonly path?: string;
  /** The address that it comes from. Default: none is known. */
  readonly from?: string;
  /** How often it sends a heartbeat, in milliseconds. Default: 30,000, as phoenix.js. 0: never. */
  readonly heartbeatMs?: number;
}

/** How a test's client joins. */
export interface JoinOptions extends WaitOptions {
  /** What it wants of the topic's history. Default: nothing. */
  readonly history?: JoinHistory;
}

/** Where the server talks about the connection itself. */
const CONTROL_TOPIC = "troupe";
const HEARTBEAT_TOPIC = "phoenix";

/**
 * A client in a test: a connection without a network, which it drops and opens again when it is told to. It behaves as
 * a good client does: sends heartbeats, and comes back to its session and to its place in each topic's history. See
 * `testKit`.
 */
export class TestClient {
  readonly #network: FakeNetwork;
  readonly #time: VirtualTime;
  readonly #ports: MembershipPorts;
  /** By topic, in the order of their joins. */
  readonly #memberships = new Map<string, Membership>();
  readonly #inbox: Inbox;
  #options: ConnectOptions;
  #connection: FakeConnection | null = null;
  #closed: { readonly code: number; readonly reason: string } | null = null;
  #heartbeat: TimerId | null = null;
  #lastRef = 0;

  /** For `TestKit.connect`. */
  constructor(network: FakeNetwork, time: VirtualTime, options: ConnectOptions) {
    this.#network = network;
    this.#time = time;
    this.#options = options;
    this.#inbox = new Inbox("The connection", time, () => this.isOpen ? "It is open. " : "It is closed. ");
    this.#ports = {
      time,
      ref: () => String(++this.#lastRef),
      send: (joinRef, ref, topic, event, payload) => this.#send(joinRef, ref, topic, event, payload),
      session: null,
    };
  }

  /** Whether it is connected. */
  get isOpen(): boolean {
    return this.#connection !== null;
  }

  /** How the server has closed the last connection; `null` if it did not. */
  get closed(): { readonly code: number; readonly reason: string } | null {
    return this.#closed;
  }

  /**
   * Opens the connection. For `TestKit.connect`; a client whose connection has gone comes back by
   * {@link TestClient.reconnect}.
   *
   * @throws {TroupeError} `connect_refused`, with the `status` and the `body` of the response in `details`.
   */
  async open(): Promise<void> {
    const { token, params, headers, path = "/socket", from, heartbeatMs = 30_000 } = this.#options;
    const query = new URLSearchParams({ ...params, vsn: WIRE_VERSION });
    const all = new Headers(headers);
    if (token !== undefined) all.set("authorization", `Bearer ${token}`);
    const connection = await this.#network.connect(`${path}/websocket?${query}`, all, from);
    if (connection instanceof Response) {
      const { status } = connection;
      const body = await connection.text();
      throw new TroupeError(
        "connect_refused",
        `${path}: the app has refused, with status ${status}: ${body}`,
        {
          details: { status, body },
        },
      );
    }
    this.#connection = connection;
    this.#closed = null;
    if (heartbeatMs > 0) this.#beat(heartbeatMs);
  }

  /**
   * Joins a topic, by its contract and the parameters of its name, or by its name alone. Resolves when the join is
   * granted.
   *
   * @throws {TroupeError} `join_refused`, with the response in `details`; `no_reply` if nothing has come when all is at
   * rest: see {@link WaitOptions}; its `patienceMs` is 1,000 here. `already_joined`, `not_connected`.
   */
  async join<C extends AnyContract>(
    contract: C,
    params: ContractParams<C>,
    ...rest: PayloadAndOptions<JoinGiven<C>, JoinOptions>
  ): Promise<TestChannel<C>>;
  /** Joins a topic by its name: any payload, any event, nothing checked by the compiler. */
  async join(topic: string, payload?: unknown, options?: JoinOptions): Promise<TestChannel<Untyped>>;
  async join(
    topic: AnyContract | string,
    ...rest: unknown[]
  ): Promise<TestChannel<AnyContract> | TestChannel<Untyped>> {
    const name = typeof topic === "string"
      ? topic
      : topic.pattern.fill(rest.shift() as Readonly<Record<string, string>>);
    const [payload = {}, options = {}] = rest as [unknown, JoinOptions?];
    const known = this.#memberships.get(name);
    if (known !== undefined && known.status !== "ended" && known.status !== "refused") {
      throw new TroupeError(
        "already_joined",
        `Cannot join ${name}: the client is ${known.status} there already`,
        {
          details: { topic: name, status: known.status },
        },
      );
    }
    const { history = {}, ...waiting } = options;
    const reducers = typeof topic === "string" ? null : topic.definition.state ?? null;
    const membership = new Membership(this.#ports, name, payload, history, reducers);
    this.#memberships.set(name, membership);
    await membership.join(waiting);
    return new TestChannel(membership);
  }

  /**
   * Takes the oldest message about the connection itself (`troupe:going-away`, `troupe:expiring`, …) that was not taken
   * yet; if there is none, once it has come. Resolves with the payload.
   *
   * @throws {TroupeError} `nothing_came`.
   */
  async next(event: string, options: WaitOptions = {}): Promise<unknown> {
    return (await this.#inbox.next(event, options)).payload;
  }

  /** Takes what the server has said about the connection itself and was not taken yet, oldest first. */
  take(event: string): Received[] {
    return this.#inbox.take(event);
  }

  /** Vanishes: the connection breaks, without a farewell. */
  async drop(): Promise<void> {
    this.#end(1006);
    await this.#time.settle();
  }

  /** Closes the connection, as a client does that goes. */
  async close(): Promise<void> {
    this.#end(1000);
    await this.#time.settle();
  }

  /**
   * Comes back, over a new connection: joins again all topics that it was in, with its session and its positions. A
   * connection that is open breaks first.
   *
   * @param changes What differs from the last connection, e.g. a new token.
   * @throws {TroupeError} `connect_refused`; `join_refused` for the first of the joins that is.
   */
  async reconnect(changes: ConnectOptions = {}): Promise<void> {
    if (this.isOpen) await this.drop();
    this.#options = { ...this.#options, ...changes };
    await this.open();
    const dropped = [...this.#memberships.values()].filter(({ status }) => status === "dropped");
    const joins = await Promise.allSettled(dropped.map((membership) => membership.join({})));
    for (const join of joins) if (join.status === "rejected") throw join.reason;
  }

  /** For `TestKit`: reads what has come. Returns whether there was anything. */
  receive(): boolean {
    const connection = this.#connection;
    if (connection === null) return false;
    const frames = connection.take();
    for (const frame of frames) {
      for (const message of readMessages(frame)) {
        if (message.topic === CONTROL_TOPIC) this.#inbox.add(message);
        else this.#memberships.get(message.topic)?.receive(message);
      }
    }
    if (connection.closed !== null) this.#gone(connection.closed);
    return frames.length > 0;
  }

  #send(joinRef: string | null, ref: string, topic: string, event: string, payload: unknown): void {
    if (this.#connection === null) {
      throw new TroupeError(
        "not_connected",
        `Cannot send ${event} in ${topic}: the client is not connected`,
        {
          details: { topic, event },
        },
      );
    }
    this.#connection.send(writeMessage(joinRef, ref, topic, event, payload));
  }

  #beat(everyMs: number): void {
    this.#heartbeat = this.#time.clock.setTimer(() => {
      this.#send(null, this.#ports.ref(), HEARTBEAT_TOPIC, "heartbeat", {});
      this.#beat(everyMs);
    }, everyMs);
  }

  #end(code: number): void {
    this.receive();
    this.#connection?.close(code);
    this.#gone(null);
  }

  #gone(closed: { readonly code: number; readonly reason: string } | null): void {
    if (this.#connection === null) return;
    this.#connection = null;
    this.#closed = closed;
    if (this.#heartbeat !== null) this.#time.clock.clearTimer(this.#heartbeat);
    for (const membership of this.#memberships.values()) membership.dropped();
  }
}
