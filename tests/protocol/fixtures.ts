import { assertInstanceOf, assertLessOrEqual } from "@std/assert";
import * as fc from "fast-check";
import { TroupeError } from "../../src/base/errors.ts";
import {
  type Codec,
  type Frame,
  type Inbound,
  MalformedMessage,
  utf8Length,
  type WireData,
} from "../../src/protocol/codec.ts";
import { anyCodePoint } from "../code_point.ts";

/** All messages of one frame. */
export function decodeAll(codec: Codec, data: WireData): Inbound[] {
  const messages: Inbound[] = [];
  codec.decode(data, (message) => messages.push(message));
  return messages;
}

/** The reason why `codec` refuses `data`; fails if it does not, or if the reason does not fit into a close frame. */
export function faultOf(codec: Codec, data: WireData): string {
  let calls = 0;
  try {
    codec.decode(data, () => calls++);
  } catch (thrown) {
    assertInstanceOf(thrown, MalformedMessage);
    assertLessOrEqual(utf8Length(thrown.message), 123);
    if (calls > 0) throw new Error("a malformed frame had an effect");
    return thrown.message;
  }
  throw new Error(`${codec.name} accepted ${typeof data === "string" ? data : hexOf(data)}`);
}

/** The code and message of the TroupeError that `action` throws. */
export function refusalOf(action: () => unknown): { code: string; message: string } {
  try {
    action();
  } catch (thrown) {
    assertInstanceOf(thrown, TroupeError);
    return { code: thrown.code, message: thrown.message };
  }
  throw new Error("nothing was thrown");
}

/** Bytes from hex digits; blanks are for the reader. */
export function bytesFrom(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/[0-9a-f]{2}/g) ?? [], (digits) => parseInt(digits, 16));
}

/** Hex digits, a blank between bytes. */
export function hexOf(data: WireData | ArrayBuffer): string {
  if (typeof data === "string") throw new Error(`text where bytes were expected: ${data}`);
  return Array.from(new Uint8Array(data), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

/** The data of a frame as a stock client's WebSocket would give it. */
export function received(frame: Frame): string | ArrayBuffer {
  return typeof frame.data === "string" ? frame.data : frame.data.slice().buffer;
}

/** Names with every kind of character, at most 255 bytes of UTF-8, never empty. */
export const anyName: fc.Arbitrary<string> = fc.string({ unit: anyCodePoint, minLength: 1, maxLength: 60 });
/** A ref, or none. */
export const anyRef: fc.Arbitrary<string | null> = fc.option(anyName);
/** Any JSON value, `__proto__` keys included. */
export const anyJson: fc.Arbitrary<unknown> = fc.jsonValue().map((value) =>
  JSON.parse(JSON.stringify(value))
);
/** Any bytes. */
export const anyBytes: fc.Arbitrary<Uint8Array<ArrayBuffer>> = fc.uint8Array({ maxLength: 40 })
  .map((bytes) => new Uint8Array(bytes));
