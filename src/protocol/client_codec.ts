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
   * connection } }`. Without a position, `{ troupe: { last } }` if `last` is given, else `{}`.
   */
  readonly resume: (topic: string, options?: ResumeOptions) => ResumeParams;
  /** Forgets a topic's position, not its membership: the next {@link ClientCodec.resume} asks for no rest. */
  readonly forget: (topic: string) => void;
}

/** What {@link ClientCodec.resume} can be told. */
export interface ResumeOptions {
  /** How many of the newest publications are wanted where there is no position, or it cannot be gone on from. */
  readonly last?: number;
}

/** The part of a join's payload that says where the client was. */
export interface ResumeParams {
  /** Taken out by the server, before the topic's contract sees the payload. */
  readonly troupe?: ResumeRequest;
}

/** Where a client was, and what it wants. */
export interface ResumeRequest {
  /** The history that `offset` counts in. */
  readonly epoch?: string;
  /** Everything up to here has been seen. */
  readonly offset?: number;
  /** How many of the newest publications are wanted, if there is no position to go on from. */
  readonly last?: number;
  /** The connection over which it was joined before: what that one was excepted from is not sent again. */
  readonly connection?: string;
}

/** The most topics whose offsets one codec holds; beyond, the one that was joined longest ago is forgotten. */
export const MAX_POSITIONS = 1_024;

/** The event that carries what a join's reply says of history and session, where the reply is no plain object. */
const GREETING_EVENT = "troupe:session";
/** The event that says that publications were left out. */
const MISSED_EVENT = "troupe:missed";

/** Where a topic's publications were delivered up to. */
interface Standing {
  /** `null`: the server has named no history. */
  epoch: string | null;
  offset: number | null;
  connection: string | null;
}

/** A topic that this socket joined, or is joining. */
interface Membership {
  readonly joinRef: string | null | undefined;
  readonly standing: Standing;
  joined: boolean;
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
  const memberships = new Map<string, Membership>();

  function sent(message: OutgoingMessage): void {
    const { topic, event, join_ref: joinRef } = message;
    const known = memberships.get(topic);
    if (event === "phx_join") {
      memberships.delete(topic);
      const standing = known?.standing ?? { epoch: null, offset: null, connection: null };
      memberships.set(topic, { joinRef, standing, joined: false });
      if (memberships.size > MAX_POSITIONS) memberships.delete(memberships.keys().next().value as string);
    } else if (event === "phx_leave" && known !== undefined && known.joinRef === joinRef) {
      if (known.joined) memberships.delete(topic);
      // A leave before the join was answered is the client's way to give up a join that it will repeat. If the answer
      // comes after all, the client does not read it: it says nothing of where the client is.
      else memberships.set(topic, { ...known, joinRef: undefined });
    }
  }

  /** Takes what the server says of the topic's history, so that whoever is told of the join finds it. */
  function greeted(known: Membership, { event, ref, payload }: ClientMessage): void {
    if (event === GREETING_EVENT) return stand(known.standing, payload);
    if (event !== "phx_reply" || ref !== known.joinRef) return;
    const { status, response } = payload as { status?: unknown; response?: unknown };
    if (status !== "ok") return;
    known.joined = true;
    stand(known.standing, (response as { troupe?: unknown } | null)?.troupe);
  }

  function delivered(known: Membership, { topic, event, join_ref, payload }: ClientMessage): void {
    if (join_ref !== known.joinRef) return;
    if (event === "phx_close") memberships.delete(topic);
    if (event === MISSED_EVENT) advance(known.standing, (payload as { to?: unknown } | null)?.to);
  }

  function deliver(
    message: ClientMessage,
    offset: unknown,
    callback: (message: ClientMessage, offset: number | null) => void,
  ): void {
    const at = typeof offset === "number" ? offset : null;
    const known = memberships.get(message.topic);
    if (known === undefined) return callback(message, at);
    const { standing } = known;
    // What is published to an earlier join, e.g. one that was given up, says nothing of where this one begins.
    if (!known.joined && !message.join_ref) return;
    // What came before the connection broke may come again with the rest.
    if (at !== null && standing.epoch !== null && at <= (standing.offset ?? 0)) return;
    if (message.join_ref === known.joinRef) greeted(known, message);
    try {
      callback(message, at);
    } finally {
      // Also after a throw: the message was handed over, and a resume must not hand it over again.
      advance(standing, at);
      delivered(known, message);
    }
  }

  function deliverText(
    value: unknown,
    callback: (message: ClientMessage, offset: number | null) => void,
  ): void {
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
      return memberships.get(topic)?.standing.offset ?? null;
    },
    resume(topic, { last } = {}): ResumeParams {
      const { epoch = null, offset = null, connection = null } = memberships.get(topic)?.standing ?? {};
      const request: ResumeRequest = {
        ...(epoch !== null && offset !== null && { epoch, offset }),
        ...(last !== undefined && { last }),
        ...(connection !== null && { connection }),
      };
      return Object.keys(request).length === 0 ? {} : { troupe: request };
    },
    forget(topic): void {
      const known = memberships.get(topic);
      if (known !== undefined) known.standing.epoch = known.standing.offset = null;
    },
  };
}

/** Goes to where a join's reply says that the client is. */
function stand(standing: Standing, greeting: unknown): void {
  const { epoch, offset, connection, recovery } = (greeting ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof connection === "string") standing.connection = connection;
  if (typeof epoch !== "string" || typeof offset !== "number") return;
  // What was asked for lies behind what was delivered since, if anything was.
  if (recovery === "recovered" && epoch === standing.epoch) return advance(standing, offset);
  standing.epoch = epoch;
  standing.offset = offset;
}

function advance(standing: Standing, offset: unknown): void {
  if (typeof offset === "number" && offset > (standing.offset ?? 0)) standing.offset = offset;
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
