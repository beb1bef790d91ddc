/**
 * Phoenix's binary messages, both ways: a kind, one size byte for each string, the strings in UTF-8, then the data.
 *
 * @module
 */

import { TroupeError } from "../base/errors.ts";
import { utf8Length } from "./codec.ts";
import { malformed } from "./malformed.ts";

/** Names a kind of binary message and the strings of its header, in the order of the wire. */
export interface BinaryKind {
  /** The first byte. */
  readonly kind: number;
  /** What the kind is called in faults. */
  readonly name: string;
  /** The strings, by name. Each has one size byte. */
  readonly fields: readonly string[];
  /** Whether an offset follows the sizes: 8 bytes, big-endian. */
  readonly hasOffset: boolean;
}

/** Client to server: a message of a client's. The only kind that clients send. */
export const CLIENT_PUSH: BinaryKind = {
  kind: 0,
  name: "push",
  fields: ["join_ref", "ref", "topic", "event"],
  hasOffset: false,
};
/** Server to client: a message to one channel. It has the number of {@link CLIENT_PUSH} but no ref. */
export const SERVER_PUSH: BinaryKind = {
  kind: 0,
  name: "push",
  fields: ["join_ref", "topic", "event"],
  hasOffset: false,
};
/** Server to client: a reply. */
export const REPLY: BinaryKind = {
  kind: 1,
  name: "reply",
  fields: ["join_ref", "ref", "topic", "status"],
  hasOffset: false,
};
/** Server to client: a publication. */
export const BROADCAST: BinaryKind = {
  kind: 2,
  name: "broadcast",
  fields: ["topic", "event"],
  hasOffset: false,
};
/** Server to client, 2.1.0 only: a publication with its offset. Kinds 3 and 4 are Supabase's. */
export const POSITIONED_BROADCAST: BinaryKind = {
  kind: 5,
  name: "positioned broadcast",
  fields: ["topic", "event"],
  hasOffset: true,
};

/** The most bytes of UTF-8 that a string in the header of a binary message may have: its size is one byte. */
export const MAX_BINARY_FIELD_BYTES = 255;

const OFFSET_BYTES = 8;
const encoder = new TextEncoder();
// A byte order mark is a character of the name like any other.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Writes a binary message into new memory. `strings` follow `kind.fields`; a lone surrogate becomes U+FFFD. `offset`
 * counts only where the kind has one.
 *
 * Throws {@link TroupeError} `field_too_long` if a string has more than {@link MAX_BINARY_FIELD_BYTES} bytes. Topics
 * and events are the application's: keep them short where payloads are binary.
 */
export function writeBinary(
  kind: BinaryKind,
  strings: readonly string[],
  data: Uint8Array,
  offset = 0,
): Uint8Array<ArrayBuffer> {
  const sizes = strings.map((text, i) => fieldSize(text, kind, i));
  let at = 1 + sizes.length + (kind.hasOffset ? OFFSET_BYTES : 0);
  const total = sizes.reduce((sum, size) => sum + size, at + data.byteLength);
  const message = new Uint8Array(total);
  message[0] = kind.kind;
  message.set(sizes, 1);
  if (kind.hasOffset) new DataView(message.buffer).setBigUint64(1 + sizes.length, BigInt(offset));
  for (let i = 0; i < strings.length; i++) {
    writeText(message, at, strings[i], sizes[i]);
    at += sizes[i];
  }
  message.set(data, at);
  return message;
}

/** What {@link readBinary} found. */
export interface BinaryMessage {
  /** The strings, in the order of the kind's fields; a size of 0 is an empty string. */
  readonly strings: readonly string[];
  /** The offset, where the kind has one, else 0. */
  readonly offset: number;
  /** The rest of the message, in memory of its own. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Reads a message of the given kind, whose first byte was read before. Throws `MalformedMessage`, nothing else. */
export function readBinary(kind: BinaryKind, message: Uint8Array<ArrayBuffer>): BinaryMessage {
  const count = kind.fields.length;
  let at = 1 + count + (kind.hasOffset ? OFFSET_BYTES : 0);
  if (message.length < at) {
    throw malformed(
      `a binary ${kind.name} begins with ${at} bytes of header; the message has ${message.length}`,
    );
  }
  let total = at;
  for (let i = 1; i <= count; i++) total += message[i];
  if (total > message.length) {
    throw malformed(
      `the header of the binary ${kind.name} names ${total} bytes; the message has ${message.length}`,
    );
  }
  const strings: string[] = [];
  for (let i = 0; i < count; i++) {
    const size = message[1 + i];
    strings.push(readText(message, at, size, kind.fields[i]));
    at += size;
  }
  return { strings, offset: kind.hasOffset ? readOffset(message, 1 + count) : 0, data: message.slice(at) };
}

function fieldSize(text: string, kind: BinaryKind, index: number): number {
  const size = utf8Length(text);
  if (size <= MAX_BINARY_FIELD_BYTES) return size;
  const field = kind.fields[index];
  throw new TroupeError(
    "field_too_long",
    `Cannot encode a binary ${kind.name}: its ${field} has ${size} bytes of UTF-8, at most ` +
      `${MAX_BINARY_FIELD_BYTES} are accepted (a JSON payload has no such limit)`,
    { details: { field, bytes: size, maxBytes: MAX_BINARY_FIELD_BYTES } },
  );
}

function writeText(message: Uint8Array, at: number, text: string, size: number): void {
  if (size !== text.length) {
    encoder.encodeInto(text, message.subarray(at, at + size));
    return;
  }
  // ASCII: a loop beats the platform's encoder by far on strings this short.
  for (let i = 0; i < size; i++) message[at + i] = text.charCodeAt(i);
}

function readText(message: Uint8Array, at: number, size: number, field: string): string {
  let text = "";
  for (let i = at; i < at + size; i++) {
    if (message[i] > 0x7f) return readUnicode(message.subarray(at, at + size), field);
    text += String.fromCharCode(message[i]);
  }
  return text;
}

function readUnicode(bytes: Uint8Array, field: string): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw malformed(`the ${field} of the binary message is not valid UTF-8`);
  }
}

function readOffset(message: Uint8Array<ArrayBuffer>, at: number): number {
  const offset = new DataView(message.buffer, message.byteOffset).getBigUint64(at);
  if (offset > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw malformed("the offset of the binary message is over 2^53 - 1");
  }
  return Number(offset);
}
