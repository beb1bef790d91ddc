/**
 * The client for Node before 22, which has no `WebSocket`: there the published `phoenix` client would become long-poll
 * without a word. Where there is one, nothing is imported, and `connect` is what it is in `@troupe/core/client`.
 *
 * @module
 */

import type { Transport } from "phoenix";
import { type Client, connect as connectWith } from "./client.ts";
import type { ConnectOptions } from "./client_options.ts";

export * from "./mod.ts";

/**
 * The same as `connect` of `@troupe/core/client`, by the `WebSocket` of the package `ws` where the runtime has none.
 *
 * @param url Where the server's sockets are: `wss://example.com/socket`, or with `https:`.
 * @param options See {@link ConnectOptions}.
 * @throws {TroupeError} `invalid_option`.
 *
 * @example
 * ```ts
 * import { connect } from "@troupe/core/client/node";
 *
 * await using troupe = connect("ws://localhost:8000/socket");
 * ```
 */
export function connect(url: string, options: ConnectOptions = {}): Client {
  if (options.transport !== undefined || ownTransport === null) return connectWith(url, options);
  // A transport that is given has no fallback of its own accord.
  return connectWith(url, { longPollFallbackMs: 2_500, ...options, transport: ownTransport });
}

const ownTransport: Transport | null = "WebSocket" in globalThis
  ? null
  : (await import("ws")).WebSocket as unknown as Transport;
