/**
 * No protocol at all: text and bytes as they are, for raw components.
 *
 * @module
 */

import { TroupeError } from "../base/errors.ts";
import { Frame } from "./codec.ts";
import { nameOf } from "./malformed.ts";
import { bytesOf } from "./payload.ts";

/**
 * Wraps what a component sends: a string becomes a text message, an `ArrayBuffer` or a view of one a binary message.
 *
 * Bytes are copied, since a frame may wait in an outbox while the caller goes on to reuse its buffer. Anything else
 * throws a {@link TroupeError} with the code `unsendable_data`.
 *
 * @example
 * ```ts
 * import { rawFrame } from "@troupe/core/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(rawFrame("hello").data, "hello");
 * assertEquals(rawFrame(new Uint8Array([1, 2]).buffer).data, new Uint8Array([1, 2]));
 * ```
 */
export function rawFrame(data: string | ArrayBuffer | ArrayBufferView): Frame {
  if (typeof data === "string") return new Frame(data);
  const bytes = bytesOf(data);
  if (bytes !== null) return new Frame(new Uint8Array(bytes));
  throw new TroupeError(
    "unsendable_data",
    `Cannot send ${nameOf(data)}: accepted are a string, an ArrayBuffer, or a view of one`,
  );
}
