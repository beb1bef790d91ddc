/**
 * Long-poll for our client.
 *
 * @module
 */

import { LongPoll } from "phoenix";
import { CLOSE_ABNORMAL, CLOSE_POLICY } from "../protocol/close_codes.ts";

/**
 * The long-poll transport of the `phoenix` client, as a class of its own: the client ignores custom codecs for its own
 * one, and with them the positions of 2.1.0. Who is refused (403) may come back, with another token.
 */
export class PositionedLongPoll extends LongPoll {
  /** Whatever minifiers make of it: the client remembers by this name that it has fallen back. */
  static override readonly name = "LongPoll";

  override close(code?: number, reason?: string, wasClean?: boolean): void {
    // The published one says so of a 403. A WebSocket whose handshake is refused has no code of the server's either.
    super.close(code === CLOSE_POLICY ? CLOSE_ABNORMAL : code, reason, wasClean);
  }
}
