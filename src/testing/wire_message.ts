import {
  type BinaryKind,
  BROADCAST,
  CLIENT_PUSH,
  POSITIONED_BROADCAST,
  readBinary,
  REPLY,
  SERVER_PUSH,
  writeBinary,
} from "../protocol/binary_message.ts";
import type { WireData } from "../protocol/frame.ts";
import { bytesOf } from "../protocol/payload.ts";

/** The version of the wire that test clients speak. */
export const WIRE_VERSION = "2.1.0";

/** A message of the server's, as a client of 2.1.0 reads it. */
export interface ServerMessage {
  readonly joinRef: string | null;
  readonly ref: string | null;
  readonly topic: string;
  readonly event: string;
  /** What JSON can say, or a `Uint8Array`. That of a reply is `{ status, response }`. */
  readonly payload: unknown;
  /** Its number in the topic's history; `null` for what has none. */
  readonly offset: number | null;
}

type TextMessage = [string | null, string | null, string, string, unknown, number?];

/** A message of a client's. Bytes become a binary one. */
export function writeMessage(
  joinRef: string | null,
  ref: string,
  topic: string,
  event: string,
  payload: unknown,
): WireData {
  const bytes = bytesOf(payload);
  if (bytes !== null) return writeBinary(CLIENT_PUSH, [joinRef ?? "", ref, topic, event], bytes);
  return JSON.stringify([joinRef, ref, topic, event, payload]);
}

/** The messages of a frame of the server's. */
export function readMessages(data: WireData): ServerMessage[] {
  if (typeof data !== "string") return [readBytes(data)];
  const value: TextMessage | TextMessage[] = JSON.parse(data);
  const messages = Array.isArray(value[0]) ? value as TextMessage[] : [value as TextMessage];
  return messages.map(([joinRef, ref, topic, event, payload, offset = null]) => {
    return { joinRef, ref, topic, event, payload, offset };
  });
}

const KINDS: readonly BinaryKind[] = [SERVER_PUSH, REPLY, BROADCAST, POSITIONED_BROADCAST];

function readBytes(bytes: Uint8Array<ArrayBuffer>): ServerMessage {
  const kind = KINDS.find((known) => known.kind === bytes[0])!;
  const { strings, offset, data } = readBinary(kind, bytes);
  const field = (name: string): string | null => strings[kind.fields.indexOf(name)] ?? null;
  const isReply = kind === REPLY;
  return {
    joinRef: field("join_ref"),
    ref: field("ref"),
    topic: field("topic")!,
    event: isReply ? "phx_reply" : field("event")!,
    payload: isReply ? { status: field("status"), response: data } : data,
    offset: kind.hasOffset ? offset : null,
  };
}
