import { Buffer } from "node:buffer";
import { constants, deflateRawSync } from "node:zlib";
import type { Frame } from "../../protocol/frame.ts";

/** RFC 6455, section 5.2: the first byte of a frame that is a whole message, of text or of bytes. */
const FINAL_TEXT = 0x81;
const FINAL_BINARY = 0x82;
/** RFC 7692, section 6: the message is compressed. */
const COMPRESSED = 0x40;

/** Makes the bytes of a turn, as they go on the wire: the same function for all connections that share them. */
export type TurnBytes = (frames: readonly Frame[]) => Uint8Array;

/** Every frame of a turn as an unmasked, unfragmented frame of its own, one behind the other. */
export const plainTurn: TurnBytes = (frames) => {
  if (frames.length === 1) return frames[0].wire(plainFrame);
  let length = 0;
  for (let i = 0; i < frames.length; i++) length += headerLength(frames[i].byteLength) + frames[i].byteLength;
  const out = Buffer.allocUnsafe(length);
  let at = 0;
  for (let i = 0; i < frames.length; i++) at = write(frames[i], out, at);
  return out;
};

/**
 * The same, with messages of `thresholdBytes` and more compressed by permessage-deflate. Each is compressed by itself
 * (`server_no_context_takeover`): that is what lets all connections share the bytes, and a message is compressed once.
 */
export function deflatedTurn(thresholdBytes: number): TurnBytes {
  const frameBytes = (frame: Frame): Uint8Array =>
    frame.byteLength < thresholdBytes ? plainFrame(frame) : deflatedFrame(frame);
  return (frames) =>
    frames.length === 1
      ? frames[0].wire(frameBytes)
      : Buffer.concat(frames.map((frame) => frame.wire(frameBytes)));
}

function plainFrame(frame: Frame): Uint8Array {
  const out = Buffer.allocUnsafe(headerLength(frame.byteLength) + frame.byteLength);
  write(frame, out, 0);
  return out;
}

function deflatedFrame({ data }: Frame): Uint8Array {
  const flushed = deflateRawSync(data, { finishFlush: constants.Z_SYNC_FLUSH });
  const payload = flushed.subarray(0, flushed.length - 4); // RFC 7692, section 7.2.1: without 00 00 ff ff
  const out = Buffer.allocUnsafe(headerLength(payload.length) + payload.length);
  out.set(payload, writeHeader(firstByte(data) | COMPRESSED, payload.length, out, 0));
  return out;
}

/** Writes `frame` at `at`, and returns where it ends. */
function write({ data, byteLength }: Frame, out: Buffer, at: number): number {
  const payload = writeHeader(firstByte(data), byteLength, out, at);
  if (typeof data === "string") out.write(data, payload, "utf8");
  else out.set(data, payload);
  return payload + byteLength;
}

function firstByte(data: Frame["data"]): number {
  return typeof data === "string" ? FINAL_TEXT : FINAL_BINARY;
}

function headerLength(payloadLength: number): number {
  return payloadLength < 126 ? 2 : payloadLength < 65_536 ? 4 : 10;
}

/** Writes a header at `at`, and returns where the payload begins. */
function writeHeader(first: number, payloadLength: number, out: Buffer, at: number): number {
  out[at] = first;
  if (payloadLength < 126) {
    out[at + 1] = payloadLength;
    return at + 2;
  }
  if (payloadLength < 65_536) {
    out[at + 1] = 126;
    out[at + 2] = payloadLength >> 8;
    out[at + 3] = payloadLength & 0xff;
    return at + 4;
  }
  out[at + 1] = 127;
  out.writeBigUInt64BE(BigInt(payloadLength), at + 2);
  return at + 10;
}
