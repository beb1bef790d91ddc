/**
 * The connection that a client's channels share.
 *
 * @module
 */

import type { Clock } from "../base/clock.ts";
import { TroupeError } from "../base/errors.ts";
import { Counters } from "../base/inspect.ts";
import type { Random } from "../base/random.ts";
import { type ClientCodec, createCodec } from "../protocol/client_codec.ts";
import {
  CLOSE_MALFORMED,
  CLOSE_NORMAL,
  CLOSE_POLICY,
  CLOSE_TOO_BIG,
  type Closed,
  normalizeClose,
} from "../protocol/close_codes.ts";
import type { ClientEvents, ConnectionState } from "./client_events.ts";
import type { CompleteOptions } from "./client_options.ts";
import type { Greeting } from "./greeting.ts";
import { type Failed, Listeners } from "./listeners.ts";
import { OfflineQueue } from "./offline_queue.ts";
import { PhoenixSocket, type TokenSource } from "./phoenix_socket.ts";
import { Reconnect } from "./reconnect.ts";
import { SessionLine } from "./session_line.ts";

/** The topic of what is about the connection itself. */
const OWN_TOPIC = "troupe";
/** Coming back with the same would end in the same. */
const FINAL_CODES: ReadonlySet<number> = new Set([CLOSE_MALFORMED, CLOSE_POLICY, CLOSE_TOO_BIG]);

/** A channel, as the connection sees it. */
export interface Member {
  /** The client is closed for good. */
  disconnected(closed: Closed): void;
}

/** The connection: the published client's socket, what is known of the session, and what all channels use. */
export class Link {
  readonly socket: PhoenixSocket;
  readonly codec: ClientCodec = createCodec();
  readonly counters: Counters = new Counters();
  readonly queue: OfflineQueue;
  /** The channels that have not ended, by topic. */
  readonly members: Map<string, Member> = new Map();
  readonly listeners: Listeners<ClientEvents>;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly failed: Failed;
  /** Rejoins wait as long as reconnects do. */
  readonly rejoin: Reconnect;
  /** Resolves when it is closed for good. */
  readonly closed: Promise<Closed>;
  /** The offset of the message that is being delivered. */
  offset: number | null = null;
  /** The session. */
  readonly line: SessionLine = new SessionLine();
  readonly #token: TokenSource;
  readonly #renews: boolean;
  readonly #reconnect: Reconnect;
  readonly #questions = new Map<string, (reply: unknown) => void>();
  readonly #idPrefix: string;
  #lastId = 0;
  #resolveClosed: (closed: Closed) => void = () => {};
  #state: ConnectionState = "connecting";

  constructor(endPoint: string, options: CompleteOptions) {
    const { clock, random, token, failed } = options;
    this.clock = clock;
    this.failed = failed;
    this.timeoutMs = options.timeoutMs;
    this.listeners = new Listeners<ClientEvents>(failed);
    this.queue = new OfflineQueue(this.counters, options.maxQueued);
    this.closed = new Promise((resolve) => this.#resolveClosed = resolve);
    this.#token = token;
    this.#renews = options.renews;
    this.#reconnect = new Reconnect(random, options.reconnect);
    this.rejoin = new Reconnect(random, options.reconnect);
    this.#idPrefix = idPrefix(random);
    this.socket = new PhoenixSocket(endPoint, {
      vsn: "2.1.0",
      encode: this.codec.encode,
      decode: (data, callback) =>
        this.codec.decode(data, (message, offset) => {
          this.offset = offset;
          callback(message);
        }),
      params: options.params,
      timeout: options.timeoutMs,
      heartbeatIntervalMs: options.heartbeatMs,
      reconnectAfterMs: (tries) => this.#reconnect.waitMs(tries),
      rejoinAfterMs: (tries) => this.rejoin.waitMs(tries),
      transport: options.transport,
      token,
      failed: (error) => this.#failedToConnect(error),
      ...(options.longPollFallbackMs !== null && { longPollFallbackMs: options.longPollFallbackMs }),
    });
    this.#listen();
    this.socket.connect();
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** A name that no other message of this client has. */
  newId(): string {
    return `${this.#idPrefix}-${++this.#lastId}`;
  }

  /** What the answer to a join says of the session. */
  greeted(greeting: Greeting): void {
    this.line.greeted(greeting);
  }

  /** Brings what lets this client in, so that its authorization lives longer. */
  async refresh(token?: string): Promise<unknown> {
    const given = token ?? await this.#token();
    return this.#ask("troupe:refresh", { token: given });
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
    this.socket.onMessage(({ topic, event, payload, ref }) => {
      if (topic === OWN_TOPIC) this.#told(event, payload, ref);
    });
  }

  #failedToConnect(error: unknown): void {
    this.counters.add("connection.errors");
    this.listeners.emit("failed", { error });
  }

  #dropped(closed: Closed): void {
    for (const answer of this.#questions.values()) {
      answer({ status: "error", response: { reason: "closed" } });
    }
    if (this.#state === "closed") return;
    this.counters.add("connection.drops");
    if (FINAL_CODES.has(closed.code)) void this.close(closed);
    else if (this.#state === "open") this.#move("reconnecting");
  }

  /** Something about the connection itself. */
  #told(event: string, payload: unknown, ref: string | null): void {
    if (event === "phx_reply") return this.#questions.get(ref ?? "")?.(payload);
    if (event === "troupe:going-away") {
      const notice = payload as ClientEvents["goingAway"];
      this.#reconnect.asked(notice.reconnectAfterMs);
      this.listeners.emit("goingAway", notice);
    } else if (event === "troupe:expiring") {
      this.listeners.emit("expiring", payload as ClientEvents["expiring"]);
      if (this.#renews) this.refresh().catch((error) => this.listeners.emit("failed", { error }));
    } else if (event === "troupe:limit") {
      this.listeners.emit("limit", payload as ClientEvents["limit"]);
    }
  }

  #ask(event: string, payload: object): Promise<unknown> {
    const ref = this.socket.makeRef();
    return new Promise((resolve, reject) => {
      const settle = (reply: unknown): void => {
        this.clock.clearTimer(timer);
        this.#questions.delete(ref);
        const { status, response } = reply as { status: unknown; response: { reason?: unknown } };
        if (status === "ok") return resolve(response);
        const reason = String(response?.reason ?? status);
        const message = `Cannot have ${event}: the server answers ${reason}`;
        reject(new TroupeError("not_refreshed", message, { details: { reason, response } }));
      };
      const late = { status: "timeout", response: { reason: "timeout" } };
      const timer = this.clock.setTimer(() => settle(late), this.timeoutMs);
      this.#questions.set(ref, settle);
      this.socket.push({ topic: OWN_TOPIC, event, payload, ref });
    });
  }

  #move(state: ConnectionState): void {
    if (state === this.#state || this.#state === "closed") return;
    this.#state = state;
    this.listeners.emit("state", state);
  }
}

/** A UUID would need a page from a secure origin; the server remembers ids within one session alone. */
function idPrefix(random: Random): string {
  const part = (): string => random.integer(2 ** 32).toString(36);
  return part() + part();
}
