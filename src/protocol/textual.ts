/**
 * Codecs for transports that carry text alone.
 *
 * @module
 */

import type { Codec } from "./codec.ts";
import { bytesOf } from "./payload.ts";

/** The member of a JSON payload that stands for bytes: they are its value, in base64 (RFC 4648, section 4). */
export const BYTES_MEMBER = "troupe:bytes";

/** One for each codec, so that a publication is still encoded once for all who get it in this form. */
const TEXTUAL: WeakMap<Codec, Codec> = new WeakMap();

/**
 * `codec` for a transport that carries text alone, one message at a time: a payload that is bytes goes out as
 * `{"troupe:bytes":"3q2+7w=="}`, and messages are never joined. What comes in is read as before. The same codec gives
 * the same result each time.
 *
 * @example
 * ```ts
 * import { phoenixV2, textual } from "@troupe/core/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = textual(phoenixV2).push("1", "room:a", "img", new Uint8Array([1, 2]));
 * assertEquals(frame.data, '["1",null,"room:a","img",{"troupe:bytes":"AQI="}]');
 * ```
 */
export function textual(codec: Codec): Codec {
  let made = TEXTUAL.get(codec);
  if (made === undefined) TEXTUAL.set(codec, made = make(codec));
  return made;
}

function make(codec: Codec): Codec {
  return {
    name: codec.name,
    decode: (data, sink) => codec.decode(data, sink),
    reply: (joinRef, ref, topic, status, response) =>
      codec.reply(joinRef, ref, topic, status, asText(response)),
    push: (joinRef, topic, event, payload) => codec.push(joinRef, topic, event, asText(payload)),
    publication: (topic, event, payload, position) =>
      codec.publication(topic, event, asText(payload), position),
    ended: (joinRef, topic, event, payload) => codec.ended(joinRef, topic, event, payload),
    join: null,
  };
}

function asText(payload: unknown): unknown {
  const bytes = bytesOf(payload);
  return bytes === null ? payload : { [BYTES_MEMBER]: bytes.toBase64() };
}
