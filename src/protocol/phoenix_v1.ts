/**
 * Phoenix Channels, version 1.0.0 of its wire: JSON objects in text messages.
 *
 * @module
 */

import { type Codec, Frame, type Inbound } from "./codec.ts";
import { malformed, nameOf, parseJson, readName, readRef } from "./malformed.ts";
import { bytesOf, encodeJson, jsonPayload, unencodable } from "./payload.ts";

/**
 * The codec of old Phoenix clients (`vsn=1.0.0`, or no `vsn` at all).
 *
 * A message is `{"topic", "event", "payload", "ref"}`; `join_ref` is read if it is there and never sent: pushes have
 * `ref` null, and the end of a channel has the join's `join_ref` as its `ref`. It has no binary messages: one that comes
 * is malformed, a payload of bytes throws `unencodable_payload`. No positions, no batches.
 *
 * @example
 * ```ts
 * import { phoenixV1 } from "@troupe/core/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = phoenixV1.reply(null, "2", "room:1", "ok", {});
 * assertEquals(
 *   frame.data,
 *   '{"event":"phx_reply","payload":{"response":{},"status":"ok"},"ref":"2","topic":"room:1"}',
 * );
 * ```
 */
export const phoenixV1: Codec = {
  name: "phoenix/1.0.0",
  decode(data, sink): void {
    if (typeof data !== "string") {
      throw malformed("version 1.0.0 has no binary messages; connect with vsn=2.0.0");
    }
    sink(readObject(parseJson(data)));
  },
  reply(_joinRef, ref, topic, status, response): Frame {
    return writeObject(topic, "phx_reply", ref, { response: json(response, topic, "phx_reply"), status });
  },
  push(_joinRef, topic, event, payload): Frame {
    return writeObject(topic, event, null, json(payload, topic, event));
  },
  publication(topic, event, payload): Frame {
    return writeObject(topic, event, null, json(payload, topic, event));
  },
  ended(joinRef, topic, event, payload): Frame {
    return writeObject(topic, event, joinRef, json(payload, topic, event));
  },
  join: null,
};

const REQUIRED = ["topic", "event", "payload", "ref"];

function readObject(value: unknown): Inbound {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw malformed(`a message is {"topic", "event", "payload", "ref"}; got ${nameOf(value)}`);
  }
  const message = value as Readonly<Record<string, unknown>>;
  for (const field of REQUIRED) {
    if (!Object.hasOwn(message, field)) {
      throw malformed(`a message is {"topic", "event", "payload", "ref"}; ${field} is missing`);
    }
  }
  return {
    joinRef: Object.hasOwn(message, "join_ref") ? readRef(message.join_ref, "join_ref", "") : null,
    ref: readRef(message.ref, "ref", ""),
    topic: readName(message.topic, "topic", ""),
    event: readName(message.event, "event", ""),
    payload: message.payload,
  };
}

/** The members are in the order in which Phoenix writes them. */
function writeObject(topic: string, event: string, ref: string | null, payload: unknown): Frame {
  return new Frame(encodeJson({ event, payload, ref, topic }, topic, event));
}

function json(payload: unknown, topic: string, event: string): unknown {
  if (bytesOf(payload) === null) return jsonPayload(payload, topic, event);
  throw unencodable(topic, event, "it is bytes, and version 1.0.0 of the wire has no binary messages");
}
