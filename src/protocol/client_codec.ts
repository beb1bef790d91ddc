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

/** A message as the `phoenix` client holds it. */
export interface ClientMessage {
  /** The join that this message belongs to; null or empty for a publication. */
  readonly join_ref: string | null;
  /** The message's own ref. */
  readonly ref: string | null;
  /** The topic. */
  readonly topic: string;
  /** The event. */
  readonly event: string;
  /** The payload: JSON, or an `ArrayBuffer`. */
  readonly payload: unknown;
}

/** A message on its way out: a heartbeat has no `join_ref`. */
export interface OutgoingMessage extends Omit<ClientMessage, "join_ref"> {
  /** The join that this message belongs to. */
  readonly join_ref?: string | null;
}

/** What {@link createCodec} returns. Its members are own properties that do not use `this`: spread it into options. */
export interface ClientCodec {
  /** For the socket's `encode` option. Bytes (an `ArrayBuffer` or a view of one) become a binary message. */
  readonly encode: (message: OutgoingMessage, callback: (data: string | ArrayBuffer) => void) => void;
  /**
   * For the socket's `decode` option: calls `callback` for each message of a frame, in order. If calls throw, the
   * rest of the batch is delivered all the same, then the first error is thrown.
   */
  readonly decode: (data: string | ArrayBuffer, callback: (message: ClientMessage) => void) => void;
  /**
   * The offset of the last publication that was delivered on a topic, or `null` if none came that had one, or the topic
   * is not joined over this codec's socket. A rejoin keeps it; leaving forgets it.
   */
  readonly position: (topic: string) => number | null;
}

/** The most topics whose offsets one codec holds; beyond, the one that was joined longest ago is forgotten. */
export const MAX_POSITIONS = 1_024;

/** A topic that this socket joined, or is joining. */
interface Membership {
  readonly joinRef: string | null | undefined;
  joined: boolean;
  offset: number | null;
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
 * const channel = socket.channel("room:1", () => ({ since: codec.position("room:1") }));
 * ```
 */
export function createCodec(): ClientCodec {
  const memberships = new Map<string, Membership>();

  function sent(message: OutgoingMessage): void {
    const { topic, event, join_ref: joinRef } = message;
    const known = memberships.get(topic);
    if (event === "phx_join") {
      memberships.delete(topic);
      memberships.set(topic, { joinRef, joined: false, offset: known?.offset ?? null });
      if (memberships.size > MAX_POSITIONS) memberships.delete(memberships.keys().next().value as string);
    } else if (event === "phx_leave" && known?.joined && known.joinRef === joinRef) {
      // A leave before the join was answered is the client's way to give up a join that it will repeat.
      memberships.delete(topic);
    }
  }

  function delivered(message: ClientMessage, offset: unknown): void {
    const known = memberships.get(message.topic);
    if (known === undefined) return;
    if (typeof offset === "number") known.offset = offset;
    if (message.join_ref !== known.joinRef) return;
    if (message.event === "phx_close") memberships.delete(message.topic);
    else if (message.event === "phx_reply" && message.ref === known.joinRef && isOk(message.payload)) {
      known.joined = true;
    }
  }

  function deliver(
    message: ClientMessage,
    offset: unknown,
    callback: (message: ClientMessage) => void,
  ): void {
    try {
      callback(message);
    } finally {
      // Also after a throw: the message was handed over, and a resume must not hand it over again.
      delivered(message, offset);
    }
  }

  function deliverText(value: unknown, callback: (message: ClientMessage) => void): void {
    if (!Array.isArray(value)) throw malformed(`a message of the server is an array; got ${nameOf(value)}`);
    const [join_ref, ref, topic, event, payload, offset] = value;
    deliver({ join_ref, ref, topic, event, payload }, offset, callback);
  }

  return {
    encode(message, callback): void {
      const data = encode(message);
      sent(message);
      callback(data);
    },
    decode(data, callback): void {
      if (typeof data !== "string") {
        const { message, offset } = readServerBinary(new Uint8Array(data));
        return deliver(message, offset, callback);
      }
      const value = parseJson(data);
      if (!Array.isArray(value) || !Array.isArray(value[0])) return deliverText(value, callback);
      const errors: unknown[] = [];
      for (const message of value) {
        try {
          deliverText(message, callback);
        } catch (error) {
          errors.push(error);
        }
      }
      if (errors.length > 0) throw errors[0];
    },
    position(topic): number | null {
      return memberships.get(topic)?.offset ?? null;
    },
  };
}

function isOk(payload: unknown): boolean {
  return (payload as { status?: unknown } | null)?.status === "ok";
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
