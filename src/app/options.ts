import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { Values } from "../base/values.ts";
import type { SchedulerOptions } from "../actors/scheduler.ts";
import type { Credentials } from "../http/credentials.ts";
import type { CookiePolicy } from "../http/cookie_guard.ts";
import type { Middleware } from "../http/middleware.ts";
import type { OriginPolicy } from "../http/origin.ts";
import type { Codec } from "../protocol/codec.ts";
import type { User } from "../sessions/user.ts";
import type { Log } from "../topics/log.ts";
import type { Transport } from "../transport/transport.ts";
import type { AddressOptions } from "./address_book.ts";
import type { TrafficLimits } from "./traffic_limits.ts";

/** What {@link AppOptions.authenticate} is given. */
export interface Handshake extends Credentials {
  /** The request of the handshake. */
  readonly request: Request;
  /** Where it comes from; empty if the server did not say. */
  readonly remoteAddress: string;
  /** What middleware has left with it. */
  readonly values: Values;
}

/** Who it is, for how long, and by which token. */
export interface Authorization<U extends User = User> {
  /** Who it is. */
  readonly user: U;
  /**
   * From when on it is not valid: a date, or milliseconds since the Unix epoch. The client is told before
   * (`limits.expiringNoticeMs`) and may bring a new token; if it does not, its connection is closed with 4401. Left out:
   * never.
   */
  readonly expiresAt?: Date | number | null;
  /** Names the token that it came with, e.g. the claim `jti` of a JWT, so that `App.revoke` can refuse it. */
  readonly tokenId?: string | null;
}

/** Who it is, for ever or for a time; `null` to refuse with status 403; a response to refuse in another way. */
export type Authenticated<U extends User> = U | Authorization<U> | null | Response;

/**
 * Everything that is bounded, by name. Each bound that is met is counted, under the counter that is named with it (see
 * `app.system.counters`).
 */
export interface Limits extends TrafficLimits {
  /** Channels of one connection. Default: 100. Beyond: the join is refused (`channels.too_many`). */
  maxChannels?: number;
  /** Channels of one connection that are patterns. Default: 20. Beyond: the join is refused (`patterns.too_many`). */
  maxPatterns?: number;
  /** Patterns that somebody has joined, at a time. Default: 100,000. Beyond: the join is refused (`topics.refused`). */
  maxPatternTopics?: number;
  /**
   * Topics for which one member of a pattern remembers what `match` has answered. Default: 1,000. Beyond, the oldest
   * answer is forgotten, and asked for again (`patterns.forgotten`).
   */
  maxMatches?: number;
  /** Bytes of a topic's name. Default: 512. Beyond: the join is refused (`channels.topic_too_long`). */
  maxTopicBytes?: number;
  /** Bytes of one message from a client. Default: 1,048,576 (1 MiB). Beyond: close 1009 (`connections.too_big`). */
  maxMessageBytes?: number;
  /**
   * Messages that wait in one channel's mailbox. Default: 1,000. Beyond: the reply is `overloaded`
   * (`channels.overloaded`).
   */
  channelMailbox?: number;
  /**
   * Messages that a full channel refuses in a row before its connection is closed with 1013. Default: 100
   * (`connections.overloaded`).
   */
  maxRefusedMessages?: number;
  /**
   * Requests to one channel's client that wait for their answers. Default: 16. Beyond: a request rejects with
   * `too_many_requests` (`requests.too_many`).
   */
  maxRequests?: number;
  /**
   * Messages with an id of the client's (`troupe:id`) that one session remembers, so that a repetition takes effect once.
   * Default: 256. Beyond, the oldest is forgotten (`publishes.forgotten`).
   */
  dedupeWindow?: number;
  /**
   * Messages that wait in one component connection's mailbox. Default: 1,000. Beyond: close 1013
   * (`connections.overloaded`).
   */
  connectionMailbox?: number;
  /**
   * Topics that one component connection subscribes to. Default: 100. Beyond: `subscribe` throws
   * `too_many_subscriptions` (`components.subscriptions_refused`).
   */
  maxSubscriptions?: number;
  /**
   * Messages that wait in one topic's mailbox. Default: 10,000. Beyond: a broadcast throws `topic_overloaded`
   * (`topics.overloaded`).
   */
  topicMailbox?: number;
  /** Topics that live at a time. Default: 1,000,000. Beyond: the join is refused (`topics.refused`). */
  maxTopics?: number;
  /** How long a topic lives without a member, in milliseconds. Default: 10,000. Then it stops (`topics.idle`). */
  topicIdleMs?: number;
  /**
   * Publications of the past that one join is sent. Default: 1,000. Beyond, the oldest are left out, and the client is
   * told which (`recoveries.partial`).
   */
  maxReplay?: number;
  /**
   * Their payloads in all, in characters of JSON or bytes. Default: 524,288, half of what the outbox holds. Beyond: the
   * same.
   */
  maxReplayBytes?: number;
  /**
   * How long a log may take to read a topic's history, in milliseconds. Default: 5,000. Beyond: the join is refused with
   * `history_timeout`, and may be tried again; a topic that cannot begin ends (`history.timed_out`).
   */
  historyTimeoutMs?: number;
  /**
   * How long a log may take to store what a turn has published, in milliseconds. Default: 10,000. Beyond: nobody knows
   * whether it will be stored (`history.overdue`), and its topics end with `phx_error`. Until the log is done, joins of
   * them are refused with `topic_unavailable`, and may be tried again.
   */
  appendTimeoutMs?: number;
  /**
   * Connections, those in their handshake included. Default: 1,000,000. Beyond: status 503
   * (`upgrades.refused.too_many_connections`).
   */
  maxConnections?: number;
  /**
   * Long-poll sessions of one mount, those in their handshake included. They are connections, too. Default: 100,000.
   * Beyond: refused with 503 (`upgrades.refused.too_many_longpoll_sessions`).
   */
  longpollSessions?: number;
  /**
   * Bytes of the body of one long-poll POST, which may hold 100 messages. Default: 8,000,000, as in Phoenix. Beyond:
   * status 400 (`longpoll.bodies_refused`).
   */
  longpollBodyBytes?: number;
  /**
   * How long a close waits for clients of {@link App.listen} that have been answered and go on sending, e.g. the rest of
   * a body, in milliseconds. Default: 500. Then they are left to themselves (`listeners.left_behind`).
   */
  bodyLingerMs?: number;
  /** Frames that wait for one connection. Default: 8,192. Beyond: close 1013 (`outbox.overflows`). */
  outboxFrames?: number;
  /** Bytes that wait for one connection. Default: 1,048,576 (1 MiB). Beyond: close 1013 (`outbox.overflows`). */
  outboxBytes?: number;
  /** Frames handed to the transport since it was last empty. Default: 256. Beyond: they wait in the outbox. */
  transportFrames?: number;
  /** Bytes that the transport may hold. Default: 65,536 (64 KiB). Beyond: frames wait in the outbox. */
  transportBytes?: number;
  /**
   * Connections whose frames one turn of the event loop hands to their transports, so that these write, and others are
   * heard, in between. Default: 64. Beyond, they wait for the next turn (`flushes.continued`), unless actors
   * wait for it, too: then all go.
   */
  flushesPerTurn?: number;
  /**
   * Members from which on what is published in a topic waits for what else the turn brings, also where that cannot be
   * joined, so that each connection is visited once a turn. Default: 400. Below, it leaves at once.
   */
  crowdSize?: number;
  /**
   * Handshakes that one turn of the event loop begins, so that those who are connected are heard in between. Default:
   * 8. Beyond, they wait for the next turn (`handshakes.waited`).
   */
  handshakesPerTurn?: number;
  /** Handshakes that wait for their turn. Default: 10,000. Beyond: status 503 (`upgrades.refused.too_many_handshakes`). */
  maxWaitingHandshakes?: number;
  /**
   * How long `authenticate` may take, and before it all the `upgrade` steps of the application, in milliseconds.
   * Default: 5,000. Beyond: status 503 (`upgrades.refused.authenticate_timeout`, `upgrades.refused.middleware_timeout`).
   */
  authenticateTimeoutMs?: number;
  /**
   * How long before its authorization expires a client is told, in milliseconds; half of its life, if that is shorter.
   * Default: 60,000 (`connections.expiring`; then `connections.expired`).
   */
  expiringNoticeMs?: number;
  /**
   * Token ids that are refused at a time, after `App.revoke`. Default: 100,000. Beyond: the one whose token expires first
   * is forgotten (`revocations.forgotten`).
   */
  maxRevocations?: number;
  /** How long a revoked token is refused whose expiry is not known, in milliseconds. Default: 86,400,000 (a day). */
  revocationMs?: number;
  /**
   * How long a connection may take to open after its upgrade was granted, in milliseconds. Default: 10,000. Beyond, by
   * 1/16 of it at the most, it is let go of (`connections.never_opened`): some transports say nothing of a client that has gone meanwhile.
   */
  openTimeoutMs?: number;
  /**
   * How long the close of a connection may take, in milliseconds: a client that reads nothing does not see it. Default:
   * 10,000. Beyond, the transport cuts it off (`connections.cut_off`), or, as the default one has no way to, forgets it and
   * writes to it no more (`connections.abandoned`).
   */
  closeTimeoutMs?: number;
  /**
   * How long a channel connection may say nothing, in milliseconds. Default: 60,000. Beyond: close 1001
   * (`connections.idle`). 0: for ever.
   */
  idleMs?: number;
  /** The same for component connections. Default: 0, for ever. */
  componentIdleMs?: number;
  /**
   * How long the channels of a connection that has dropped wait for their client, in milliseconds. Default: 0, they end
   * with it. Beyond, they end with the reason `expired` (`channels.expired`, `sessions.expired`). It needs
   * `authenticate`: only the same user can come back. See "Sessions" in docs/wire.md for what the client does.
   */
  graceMs?: number;
  /** Sessions that wait for their clients. Default: 10,000. Beyond, the oldest expires (`sessions.crowded_out`). */
  maxSuspendedSessions?: number;
  /** Those of one user. Default: 10. Beyond, the oldest expires (`sessions.crowded_out`). */
  maxSuspendedSessionsPerUser?: number;
}

/** The limits that can be changed while an app runs. */
export type ChangeableLimits = Pick<
  Limits,
  | "maxChannels"
  | "maxPatterns"
  | "maxTopicBytes"
  | "maxMessageBytes"
  | "maxConnections"
  | "longpollSessions"
  | "longpollBodyBytes"
  | "authenticateTimeoutMs"
  | "openTimeoutMs"
  | "expiringNoticeMs"
  | "maxRevocations"
  | "revocationMs"
  | keyof TrafficLimits
>;

/** What differs from one mount of the channel protocol to the next. */
export interface SocketOptions {
  /** Which pages may connect. Default: the app's. */
  origin?: OriginPolicy;
  /** Sub-protocols that are accepted, the preferred one first. Default: the app's. */
  subProtocols?: readonly string[];
  /** Transports. Default: the app's. */
  transports?: readonly Transport[];
  /** Bounds that differ from the app's. */
  limits?: Pick<
    Limits,
    | "maxChannels"
    | "maxPatterns"
    | "maxTopicBytes"
    | "maxMessageBytes"
    | "outboxFrames"
    | "outboxBytes"
    | "idleMs"
    | "messagesPerSecond"
    | "messageBurst"
    | "joinsPerSecond"
    | "joinBurst"
    | "bytesPerSecond"
    | "byteBurst"
    | "maxThrottledMessages"
    | "graceMs"
  >;
}

/** What an `App` takes. Everything has a default. */
export interface AppOptions<U extends User = User> {
  /**
   * Who is it? Called before each upgrade. `null` answers status 403, a `Response` is passed on, a throw answers 500,
   * and taking longer than `limits.authenticateTimeoutMs` 503 with `Retry-After`. Default: a new anonymous user for
   * each connection.
   */
  authenticate?: (handshake: Handshake) => Authenticated<U> | Promise<Authenticated<U>>;
  /** Where the channel protocol is mounted. Default: `/socket`. `false`: nowhere but where `app.socket` says. */
  path?: string | false;
  /** Where all paths begin, for an app inside of another server. Default: the root. */
  basePath?: string;
  /** Which pages may connect. Default: `same`. */
  origin?: OriginPolicy;
  /**
   * Whose cookies `authenticate` sees. Default: those of requests whose `Origin` the policy allows by name, and of those
   * without one that a browser marks as of the same origin; where the policy is `any`, nobody's. Elsewhere `cookies` is
   * empty (`cookies.withheld`), and the refusal says so. `allowed-origins` is the same, and refuses to start where the
   * policy is `any`; `any-origin` believes all: see {@link CookiePolicy}.
   */
  cookies?: CookiePolicy;
  /** Sub-protocols that are accepted, the preferred one first. Default: none. */
  subProtocols?: readonly string[];
  /** Bounds. */
  limits?: Limits;
  /** Which addresses may connect, and how the address of a client behind a proxy is found. Default: all; not at all. */
  addresses?: AddressOptions;
  /**
   * Steps that every connection goes through, in their order: see {@link Middleware}. `App.use` adds to them. The app's
   * own rules (addresses, limits, origin) come before them, and `authenticate` after.
   */
  middleware?: readonly Middleware[];
  /** What answers requests for all other paths. Default: status 404. A throw answers 500 and is logged. */
  fallback?: (request: Request, remoteAddress: string) => Response | Promise<Response>;
  /**
   * Keeps the process alive when a promise that nobody awaits is rejected, until the app is closed; counts
   * (`rejections.unhandled`) and logs it. It holds for the whole process. Default: `false`.
   */
  guardRejections?: boolean;
  /**
   * On SIGTERM or SIGINT, closes the app and ends the process with code 0; a second signal ends it at once. For `deno
   * serve`, where nobody has the server in hand; `app.listen` does it by itself. The runtime of Deno 2.9 stops listening
   * under `deno serve` on its own then, and clients may see its 1001 instead of our 1012. Default: `false`.
   */
  signals?: boolean;
  /**
   * What cookies and the tokens of fallback transports are signed with: at least 32 bytes, the same in every process
   * that serves the same clients. Default: made up at start, so that a restart forgets those sessions.
   */
  secret?: string;
  /** Wire protocols. Default: Phoenix Channels 1.0.0 and 2.0.0, and our 2.1.0. */
  codecs?: readonly Codec[];
  /** Transports. Default: WebSocket, long-polling for those who cannot, and server-sent events. */
  transports?: readonly Transport[];
  /**
   * Keeps the histories of topics that have one. Default: `memoryLog()`, so that a restart begins new ones. The app closes
   * it at its end.
   */
  log?: Log;
  /** Log lines. Default: none. */
  logger?: Logger;
  /** Time. Default: the machine's. */
  clock?: Clock;
  /** Randomness. Default: the machine's. */
  random?: Random;
  /** How drains are bounded and where turns come from. */
  scheduler?: Omit<SchedulerOptions, "onFault">;
}
