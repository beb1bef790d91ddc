/**
 * Phoenix Channels, version 2.0.0 of its wire: JSON arrays in text messages, and binary messages.
 *
 * @module
 */

import { JsonText } from "../base/json_text.ts";
import { BROADCAST, CLIENT_PUSH, readBinary, REPLY, SERVER_PUSH, writeBinary } from "./binary_message.ts";
import { type Codec, Frame, type Inbound, utf8Length } from "./codec.ts";
import { malformed, nameOf, parseJson, readName, readRef } from "./malformed.ts";
import { bytesOf, encodeJson, jsonPayload } from "./payload.ts";

/**
 * The codec of stock Phoenix clients (`vsn=2.0.0`).
 *
 * A text message is `[join_ref, ref, topic, event, payload]`; what follows the payload is ignored. A payload that is
 * an `ArrayBuffer` or a view of one goes out as a binary message, and then topic, event, status and refs may have at
 * most 255 bytes of UTF-8 each: beyond, `field_too_long` is thrown. It never sends positions or batches.
 *
 * Stricter than Phoenix on what comes in: refs are strings or `null`, topic and event are strings that are not empty.
 *
 * @example
 * ```ts
 * import { phoenixV2 } from "@troupe/core/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * phoenixV2.decode('["1","2","room:1","say",{"text":"hi"}]', (message) => {
 *   assertEquals(message, { joinRef: "1", ref: "2", topic: "room:1", event: "say", payload: { text: "hi" } });
 * });
 * const frame = phoenixV2.reply("1", "2", "room:1", "ok", { id: 7 });
 * assertEquals(frame.data, '["1","2","room:1","phx_reply",{"response":{"id":7},"status":"ok"}]');
 * ```
 */
export const phoenixV2: Codec = {
  name: "phoenix/2.0.0",
  decode(data, sink): void {
    sink(typeof data === "string" ? readMessage(parseJson(data), "") : readClientPush(data));
  },
  reply(joinRef, ref, topic, status, response): Frame {
    const bytes = bytesOf(response);
    if (bytes !== null) {
      return new Frame(writeBinary(REPLY, [joinRef ?? "", ref ?? "", topic, status], bytes));
    }
    const payload = { response: jsonPayload(response, topic, "phx_reply"), status };
    return new Frame(encodeJson([joinRef, ref, topic, "phx_reply", payload], topic, "phx_reply"));
  },
  push(joinRef, topic, event, payload): Frame {
    const bytes = bytesOf(payload);
    if (bytes !== null) return new Frame(writeBinary(SERVER_PUSH, [joinRef, topic, event], bytes));
    return eventFrame(joinRef, topic, event, payload, "");
  },
  publication(topic, event, payload): Frame {
    const bytes = bytesOf(payload);
    if (bytes !== null) return new Frame(writeBinary(BROADCAST, [topic, event], bytes));
    return eventFrame(null, topic, event, payload, "");
  },
  ended(joinRef, topic, event, payload): Frame {
    return new Frame(
      encodeJson([joinRef, joinRef, topic, event, jsonPayload(payload, topic, event)], topic, event),
    );
  },
  join: null,
};

/**
 * An event that the server sends as text, to one channel or, with `joinRef` null, to all. `rest` stands behind the
 * payload, with a comma before it: version 2.1.0 has an offset there.
 */
export function eventFrame(
  joinRef: string | null,
  topic: string,
  event: string,
  payload: unknown,
  rest: string,
): Frame {
  if (payload instanceof JsonText) {
    const to = joinRef === null ? "null" : JSON.stringify(joinRef);
    const head = `[${to},null,${JSON.stringify(topic)},${JSON.stringify(event)},`;
    const { text, byteLength } = payload;
    const size = byteLength === null ? undefined : utf8Length(head) + byteLength + rest.length + 1;
    return new Frame(`${head}${text}${rest}]`, size);
  }
  const text = encodeJson([joinRef, null, topic, event, jsonPayload(payload, topic, event)], topic, event);
  return new Frame(rest === "" ? text : `${text.slice(0, -1)}${rest}]`);
}

/**
 * Reads one parsed text message. `at` says in a fault where it stood (`"message 3 of 5: "`; empty for a message that
 * came alone). Throws `MalformedMessage`.
 */
export function readMessage(value: unknown, at: string): Inbound {
  if (!Array.isArray(value) || value.length < 5) {
    throw malformed(`${at}a message is [join_ref, ref, topic, event, payload]; got ${nameOf(value)}`);
  }
  return {
    joinRef: readRef(value[0], "join_ref", at),
    ref: readRef(value[1], "ref", at),
    topic: readName(value[2], "topic", at),
    event: readName(value[3], "event", at),
    payload: value[4],
  };
}

/** Reads a binary message of a client's: kind 0, nothing else. Throws `MalformedMessage`. */
export function readClientPush(data: Uint8Array<ArrayBuffer>): Inbound {
  if (data.length === 0) throw malformed("a binary message must not be empty");
  if (data[0] !== CLIENT_PUSH.kind) {
    throw malformed(`a binary message from a client must be of kind 0 (push); got kind ${data[0]}`);
  }
  const { strings, data: payload } = readBinary(CLIENT_PUSH, data);
  const [joinRef, ref, topic, event] = strings;
  return {
    joinRef: joinRef === "" ? null : joinRef,
    ref: ref === "" ? null : ref,
    topic: readName(topic, "topic", ""),
    event: readName(event, "event", ""),
    payload,
  };
}
