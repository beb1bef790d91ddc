/**
 * What a payload is on the wire: JSON, or bytes.
 *
 * @module
 */

import { messageOf, TroupeError } from "../base/errors.ts";
import { JsonText } from "../base/json_text.ts";

/**
 * The bytes of a payload that is bytes: an `ArrayBuffer` or any view of one (`Uint8Array`, `DataView`, …); `null` for
 * everything else. Not a copy.
 */
export function bytesOf(payload: unknown): Uint8Array | null {
  if (payload instanceof ArrayBuffer) return new Uint8Array(payload);
  if (!ArrayBuffer.isView(payload)) return null;
  if (payload instanceof Uint8Array) return payload;
  return new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength);
}

/**
 * The payload as it may stand inside a message that {@link encodeJson} writes: `{}` for `undefined`, else itself.
 *
 * Throws `unencodable_payload` for what JSON would drop, or turn into `null`, without a word: a function, a symbol, a
 * `toJSON` that gives one of them or `undefined`.
 */
export function jsonPayload(payload: unknown, topic: string, event: string): unknown {
  if (payload === undefined) return {};
  const type = typeof payload;
  if (type === "function" || type === "symbol") {
    throw unencodable(topic, event, `a ${type} has no JSON form`);
  }
  if (type !== "object" || payload === null || !("toJSON" in (payload as object))) return payload;
  const json: string | undefined = encodeJson(payload, topic, event);
  if (json === undefined) throw unencodable(topic, event, "its toJSON gave nothing");
  return JSON.parse(json);
}

/**
 * The JSON text of a message. Throws `unencodable_payload`, naming the event and the topic, if JSON cannot carry what
 * is in it: a BigInt, a cycle, a `toJSON` that throws, nesting deeper than the runtime's stack.
 */
export function encodeJson(message: unknown, topic: string, event: string): string {
  try {
    return JSON.stringify(message);
  } catch (thrown) {
    throw unencodable(topic, event, messageOf(thrown), thrown);
  }
}

/** The JSON text of a payload: {@link jsonPayload} and {@link encodeJson}, or what was encoded before. */
export function payloadText(payload: unknown, topic: string, event: string): string {
  if (payload instanceof JsonText) return payload.text;
  return encodeJson(jsonPayload(payload, topic, event), topic, event);
}

/** The error for a payload that the wire cannot carry: a {@link TroupeError} with the code `unencodable_payload`. */
export function unencodable(topic: string, event: string, fault: string, cause?: unknown): TroupeError {
  return new TroupeError(
    "unencodable_payload",
    `Cannot encode the payload of "${event}" on topic "${topic}": ${fault}. Accepted are JSON values and, on wires ` +
      `that have binary messages, an ArrayBuffer or a view of one as the whole payload`,
    { details: { topic, event }, cause },
  );
}
