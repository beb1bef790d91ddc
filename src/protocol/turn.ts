import type { Frame } from "./frame.ts";

/** The most messages that one batch frame carries. */
export const MAX_BATCH_MESSAGES = 256;
/** The most bytes that one batch frame carries, unless a single message is larger. */
export const MAX_BATCH_BYTES = 65_536;

/** Makes one frame of several, as {@link Codec.join} does. */
export type Join = (frames: readonly Frame[]) => Frame;

/**
 * Frames that leave together, in order: what one turn of the event loop has for one or many connections of the same
 * codec. It is shared, and remembers its wire forms, so that what goes to a thousand subscribers is joined once.
 */
export class Turn {
  /** The frames, oldest first. They MUST NOT change afterwards. */
  readonly frames: readonly Frame[];
  #byteLength = -1;
  #joined: Turn | null = null;
  #make: unknown = null;
  #wire: unknown = undefined;
  #otherWires: Map<unknown, unknown> | null = null;

  /** Wraps `frames`. */
  constructor(frames: readonly Frame[]) {
    this.frames = frames;
  }

  /** The size of all frames, in bytes. */
  get byteLength(): number {
    if (this.#byteLength < 0) {
      this.#byteLength = this.frames.reduce((sum, frame) => sum + frame.byteLength, 0);
    }
    return this.#byteLength;
  }

  /**
   * The same messages in batch frames of at most {@link MAX_BATCH_MESSAGES} messages and {@link MAX_BATCH_BYTES} bytes.
   * Binary frames and single messages stay as they are. Made once; `join` must be the same at each call.
   */
  joined(join: Join): Turn {
    return this.#joined ??= this.frames.length === 1 ? this : new Turn(batches(this.frames, join));
  }

  /**
   * A transport's own form of the whole turn, made once for all connections: e.g. one buffer of framed bytes. `make`
   * names the form: it MUST be the same function at each call. Other transports have other forms of the same turn.
   */
  wire<T>(make: (frames: readonly Frame[]) => T): T {
    if (this.#make === make) return this.#wire as T;
    if (this.#make === null) {
      this.#wire = make(this.frames);
      this.#make = make;
      return this.#wire as T;
    }
    const others = this.#otherWires ??= new Map();
    if (!others.has(make)) others.set(make, make(this.frames));
    return others.get(make) as T;
  }
}

function batches(frames: readonly Frame[], join: Join): Frame[] {
  const out: Frame[] = [];
  let batch: Frame[] = [];
  let bytes = 0;
  const close = (): void => {
    if (batch.length > 0) out.push(batch.length === 1 ? batch[0] : join(batch));
    batch = [];
    bytes = 0;
  };
  for (const frame of frames) {
    if (typeof frame.data !== "string") {
      close();
      out.push(frame);
      continue;
    }
    const more = frame.byteLength + 1; // the comma or bracket
    if (batch.length === MAX_BATCH_MESSAGES || (batch.length > 0 && bytes + more > MAX_BATCH_BYTES)) close();
    batch.push(frame);
    bytes += more;
  }
  close();
  return out;
}
