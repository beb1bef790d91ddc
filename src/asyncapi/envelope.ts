/**
 * What is around the payloads: Phoenix Channels 2.0.0, as headers of AsyncAPI messages, and in words. The full story is
 * docs/wire.md.
 *
 * @module
 */

import type { TopicPattern } from "../contract/pattern.ts";
import type { JsonSchema, MessageObject } from "./document.ts";

/** The wire in words: CommonMark, for the document's `info.description`. */
export const WIRE =
  `Phoenix Channels 2.0.0 over a WebSocket: any Phoenix client can take part. A channel of this \
document is a topic; all topics of a client share one connection, whose path is \`…/websocket?vsn=2.0.0\`. Operations \
are told from the app's side: it receives what clients send.

A JSON message is one text frame, \`[join_ref, ref, topic, event, payload]\`. A binary payload is one binary frame: a \
byte for the kind (0 a push, 1 a reply, 2 a publication), one byte for the length of each of the texts that follow \
(from the client join_ref, ref, topic, event; in a push join_ref, topic, event; in a reply join_ref, ref, topic, \
status; in a publication topic, event), those texts in UTF-8, then the data. This document has what is beside the \
payload as headers.

A client joins a topic before anything else, by \`phx_join\`, whose \`ref\` it repeats as \`join_ref\` in all that it \
sends there; it leaves by \`phx_leave\`. What it sends with a \`ref\` is answered by \`phx_reply\` with the same \`ref\`, \
and the payload \`{ status, response }\`: the status is \`ok\`, or \`error\` with a reason. \`phx_error\` says that the \
channel has crashed, and may be joined again; \`phx_close\` that it has ended. At least every 30 seconds a client sends \
\`[null, ref, "phoenix", "heartbeat", {}]\`. Events that begin with \`troupe:\`, and the keys \`troupe\` and \
\`troupe:…\` in the payload of a join and in its answer, are the engine's.`;

/** How a connection is made, as a channel binding. */
export const SOCKET_BINDING: Readonly<Record<string, unknown>> = {
  ws: {
    method: "GET",
    query: {
      type: "object",
      required: ["vsn"],
      properties: { vsn: { type: "string", const: "2.0.0", description: "The version of the protocol." } },
    },
    bindingVersion: "0.1.0",
  },
};

/** A text of the envelope: that it is there, that it is not, that it may be; or what it is. */
export type Ref = "given" | "none" | "optional";

/** What the envelope of a message is. */
export interface Envelope {
  /** Names the join. */
  readonly joinRef: Ref;
  /** Names the message, for its answer. */
  readonly ref: Ref;
  /** The event on the wire. */
  readonly event: string;
  /** The status of a reply whose payload is binary, so that it has none in there. */
  readonly status?: "ok";
}

const REFS: Readonly<Record<Ref, JsonSchema>> = {
  given: { type: "string" },
  none: { type: "null" },
  optional: { type: ["string", "null"] },
};

/** The headers of a message in the topics of a pattern; without one, in any topic. */
export function headers({ joinRef, ref, event, status }: Envelope, pattern: TopicPattern | null): JsonSchema {
  return {
    type: "object",
    required: ["join_ref", "ref", "topic", "event"],
    properties: {
      join_ref: REFS[joinRef],
      ref: REFS[ref],
      topic: pattern === null ? { type: "string" } : topicSchema(pattern),
      event: { type: "string", const: event },
      ...(status !== undefined && { status: { type: "string", const: status } }),
    },
  };
}

/** Of a message with a `ref`, and of its answer. */
export const BY_REF = {
  location: "$message.header#/ref",
  description: "The answer has the ref of what it answers.",
} as const;

/** Of a question to a client, and of its answer. */
export const BY_ID = {
  location: "$message.payload#/id",
  description: "The answer has the id of the question.",
} as const;

/** The answer that says no, to whatever was asked. */
export const REFUSAL: MessageObject = {
  name: "phx_reply",
  title: "refusal",
  summary: "The join or the event is refused",
  headers: headers({ joinRef: "optional", ref: "given", event: "phx_reply" }, null),
  payload: {
    type: "object",
    required: ["status", "response"],
    properties: {
      status: { type: "string", const: "error" },
      response: {
        description:
          "An object with a reason, such as invalid_payload (with issues), unless the app has its own form.",
        properties: { reason: { type: "string" } },
      },
    },
  },
  correlationId: BY_REF,
};

/** A client's answer that says no. */
export const DECLINED: MessageObject = {
  name: "troupe:answer",
  title: "declined",
  summary: "The client does not answer a question",
  headers: headers({ joinRef: "given", ref: "optional", event: "troupe:answer" }, null),
  payload: {
    type: "object",
    required: ["id", "status", "response"],
    properties: {
      id: { type: "string" },
      status: { type: "string", const: "error" },
      response: { description: "Why; any JSON." },
    },
  },
  correlationId: BY_ID,
};

function topicSchema(pattern: TopicPattern): JsonSchema {
  if (pattern.isExact) return { type: "string", const: pattern.source };
  const parts = pattern.segments.map((segment) => {
    if (segment.kind === "literal") return segment.text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
    return segment.kind === "param" ? "[^:]+" : "[\\s\\S]*";
  });
  return { type: "string", pattern: `^${parts.join(":")}$` };
}
