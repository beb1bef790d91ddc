const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** How many digits a sequence number has: every message of a run has the same length. */
export const DIGITS = 10;

/** Where a template has the sequence number. */
export const SEQUENCE = "#".repeat(DIGITS);

const MASK = [0x37, 0xfa, 0x21, 0x3d];
const ZERO = 0x30;

/** A message that is sent or expected again and again, with only the sequence number changing. */
export class Template {
  /** The message's length in bytes. */
  readonly length: number;
  readonly #bytes: Uint8Array;
  /** The same as it is sent. */
  readonly #masked: Uint8Array;
  /** Where the sequence number stands, every time that it does. */
  readonly #at: readonly number[];

  /** `text`: ASCII, with {@link SEQUENCE} at least once. */
  constructor(text: string) {
    this.#bytes = encoder.encode(text);
    this.#masked = this.#bytes.map((byte, i) => byte ^ MASK[i & 3]);
    this.length = this.#bytes.length;
    this.#at = [...text.matchAll(new RegExp(SEQUENCE, "g"))].map(({ index }) => index);
  }

  /** Writes number `sequence` as a masked text frame to `out` at `offset`. Returns the offset behind it. */
  writeFrame(sequence: number, out: Uint8Array, offset: number): number {
    const start = writeHeader(this.length, out, offset);
    out.set(this.#masked, start);
    let rest = sequence;
    for (let digit = DIGITS - 1; digit >= 0; digit--) {
      const next = Math.floor(rest / 10);
      const code = ZERO + rest - next * 10;
      for (const at of this.#at) out[start + at + digit] = code ^ MASK[(at + digit) & 3];
      rest = next;
    }
    return start + this.length;
  }

  /** The sequence number of the message that begins at `start`; no number if there is none. */
  sequenceAt(bytes: Uint8Array, start: number): number {
    let sequence = 0;
    const first = start + this.#at[0];
    for (let i = first; i < first + DIGITS; i++) sequence = sequence * 10 + bytes[i] - ZERO;
    return sequence;
  }

  /** Compares every byte from `start` to `end` with number `sequence`, and throws at the first difference. */
  check(bytes: Uint8Array, start: number, end: number, sequence: number): void {
    const expected = this.text(sequence);
    const got = decoder.decode(bytes.subarray(start, end));
    if (got !== expected) throw new Error(`Wrong content: expected ${expected}, got ${got}`);
  }

  /** Number `sequence` as text. */
  text(sequence: number): string {
    return decoder.decode(this.#bytes).replaceAll(SEQUENCE, String(sequence).padStart(DIGITS, "0"));
  }
}

/** A masked text frame. */
export function textFrame(text: string): Uint8Array<ArrayBuffer> {
  const bytes = encoder.encode(text);
  const out = new Uint8Array(bytes.length + 8);
  const start = writeHeader(bytes.length, out, 0);
  for (let i = 0; i < bytes.length; i++) out[start + i] = bytes[i] ^ MASK[i & 3];
  return out.slice(0, start + bytes.length);
}

/** The answer to a ping that carries `payload`, at most 125 bytes: RFC 6455, section 5.5.3. */
export function pongFrame(payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(6 + payload.length);
  out.set([0x8a, 0x80 | payload.length, ...MASK]);
  for (let i = 0; i < payload.length; i++) out[6 + i] = payload[i] ^ MASK[i & 3];
  return out;
}

/** The header of a masked text frame of less than 64 KiB. */
function writeHeader(length: number, out: Uint8Array, offset: number): number {
  out[offset++] = 0x81;
  if (length < 126) out[offset++] = 0x80 | length;
  else {
    out[offset++] = 0x80 | 126;
    out[offset++] = length >> 8;
    out[offset++] = length & 0xff;
  }
  for (const byte of MASK) out[offset++] = byte;
  return offset;
}
