import type { Counters } from "../base/inspect.ts";
import type { Frame } from "../protocol/frame.ts";
import { type Join, MAX_BATCH_MESSAGES, Turn } from "../protocol/turn.ts";
import type { Flushable, Flusher } from "./flusher.ts";
import type { Socket } from "./socket.ts";

/** How much may wait for one connection. */
export interface OutboxLimits {
  /** Frames in its outbox. Default: 8,192. */
  readonly maxFrames: number;
  /** Bytes in its outbox. Default: 1 MiB. */
  readonly maxBytes: number;
  /** Bytes that its transport may hold before the outbox keeps the rest. Default: 64 KiB. */
  readonly maxTransportBytes: number;
  /** Frames handed to the transport since it was last empty. Default: 256. */
  readonly maxTransportFrames: number;
}

/** The limits if nobody says otherwise. */
export const DEFAULT_OUTBOX_LIMITS: OutboxLimits = {
  maxFrames: 8_192,
  maxBytes: 1_048_576,
  maxTransportBytes: 65_536,
  maxTransportFrames: 256,
};

/** Who owns an outbox. */
export interface OutboxOwner {
  /** The outbox is full: whoever reads on the other side is too slow. */
  overflowed(): void;
  /** What waits could not be handed over. */
  crash(error: unknown): void;
}

/**
 * What waits for one connection. Frames that are written during a turn leave together at its end; what the transport
 * does not take stays here, up to the limits. A turn that is shared with other connections is handed on as it is, as
 * long as nothing else is written to this connection in that turn.
 */
export class Outbox implements Flushable {
  readonly #socket: Socket;
  readonly #join: Join | null;
  readonly #limits: OutboxLimits;
  readonly #flusher: Flusher;
  readonly #counters: Counters;
  readonly #owner: OutboxOwner;
  #shared: Turn | null = null;
  #frames: Frame[] = [];
  /** How many of the frames have stayed behind once, and their bytes: those that leave at once are never counted. */
  #kept = 0;
  #keptBytes = 0;
  #handedOver = 0;
  #queued = false;
  #closed = false;

  constructor(
    socket: Socket,
    join: Join | null,
    limits: OutboxLimits,
    flusher: Flusher,
    counters: Counters,
    owner: OutboxOwner,
  ) {
    this.#socket = socket;
    this.#join = join;
    this.#limits = limits;
    this.#flusher = flusher;
    this.#counters = counters;
    this.#owner = owner;
  }

  /** How many frames wait. */
  get length(): number {
    return this.#frames.length + (this.#shared?.frames.length ?? 0);
  }

  /** Adds one frame. */
  write(frame: Frame): void {
    if (this.#closed) return;
    if (this.#shared !== null) this.#unshare();
    this.#frames.push(frame);
    if (this.#frames.length > this.#limits.maxFrames) this.#overflow();
    else if (!this.#queued) this.#enqueue();
  }

  /** Adds all frames of a turn that other connections get as well. */
  writeTurn(turn: Turn): void {
    if (this.#closed) return;
    if (this.#shared === null && this.#frames.length === 0) {
      this.#shared = turn;
      if (this.#queued) return;
      if (this.gainsByWaiting) this.#enqueue();
      else this.#flusher.flush(this);
    } else for (const frame of turn.frames) this.write(frame);
  }

  /**
   * Whether what is written in a turn can be joined, by the codec or by the transport. Where it cannot, each frame is a
   * write of its own, and nothing is gained by waiting for the others.
   */
  get gainsByWaiting(): boolean {
    return this.#join !== null || this.#socket.coalesces;
  }

  /**
   * A message of this connection is about to be handled. Where nothing is gained by waiting, its answers leave at
   * {@link Outbox.endAnswer}, within the I/O callback: a turn costs more than a message.
   */
  beginAnswer(): void {
    if (!this.#queued && !this.gainsByWaiting) this.#flusher.answering = this;
  }

  /** The message has been handled. */
  endAnswer(): void {
    if (this.#flusher.answering !== this) return;
    this.#flusher.answering = null;
    if (this.#queued) this.#flusher.flush(this);
  }

  /** Hands over what the transport takes. `false`: something stays behind. */
  flush(): boolean {
    this.#queued = false;
    if (this.#closed) return true;
    const buffered = this.#socket.bufferedBytes;
    if (buffered === 0) this.#handedOver = 0;
    const { maxTransportBytes, maxTransportFrames } = this.#limits;
    const mayFrames = maxTransportFrames - this.#handedOver;
    const mayBytes = maxTransportBytes - buffered;
    if (mayFrames <= 0 || mayBytes <= 0) return this.#keep();
    if (this.#shared !== null) {
      const wire = this.#join === null ? this.#shared : this.#shared.joined(this.#join);
      if (wire.frames.length > mayFrames || (wire.frames.length > 1 && wire.byteLength > mayBytes)) {
        this.#unshare();
      } else {
        this.#shared = null;
        this.#handOver(wire);
        return true;
      }
    }
    if (this.#frames.length === 0) return true;
    return this.#flushOwn(mayFrames, mayBytes);
  }

  /** Its flush threw. */
  failed(error: unknown): void {
    this.close();
    this.#owner.crash(error);
  }

  /** Drops what waits, and takes nothing any more. */
  close(): void {
    this.#closed = true;
    this.#frames = [];
    this.#shared = null;
    this.#kept = this.#keptBytes = 0;
    this.#flusher.forget(this);
  }

  #flushOwn(mayFrames: number, mayBytes: number): boolean {
    const frames = this.#frames;
    let count = 1; // one frame goes whatever its size, so most flushes count no bytes
    if (frames.length > 1) {
      for (let bytes = frames[0].byteLength; count < frames.length && bytes < mayBytes; count++) {
        bytes += frames[count].byteLength;
      }
    }
    count = Math.min(count, this.#join === null ? mayFrames : countJoined(frames, count, mayFrames));
    const all = count === frames.length;
    const turn = new Turn(all ? frames : frames.slice(0, count));
    for (let i = 0; i < Math.min(count, this.#kept); i++) this.#keptBytes -= frames[i].byteLength;
    this.#kept = Math.max(this.#kept - count, 0);
    this.#frames = all ? [] : frames.slice(count);
    this.#handOver(this.#join === null ? turn : turn.joined(this.#join));
    return all || this.#keep();
  }

  #handOver(wire: Turn): void {
    this.#handedOver += wire.frames.length;
    this.#socket.send(wire);
  }

  /** Something stays: is it too much? */
  #keep(): boolean {
    if (this.#shared !== null) this.#unshare();
    for (; this.#kept < this.#frames.length; this.#kept++) {
      this.#keptBytes += this.#frames[this.#kept].byteLength;
    }
    if (this.#keptBytes > this.#limits.maxBytes || this.#frames.length > this.#limits.maxFrames) {
      this.#overflow();
    }
    return this.#closed;
  }

  #unshare(): void {
    for (const frame of this.#shared!.frames) this.#frames.push(frame);
    this.#shared = null;
  }

  #overflow(): void {
    this.#counters.add("outbox.overflows");
    this.#owner.overflowed();
  }

  #enqueue(): void {
    this.#queued = true;
    if (this.#flusher.answering !== this) this.#flusher.add(this);
  }
}

/** How many of the first `count` frames make up `mayFrames` once they are joined: a binary one breaks a batch. */
function countJoined(frames: readonly Frame[], count: number, mayFrames: number): number {
  let joined = 0;
  let inBatch = 0;
  for (let i = 0; i < count; i++) {
    const isText = typeof frames[i].data === "string";
    if (!isText || inBatch === 0 || inBatch === MAX_BATCH_MESSAGES) {
      if (joined++ === mayFrames) return i;
      inBatch = 0;
    }
    inBatch = isText ? inBatch + 1 : 0;
  }
  return count;
}
