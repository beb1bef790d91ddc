/**
 * The connection that a client's channels share.
 *
 * @module
 */

import type { Clock } from "../base/clock.ts";
import { Counters } from "../base/inspect.ts";
import {
  CLOSE_MALFORMED,
  CLOSE_NORMAL,
  CLOSE_POLICY,
  CLOSE_TOO_BIG,
  type Closed,
  normalizeClose,
} from "../protocol/close_codes.ts";
import { MalformedMessage } from "../protocol/codec.ts";
import type { ClientMessage } from "../protocol/positions.ts";
import type { ClientEvents, ConnectionState } from "./client_events.ts";
import type { CompleteOptions } from "./client_options.ts";
import type { Feature, LinkParts } from "./feature.ts";
import { type Failed, Listeners } from "./listeners.ts";
import { OfflineQueue } from "./offline_queue.ts";
import { checkOwnEvent, type Forms } from "./own_events.ts";
import { PhoenixSocket } from "./phoenix_socket.ts";
import { Reconnect } from "./reconnect.ts";
import { refused } from "./refused.ts";
import { SessionLine } from "./session_line.ts";
import type { TokenSource } from "./token.ts";
import { Wire } from "./wire.ts";

/** The topic of what is about the connection itself. */
export const OWN_TOPIC = "troupe";
/** Coming back with the same would end in the same. */
const FINAL_CODES: readonly number[] = [CLOSE_MALFORMED, CLOSE_POLICY, CLOSE_TOO_BIG];

/** What the server tells of the connection, and what that is called here. */
const NOTICES: ReadonlyMap<string, "goingAway" | "expiring" | "limit"> = new Map([
  ["troupe:going-away", "goingAway"],
  ["troupe:expiring", "expiring"],
  ["troupe:limit", "limit"],
]);

/** A channel, as the connection sees it. */
export interface Member {
  /** The client is closed for good. */
  disconnected(closed: Closed): void;
}

/** The connection: the published client's socket, what is known of the session, and what all channels use. */
export class Link {
  readonly socket: PhoenixSocket;
  readonly wire: Wire = new Wire();
  readonly counters: Counters = new Counters();
  readonly queue: OfflineQueue;
  /** The channels that have not ended, by topic. */
  readonly members: Map<string, Member> = new Map();
  readonly listeners: Listeners<ClientEvents>;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly failed: Failed;
  readonly features: readonly Feature[];
  /** What the features add to the connection itself. */
  readonly parts: LinkParts;
  readonly token: TokenSource;
  /** Whether the token may be another one the next time. */
  readonly renews: boolean;
  /** Rejoins wait as long as reconnects do. */
  readonly rejoin: Reconnect;
  /** Resolves when it is closed for good. */
  readonly closed: Promise<Closed>;
  /** The offset of the message that is being delivered. */
  offset: number | null = null;
  /** The session. */
  readonly line: SessionLine = new SessionLine();
  readonly #forms: Forms;
  readonly #reconnect: Reconnect;
  readonly #idPrefix: string;
  #lastId = 0;
  #resolveClosed: (closed: Closed) => void = () => {};
  #state: ConnectionState = "connecting";

  constructor(endPoint: string, options: CompleteOptions) {
    const { clock, random, token, failed } = options;
    this.clock = clock;
    this.failed = failed;
    this.features = options.use;
    this.#forms = Object.assign(Object.create(null), ...options.use.map(({ forms }) => forms));
    this.timeoutMs = options.timeoutMs;
    this.listeners = new Listeners<ClientEvents>(failed);
    this.queue = new OfflineQueue(this.counters, options.maxQueued);
    this.closed = new Promise((resolve) => this.#resolveClosed = resolve);
    this.token = token;
    this.renews = options.renews;
    this.#reconnect = new Reconnect(random, options.reconnect);
    this.rejoin = new Reconnect(random, options.reconnect);
    // A UUID would need a page from a secure origin; the server remembers ids within one session alone.
    this.#idPrefix = random.float().toString(36).slice(2);
    this.socket = new PhoenixSocket(endPoint, {
      vsn: "2.1.0",
      encode: (message, callback) => this.wire.encode(message, callback),
      decode: (data, callback) => this.#decode(data, callback),
      params: options.params,
      timeout: options.timeoutMs,
      heartbeatIntervalMs: options.heartbeatMs,
      reconnectAfterMs: (tries) => this.#reconnect.waitMs(tries),
      rejoinAfterMs: (tries) => this.rejoin.waitMs(tries),
      transport: options.transport,
      token,
      failed: (error) => this.#failedToConnect(error),
      longPollFallbackMs: options.longPollFallbackMs ?? undefined,
    });
    this.#listen();
    this.parts = Object.assign({}, ...this.features.map(({ attach }) => attach?.(this as never)));
    this.socket.connect();
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** A name that no other message of this client has. */
  newId(): string {
    return `${this.#idPrefix}-${++this.#lastId}`;
  }

  /** Throws `client_closed` or `already_joined` where a topic cannot be joined now. */
  checkTopic(topic: string): void {
    if (this.#state === "closed") throw refused("client_closed", `join ${topic}`);
    if (this.members.has(topic)) throw refused("already_joined", `join ${topic}`);
  }

  /** Closes for good. */
  async close(closed: Closed): Promise<void> {
    if (this.#state === "closed") return;
    this.#move("closed");
    for (const member of [...this.members.values()]) member.disconnected(closed);
    await new Promise<void>((resolve) => this.socket.disconnect(resolve, CLOSE_NORMAL, closed.reason));
    this.#resolveClosed(closed);
  }

  #listen(): void {
    this.socket.onOpen(() => {
      this.#reconnect.done();
      this.#move("open");
    });
    this.socket.onClose((event) => this.#dropped(normalizeClose(event.code, event.reason)));
    this.socket.onError((error) => this.#failedToConnect(error));
    // Browsers tell; what tells nothing may have no such function.
    const returned = (): void => this.socket.networkReturned();
    globalThis.addEventListener?.("online", returned);
    void this.closed.then(() => globalThis.removeEventListener?.("online", returned));
    this.socket.onMessage(({ topic, event, payload }) => {
      if (topic === OWN_TOPIC) this.#told(event, payload);
    });
  }

  /** A message that cannot be read is told, and left out: thrown, it would end a program outside of browsers. */
  #decode(data: string | ArrayBuffer, callback: (message: ClientMessage) => void): void {
    try {
      this.wire.decode(data, (message, offset) => {
        checkOwnEvent(message.event, message.payload, this.#forms);
        this.offset = offset;
        callback(message);
      });
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.counters.add("messages.malformed");
      this.listeners.emit("failed", { error });
    }
  }

  #failedToConnect(error: unknown): void {
    this.counters.add("connection.errors");
    this.listeners.emit("failed", { error });
  }

  #dropped(closed: Closed): void {
    if (this.#state === "closed") return;
    this.counters.add("connection.drops");
    if (FINAL_CODES.includes(closed.code)) void this.close(closed);
    else if (this.#state === "open") this.#move("reconnecting");
  }

  /** Something about the connection itself. */
  #told(event: string, payload: unknown): void {
    const name = NOTICES.get(event);
    if (name === undefined) return;
    if (name === "goingAway") {
      this.#reconnect.asked((payload as ClientEvents["goingAway"]).reconnectAfterMs);
    }
    this.listeners.emit(name, payload as ClientEvents[typeof name]);
  }

  #move(state: ConnectionState): void {
    if (state === this.#state || this.#state === "closed") return;
    this.#state = state;
    this.listeners.emit("state", state);
  }
}
