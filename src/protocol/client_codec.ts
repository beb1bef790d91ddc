/**
 * Makes a stock `phoenix` client speak version 2.1.0 of the wire. For browsers and other clients.
 *
 * @module
 */

import {
  type BinaryKind,
  BROADCAST,
  CLIENT_PUSH,
  POSITIONED_BROADCAST,
  readBinary,
  REPLY,
  SERVER_PUSH,
  writeBinary,
} from "./binary_message.ts";
import { malformed, nameOf, parseJson } from "./malformed.ts";
import { bytesOf } from "./payload.ts";
import {
  type ClientMessage,
  type Deliver,
  type OutgoingMessage,
  Positions,
  type ResumeOptions,
  type ResumeParams,
} from "./positions.ts";

export type {
  ClientMessage,
  OutgoingMessage,
  ResumeOptions,
  ResumeParams,
  ResumeRequest,
} from "./positions.ts";
export { MAX_POSITIONS } from "./positions.ts";

/** What {@link createCodec} returns. Its members are own properties that do not use `this`: spread it into options. */
export interface ClientCodec {
  /** For the socket's `encode` option. Bytes (an `ArrayBuffer` or a view of one) become a binary message. */
  readonly encode: (message: OutgoingMessage, callback: (data: string | ArrayBuffer) => void) => void;
  /**
   * For the socket's `decode` option: calls `callback` for each message of a frame, in order. If calls throw, the
   * rest of the batch is delivered all the same, then the first error is thrown.
   */
  readonly decode: (
    data: string | ArrayBuffer,
    callback: (message: ClientMessage, offset: number | null) => void,
  ) => void;
  /**
   * The offset up to which a topic's publications were delivered: that of the last one, or the one that the join's reply
   * told; `null` if there was none, or the topic is not joined over this codec's socket. A rejoin keeps it; leaving
   * forgets it.
   */
  readonly position: (topic: string) => number | null;
  /**
   * What goes into a join's payload, so that the server goes on where this client was: `{ troupe: { epoch, offset,
   * connection } }`, and what `options` ask for. Without both: `{}`.
   */
  readonly resume: (topic: string, options?: ResumeOptions) => ResumeParams;
  /** Forgets a topic's position, not its membership: the next {@link ClientCodec.resume} asks for no rest. */
  readonly forget: (topic: string) => void;
}

/**
 * Makes the `encode` and `decode` options that let a `phoenix` socket (1.8) speak `vsn=2.1.0`: it reads batches and
 * positions, and sends what the stock encoder sends. Make one for each socket, since it holds the offset of each topic
 * that the socket joined. Only WebSocket uses it: the client's long-poll transport ignores custom codecs.
 *
 * @example
 * ```ts
 * import { createCodec } from "@troupe/core/protocol";
 * import { Socket } from "phoenix";
 *
 * const codec = createCodec();
 * const socket = new Socket("ws://localhost:8000/socket", { vsn: "2.1.0", ...codec });
 * // After each reconnect the topic goes on where this client was.
 * const channel = socket.channel("room:1", () => ({ nickname: "Ada", ...codec.resume("room:1") }));
 * ```
 */
export function createCodec(): ClientCodec {
  const positions = new Positions();

  function deliverText(value: unknown, callback: Deliver): void {
    if (!Array.isArray(value)) throw malformed(`a message of the server is an array; got ${nameOf(value)}`);
    const [join_ref, ref, topic, event, payload, offset] = value;
    if (typeof topic !== "string" || typeof event !== "string") {
      throw malformed(`topic and event are strings; got ${nameOf(topic)} and ${nameOf(event)}`);
    }
    // Whoever waits for a reply reads its status at once.
    if (event === "phx_reply" && ref !== null && (typeof payload !== "object" || payload === null)) {
      throw malformed(`a reply has a status and a response; got ${nameOf(payload)}`);
    }
    positions.deliver({ join_ref, ref, topic, event, payload }, offset, callback);
  }

  return {
    encode(message, callback): void {
      const data = encode(message);
      positions.sent(message);
      callback(data);
    },
    decode(data, callback): void {
      if (typeof data !== "string") {
        const { message, offset } = readServerBinary(new Uint8Array(data));
        return positions.deliver(message, offset, callback);
      }
      const value = parseJson(data);
      if (!Array.isArray(value) || !Array.isArray(value[0])) return deliverText(value, callback);
      positions.deliverAll(value, (message) => deliverText(message, callback));
    },
    position: (topic) => positions.standing(topic)?.offset ?? null,
    resume: (topic, options) => positions.resume(topic, options),
    forget(topic): void {
      const standing = positions.standing(topic);
      if (standing !== undefined) standing.epoch = standing.offset = null;
    },
  };
}

function encode(message: OutgoingMessage): string | ArrayBuffer {
  const { join_ref, ref, topic, event, payload } = message;
  const bytes = bytesOf(payload);
  if (bytes === null) return JSON.stringify([join_ref, ref, topic, event, payload]);
  return writeBinary(CLIENT_PUSH, [join_ref ?? "", ref ?? "", topic, event], bytes).buffer;
}

const KINDS: readonly BinaryKind[] = [SERVER_PUSH, REPLY, BROADCAST, POSITIONED_BROADCAST];

function readServerBinary(bytes: Uint8Array<ArrayBuffer>): { message: ClientMessage; offset: number | null } {
  const kind = KINDS.find((known) => known.kind === bytes[0]);
  if (kind === undefined) {
    throw malformed(`a binary message of the server is of kind 0, 1, 2 or 5; got ${nameOf(bytes[0])}`);
  }
  const { strings, offset, data } = readBinary(kind, bytes);
  const payload = data.buffer;
  if (kind === SERVER_PUSH) {
    const [join_ref, topic, event] = strings;
    return { message: { join_ref, ref: null, topic, event, payload }, offset: null };
  }
  if (kind === REPLY) {
    const [join_ref, ref, topic, status] = strings;
    const reply = { status, response: payload };
    return { message: { join_ref, ref, topic, event: "phx_reply", payload: reply }, offset: null };
  }
  const [topic, event] = strings;
  const message = { join_ref: null, ref: null, topic, event, payload };
  return { message, offset: kind.hasOffset ? offset : null };
}
