import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { SchedulerOptions } from "../actors/scheduler.ts";
import type { Credentials } from "../http/credentials.ts";
import type { OriginPolicy } from "../http/origin.ts";
import type { Codec } from "../protocol/codec.ts";
import type { User } from "../sessions/user.ts";
import type { Transport } from "../transport/transport.ts";

/** What {@link AppOptions.authenticate} is given. */
export interface Handshake extends Credentials {
  /** The request of the handshake. */
  readonly request: Request;
  /** Where it comes from; empty if the server did not say. */
  readonly remoteAddress: string;
}

/** Who it is; `null` to refuse with status 403; a response to refuse in another way. */
export type Authenticated<U extends User> = U | null | Response;

/**
 * Everything that is bounded, by name. Each bound that is met is counted, under the counter that is named with it (see
 * `app.system.counters`).
 */
export interface Limits {
  /** Channels of one connection. Default: 100. Beyond: the join is refused (`channels.too_many`). */
  maxChannels?: number;
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
   * Connections, those in their handshake included. Default: 1,000,000. Beyond: status 503
   * (`upgrades.refused.too_many_connections`).
   */
  maxConnections?: number;
  /** Frames that wait for one connection. Default: 8,192. Beyond: close 1013 (`outbox.overflows`). */
  outboxFrames?: number;
  /** Bytes that wait for one connection. Default: 1,048,576 (1 MiB). Beyond: close 1013 (`outbox.overflows`). */
  outboxBytes?: number;
  /** Frames handed to the transport since it was last empty. Default: 256. Beyond: they wait in the outbox. */
  transportFrames?: number;
  /** Bytes that the transport may hold. Default: 65,536 (64 KiB). Beyond: frames wait in the outbox. */
  transportBytes?: number;
  /**
   * How long `authenticate` may take, in milliseconds. Default: 5,000. Beyond: status 503
   * (`upgrades.refused.authenticate_timeout`).
   */
  authenticateTimeoutMs?: number;
  /**
   * How long a connection may take to open after its upgrade was granted, in milliseconds. Default: 10,000. Beyond, by
   * 1/16 of it at the most, it is let go of (`connections.never_opened`): some transports say nothing of a client that has gone meanwhile.
   */
  openTimeoutMs?: number;
  /**
   * How long a channel connection may say nothing, in milliseconds. Default: 60,000. Beyond: close 1001
   * (`connections.idle`). 0: for ever.
   */
  idleMs?: number;
  /** The same for component connections. Default: 0, for ever. */
  componentIdleMs?: number;
}

/** What differs from one mount of the channel protocol to the next. */
export interface SocketOptions {
  /** Which pages may connect. Default: the app's. */
  origin?: OriginPolicy;
  /** Sub-protocols that are accepted, the preferred one first. Default: the app's. */
  subProtocols?: readonly string[];
  /** Bounds that differ from the app's. */
  limits?: Pick<
    Limits,
    "maxChannels" | "maxTopicBytes" | "maxMessageBytes" | "outboxFrames" | "outboxBytes" | "idleMs"
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
  /** Sub-protocols that are accepted, the preferred one first. Default: none. */
  subProtocols?: readonly string[];
  /** Bounds. */
  limits?: Limits;
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
  /** Transports. Default: WebSocket. */
  transports?: readonly Transport[];
  /** Log lines. Default: none. */
  logger?: Logger;
  /** Time. Default: the machine's. */
  clock?: Clock;
  /** Randomness. Default: the machine's. */
  random?: Random;
  /** How drains are bounded and where turns come from. */
  scheduler?: Omit<SchedulerOptions, "onFault">;
}
