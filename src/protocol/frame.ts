/** What the wire carries in one piece: text or bytes. */
export type WireData = string | Uint8Array<ArrayBuffer>;

/**
 * One encoded message. It is shared: a frame that goes to a thousand subscribers is made once. `bytes` is worked out
 * when first asked for, since most frames leave at once and nobody counts them.
 */
export class Frame {
  /** What goes on the wire. */
  readonly data: WireData;
  #byteLength = -1;
  #make: unknown = null;
  #wire: unknown = undefined;

  /** Wraps encoded data. The bytes MUST NOT change afterwards. `byteLength`: its size, where that is known. */
  constructor(data: WireData, byteLength = -1) {
    this.data = data;
    this.#byteLength = byteLength;
  }

  /** The size on the wire without the transport's own framing, in bytes (UTF-8 for text). */
  get byteLength(): number {
    if (this.#byteLength < 0) {
      this.#byteLength = typeof this.data === "string" ? utf8Length(this.data) : this.data.byteLength;
    }
    return this.#byteLength;
  }

  /**
   * A transport's own form of the frame, made once for all connections: e.g. its framed bytes. `make` names the form: it
   * MUST be the same function at each call. Only the form that was asked for last is kept.
   */
  wire<T>(make: (frame: Frame) => T): T {
    if (this.#make !== make) {
      this.#wire = make(this);
      this.#make = make;
    }
    return this.#wire as T;
  }
}

/** The number of bytes of `text` in UTF-8; a lone surrogate counts as U+FFFD (3 bytes), as it is sent. */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) length += 1;
    else if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      length += 2;
      i++;
    } else length += 2;
  }
  return length;
}
