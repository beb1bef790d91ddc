/**
 * Our extension of Phoenix's wire, version 2.1.0: batches and positions.
 *
 * @module
 */

import { invariant } from "../base/invariant.ts";
import { POSITIONED_BROADCAST, writeBinary } from "./binary_message.ts";
import { type Codec, Frame, MAX_BATCH_MESSAGES } from "./codec.ts";
import { malformed, parseJson } from "./malformed.ts";
import { bytesOf } from "./payload.ts";
import { eventFrame, phoenixV2, readClientPush, readMessage } from "./phoenix_v2.ts";

/**
 * The codec of clients that ask for `vsn=2.1.0`: {@link phoenixV2}, and
 *
 * - **batches**, both ways: a text message may be an array of 1 to {@link MAX_BATCH_MESSAGES} messages,
 *   `[[…],[…]]`. A message that goes alone is never wrapped, and binary messages are never in a batch.
 * - **positions**, to the client: a publication with a position has its offset as a sixth element, or is a binary
 *   message of kind 5. The epoch is not repeated in each: it travels once, in the join reply.
 *
 * `createCodec` makes a stock `phoenix` client speak it.
 *
 * @example
 * ```ts
 * import { phoenixV21 } from "@troupe/core/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const first = phoenixV21.publication("room:1", "said", { text: "a" }, { epoch: "e", offset: 7 });
 * const second = phoenixV21.publication("room:1", "said", { text: "b" }, { epoch: "e", offset: 8 });
 * assertEquals(first.data, '[null,null,"room:1","said",{"text":"a"},7]');
 * assertEquals(phoenixV21.join?.([first, second]).data, `[${first.data},${second.data}]`);
 * ```
 */
export const phoenixV21: Codec = {
  ...phoenixV2,
  name: "phoenix/2.1.0",
  decode(data, sink): void {
    if (typeof data !== "string") return sink(readClientPush(data));
    const value = parseJson(data);
    if (!Array.isArray(value) || !Array.isArray(value[0])) return sink(readMessage(value, ""));
    const count = value.length;
    if (count > MAX_BATCH_MESSAGES) {
      throw malformed(`a batch holds 1 to ${MAX_BATCH_MESSAGES} messages; got ${count}`);
    }
    const messages = value.map((message, i) => readMessage(message, `message ${i + 1} of ${count}: `));
    for (const message of messages) sink(message);
  },
  publication(topic, event, payload, position): Frame {
    if (position === null) return phoenixV2.publication(topic, event, payload, null);
    const { offset } = position;
    invariant(Number.isSafeInteger(offset) && offset > 0, `an offset counts from 1; got ${offset}`);
    const bytes = bytesOf(payload);
    if (bytes !== null) return new Frame(writeBinary(POSITIONED_BROADCAST, [topic, event], bytes, offset));
    return eventFrame(null, topic, event, payload, `,${offset}`);
  },
  join(frames): Frame {
    invariant(frames.length > 0, "a batch holds at least one message");
    if (frames.length === 1) return frames[0];
    return new Frame(`[${frames.map(textOf).join(",")}]`);
  },
};

function textOf(frame: Frame): string {
  invariant(typeof frame.data === "string", "a batch holds text messages only");
  return frame.data;
}
