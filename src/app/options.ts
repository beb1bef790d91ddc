import { z } from "zod";
import type { Clock } from "../base/clock.ts";
import { TroupeError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { SchedulerOptions } from "../actors/scheduler.ts";
import type { Credentials } from "../http/credentials.ts";
import type { OriginPolicy } from "../http/origin.ts";
import type { Codec } from "../protocol/codec.ts";
import type { ConnectionInfo } from "../sessions/connection_info.ts";
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

/** Everything that is bounded, by name. Each bound that is met is counted. */
export interface Limits {
  /** Channels of one connection. Default: 100. Beyond: the join is refused. */
  maxChannels?: number;
  /** Bytes of a topic's name. Default: 512. Beyond: the join is refused. */
  maxTopicBytes?: number;
  /** Bytes of one message from a client. Default: 1,048,576 (1 MiB). Beyond: close 1009. */
  maxMessageBytes?: number;
  /** Messages that wait in one channel's mailbox. Default: 1,000. Beyond: the reply is `overloaded`. */
  channelMailbox?: number;
  /** Messages that a full channel refuses in a row before its connection is closed with 1013. Default: 100. */
  maxRefusedMessages?: number;
  /** Messages that wait in one component connection's mailbox. Default: 1,000. Beyond: close 1013. */
  connectionMailbox?: number;
  /** Topics that one component connection subscribes to. Default: 100. */
  maxSubscriptions?: number;
  /** Messages that wait in one topic's mailbox. Default: 10,000. Beyond: a broadcast throws `topic_overloaded`. */
  topicMailbox?: number;
  /** Topics that live at a time. Default: 1,000,000. Beyond: the join is refused. */
  maxTopics?: number;
  /** How long a topic lives without a member, in milliseconds. Default: 10,000. */
  topicIdleMs?: number;
  /** Open connections. Default: 1,000,000. Beyond: status 503. */
  maxConnections?: number;
  /** Frames that wait for one connection. Default: 8,192. Beyond: close 1013. */
  outboxFrames?: number;
  /** Bytes that wait for one connection. Default: 1,048,576 (1 MiB). Beyond: close 1013. */
  outboxBytes?: number;
  /** How long `authenticate` may take, in milliseconds. Default: 5,000. Beyond: status 503. */
  authenticateTimeoutMs?: number;
  /** How long a channel connection may say nothing, in milliseconds. Default: 60,000. Beyond: close 1001. 0: for ever. */
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
  /** Who is it? Default: a new anonymous user for each connection. Called before each upgrade. */
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
  /** What answers requests for all other paths. Default: status 404. */
  fallback?: (request: Request, remoteAddress: string) => Response | Promise<Response>;
  /** Keeps the process alive when a promise that nobody awaits is rejected; counts and logs it. Default: `false`. */
  guardRejections?: boolean;
  /** Drains and closes on SIGTERM and SIGINT; for `deno serve`, where there is no `listen`. Default: `false`. */
  signals?: boolean;
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

/** What is known of a connection to those outside of its handlers. */
export interface ConnectionView<U extends User = User> {
  /** Its id. */
  readonly id: string;
  /** Who is on the other side. */
  readonly user: U;
  /** Its handshake. */
  readonly info: ConnectionInfo;
  /** Frames that wait for it. */
  readonly backlog: number;
}

const count = z.number().int().positive();
const duration = z.number().nonnegative();

const limitsSchema = z.strictObject({
  maxChannels: count.default(100),
  maxTopicBytes: count.default(512),
  maxMessageBytes: count.default(1_048_576),
  channelMailbox: count.default(1_000),
  maxRefusedMessages: count.default(100),
  connectionMailbox: count.default(1_000),
  maxSubscriptions: count.default(100),
  topicMailbox: count.default(10_000),
  maxTopics: count.default(1_000_000),
  topicIdleMs: duration.default(10_000),
  maxConnections: count.default(1_000_000),
  outboxFrames: count.default(8_192),
  outboxBytes: count.default(1_048_576),
  authenticateTimeoutMs: duration.default(5_000),
  idleMs: duration.default(60_000),
  componentIdleMs: duration.default(0),
});

const OPTION_NAMES: readonly (keyof AppOptions)[] = [
  "authenticate",
  "path",
  "basePath",
  "origin",
  "subProtocols",
  "limits",
  "fallback",
  "guardRejections",
  "signals",
  "codecs",
  "transports",
  "logger",
  "clock",
  "random",
  "scheduler",
];

/**
 * Fills in the limits that were not given.
 *
 * @throws {TroupeError} `invalid_options`, naming the limit at fault and what is accepted.
 */
export function completeLimits(limits: Limits | undefined): Required<Limits> {
  const result = limitsSchema.safeParse(limits ?? {});
  if (result.success) return result.data;
  const [{ path, message }] = result.error.issues;
  throw new TroupeError(
    "invalid_options",
    `Cannot use limits${path.map((key) => `.${String(key)}`).join("")}: ${message}`,
    {
      details: { accepted: Object.keys(limitsSchema.shape) },
    },
  );
}

/** Refuses an option that does not exist: most often a slip of the pen, which would be silent otherwise. */
export function checkOptionNames(options: object, accepted: readonly string[] = OPTION_NAMES): void {
  const unknown = Object.keys(options).find((name) => !accepted.includes(name));
  if (unknown === undefined) return;
  throw new TroupeError(
    "invalid_options",
    `There is no option ${JSON.stringify(unknown)}. Accepted: ${accepted.join(", ")}`,
    {
      details: { option: unknown, accepted },
    },
  );
}
