/**
 * Version 2.1.0 of the wire, as the client speaks it.
 *
 * @module
 */

import { Serializer } from "phoenix";
import { MalformedMessage } from "../protocol/codec.ts";
import { bytesOf } from "../protocol/payload.ts";
import { type ClientMessage, type Deliver, type OutgoingMessage, Positions } from "../protocol/positions.ts";

/** The kind of a binary publication with its offset, and of one without. */
const POSITIONED_BROADCAST = 5;
const BROADCAST = 2;
/** The offset stands between the sizes of its two strings and the strings. */
const OFFSET_AT = 3;
const OFFSET_BYTES = 8;

/**
 * The options `encode` and `decode` for one `phoenix` socket, and what it knows of its topics' positions. The client has
 * a serializer for 2.0.0 of its own: what 2.1.0 adds to that is here. `createCodec` of `@troupe/core/protocol`, which does
 * the same for a stock client, says of a malformed frame what is wrong with it; here it says little.
 */
export class Wire {
  /** Where the client stands in each topic. */
  readonly positions: Positions = new Positions();

  /** Bytes become a binary message. */
  encode(message: OutgoingMessage, callback: (data: string | ArrayBuffer) => void): void {
    const { join_ref, ref, topic, event, payload } = message;
    const bytes = bytesOf(payload);
    this.positions.sent(message);
    if (bytes === null) return callback(JSON.stringify([join_ref, ref, topic, event, payload]));
    Serializer.encode({ ...message, payload: bytes.slice().buffer }, callback);
  }

  /** Calls `callback` for each message of a frame, in order. */
  decode(data: string | ArrayBuffer, callback: Deliver): void {
    const { positions } = this;
    if (typeof data !== "string") {
      const { plain, offset } = read(() => withoutOffset(data));
      const message = read(() => {
        let decoded: ClientMessage | undefined;
        Serializer.decode(plain, (given) => decoded = given);
        return decoded ?? JSON.parse("");
      });
      return positions.deliver(message, offset, callback);
    }
    const value = read(() => JSON.parse(data));
    positions.deliverAll(Array.isArray(value?.[0]) ? value : [value], (message) => {
      const [join_ref, ref, topic, event, payload, offset] = read(() => [...message as Fields] as Fields);
      const isReply = event === "phx_reply" && ref !== null;
      if (typeof topic !== "string" || typeof event !== "string" || isReply && Object(payload) !== payload) {
        throw new MalformedMessage("no message");
      }
      positions.deliver({ join_ref, ref, topic, event, payload }, offset, callback);
    });
  }
}

type Fields = [
  join_ref: ClientMessage["join_ref"],
  ref: ClientMessage["ref"],
  topic: string,
  event: string,
  payload: unknown,
  offset?: unknown,
];

/** A binary message as 2.0.0 has it, and its offset. */
function withoutOffset(data: ArrayBuffer): { plain: ArrayBuffer; offset: number | null } {
  const [kind, topicSize, eventSize] = new Uint8Array(data);
  if (kind !== POSITIONED_BROADCAST) return { plain: data, offset: null };
  const plain = data.slice(OFFSET_BYTES);
  new Uint8Array(plain).set([BROADCAST, topicSize, eventSize]);
  return { plain, offset: Number(new DataView(data).getBigUint64(OFFSET_AT)) };
}

function read<T>(from: () => T): T {
  try {
    return from();
  } catch (error) {
    throw new MalformedMessage(String(error));
  }
}
