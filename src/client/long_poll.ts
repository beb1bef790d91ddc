/**
 * Long-poll for our client.
 *
 * @module
 */

import { LongPoll } from "phoenix";

/**
 * The long-poll transport of the `phoenix` client, as a class of its own: the client ignores custom codecs for its own
 * one, and with them the positions of 2.1.0.
 */
export class PositionedLongPoll extends LongPoll {
  /** Whatever minifiers make of it: the client remembers by this name that it has fallen back. */
  static override readonly name = "LongPoll";
}
