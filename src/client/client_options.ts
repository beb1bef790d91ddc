/**
 * What a client can be told.
 *
 * @module
 */

import type { Transport } from "phoenix";
import { type Clock, systemClock } from "../base/clock.ts";
import { type Random, systemRandom } from "../base/random.ts";
import type { Feature } from "./feature.ts";
import { type Failed, reportFailure } from "./listeners.ts";
import { MAX_QUEUED } from "./offline_queue.ts";
import type { ReconnectOptions } from "./reconnect.ts";
import { refused } from "./refused.ts";
import { TOKEN_TIMEOUT_MS, type TokenSource, within } from "./token.ts";

/** What `connect` takes beside the address. */
export interface ConnectOptions {
  /**
   * What lets this client in: `authenticate` of the server gets it as its token. A function is asked before each
   * connection, and, with `withRefresh`, when the authorization expires; it may give a promise. Default: none.
   */
  readonly token?: string | TokenSource;
  /**
   * How long a promise of `token` may take, in milliseconds; beyond, the try has failed (`token_timeout`), and there is
   * another one. Default: {@link TOKEN_TIMEOUT_MS}, 10,000.
   */
  readonly tokenTimeoutMs?: number;
  /** Query parameters of the connection. A function is asked before each one. Default: none. */
  readonly params?: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>);
  /** Closes the client when it is aborted. */
  readonly signal?: AbortSignal;
  /** How long answers may take, in milliseconds. Default: 10,000. */
  readonly timeoutMs?: number;
  /** What its channels can do beyond the basics: `withPresence`, `withState`, `withAnswers`, `withRefresh`. Default: nothing. */
  readonly use?: readonly Feature[];
  /** How often the client shows that it is there, in milliseconds. Default: 30,000. */
  readonly heartbeatMs?: number;
  /** How long it waits before it comes back. */
  readonly reconnect?: ReconnectOptions;
  /**
   * After how many milliseconds without a WebSocket long-poll is tried; at once where the WebSocket fails. `null`:
   * never. Default: 2,500; with a `transport`: never.
   */
  readonly longPollFallbackMs?: number | null;
  /** How many messages may be on their way. Default: {@link MAX_QUEUED}. */
  readonly maxQueued?: number;
  /** What the connection is made of: a class like `WebSocket`. Default: the `WebSocket` of the runtime. */
  readonly transport?: Transport;
  /** Is told of what a listener has thrown. Default: as the platform reports errors of event listeners. */
  readonly failed?: Failed;
  /** The port of time; the `phoenix` client has timers of its own. */
  readonly clock?: Clock;
  /** The port of randomness. */
  readonly random?: Random;
}

/** All of them. */
export interface CompleteOptions
  extends Omit<Required<ConnectOptions>, "signal" | "token" | "tokenTimeoutMs"> {
  readonly token: TokenSource;
  /** Whether the token may be another one the next time. */
  readonly renews: boolean;
}

/** Fills in the defaults. Throws `no_websocket` where the runtime has none, and none was given. */
export function completeOptions(options: ConnectOptions): CompleteOptions {
  const { token, tokenTimeoutMs = TOKEN_TIMEOUT_MS, transport, clock = systemClock } = options;
  return {
    token: typeof token === "function" ? within(tokenTimeoutMs, clock, token) : () => token,
    renews: typeof token === "function",
    params: options.params ?? {},
    timeoutMs: options.timeoutMs ?? 10_000,
    use: options.use ?? [],
    heartbeatMs: options.heartbeatMs ?? 30_000,
    reconnect: options.reconnect ?? {},
    longPollFallbackMs: options.longPollFallbackMs === undefined && transport === undefined
      ? 2_500
      : options.longPollFallbackMs ?? null,
    maxQueued: options.maxQueued ?? MAX_QUEUED,
    transport: transport ?? ownWebSocket(),
    failed: options.failed ?? reportFailure,
    clock,
    random: options.random ?? systemRandom,
  };
}

function ownWebSocket(): Transport {
  const { WebSocket } = globalThis as { WebSocket?: Transport };
  if (WebSocket !== undefined) return WebSocket;
  // Long-poll in its place would be no good.
  throw refused("no_websocket", "connect", { accepted: "@troupe/core/client/node, or the option transport" });
}
