/**
 * What a client tells about its connection.
 *
 * @module
 */

import type { Issue } from "../contract/mod.ts";

/**
 * `connecting`: not there yet. `open`. `reconnecting`: it was there, and comes back by itself. `closed`: for good.
 */
export type ConnectionState = "connecting" | "open" | "reconnecting" | "closed";

/** Something that this client's contract does not know: it is left out. A newer server says more than an older client knows. */
export interface Skipped {
  /** Where it came from. */
  readonly topic: string;
  /** The event. */
  readonly event: string;
  /** `unknown_event`: the contract has none of that name. `invalid_payload`: it refuses what came. */
  readonly why: "unknown_event" | "invalid_payload";
  /** Why the payload is refused. */
  readonly issues: readonly Issue[];
}

/** What `client.on` takes. */
export interface ClientEvents {
  /** The state of the connection. */
  readonly state: ConnectionState;
  /** The server will close this connection soon; the client comes back `reconnectAfterMs` after that. */
  readonly goingAway: { readonly reconnectAfterMs: number };
  /** The authorization expires. With `withRefresh` the client asks its `token` for a new one, and brings it, by itself. */
  readonly expiring: { readonly expiresAt: number; readonly inMs: number };
  /** Three quarters of what may be sent at once are used up. */
  readonly limit: { readonly limit: string; readonly perSecond: number; readonly burst: number };
  /** Something was left out that the contract does not know. */
  readonly skipped: Skipped;
  /**
   * A connection, a token or a refresh has failed, or a message of the server's could not be read. The client goes on
   * trying, and goes on.
   */
  readonly failed: { readonly error: unknown };
}
