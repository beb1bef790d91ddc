/**
 * No protocol at all: text and bytes as they are, for raw components.
 *
 * @module
 */

import { TroupeError } from "../base/errors.ts";
import { invariant } from "../base/invariant.ts";
import { type Codec, Frame } from "./codec.ts";
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

/**
 * The codec of raw components: publications go out as they are. It knows no channels, so nothing else can be said in
 * it, and what comes in is handed to the component without decoding.
 */
export const rawCodec: Codec = {
  name: "raw/1.0.0",
  decode: unsupported,
  reply: unsupported,
  push: unsupported,
  publication: (_topic, _event, payload) => new Frame(payload as Frame["data"]),
  ended: unsupported,
  join: null,
};

function unsupported(): never {
  invariant(false, "a raw component has no channels");
}
