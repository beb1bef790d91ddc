import type { Counters } from "../base/inspect.ts";
import type { Frame } from "../protocol/frame.ts";
import { type Join, Turn } from "../protocol/turn.ts";
import type { TopicTurn } from "../topics/topic_turn.ts";
import { Droppable, type TurnReaders } from "./droppable.ts";
import { Allowance, Backlog } from "./backlog.ts";
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

/** No frames: the same for all, so that a fan-out, which looks at a thousand outboxes, touches no list of each. */
const NONE: Frame[] = [];

/** What its owner is told where the limits are met. */
const OUTBOX_FULL = "the outbox is full";

/** Who owns an outbox. */
export interface OutboxOwner {
  /** Whoever reads on the other side is too slow; `fault` says in which way. */
  overflowed(fault: string): void;
  /** What waits could not be handed over. */
  crash(error: unknown): void;
}

/**
 * What waits for one connection. Frames that are written during a turn leave together at its end; what the transport
 * does not take stays here, up to the limits: a backlog, in which the subscriptions' slow-consumer policies choose. A
 * turn that is shared with other connections is handed on as it is, as long as nothing else is written to this
 * connection in that turn, and nothing waits.
 */
export class Outbox implements Flushable {
  // What each publication needs comes first: with a thousand outboxes in a row, a cache line less of each shows.
  #closed = false;
  #queued = false;
  #handedOver = 0;
  #shared: TopicTurn | null = null;
  #frames: Frame[] = NONE;
  /** Stands in for the two above where the client is behind, or where something may be left out. */
  #backlog: Backlog | null = null;
  /**
   * Whether what is written in a turn can be joined, by the codec or by the transport. Where it cannot, each frame is a
   * write of its own, and nothing is gained by waiting for the others.
   */
  readonly gainsByWaiting: boolean;
  readonly #socket: Socket;
  readonly #limits: OutboxLimits;
  readonly #join: Join | null;
  /** Whose policy holds for the shared turn, should it have to wait. */
  #reader: TurnReaders | null = null;
  readonly #flusher: Flusher;
  readonly #counters: Counters;
  readonly #owner: OutboxOwner;

  constructor(
    socket: Socket,
    join: Join | null,
    limits: OutboxLimits,
    flusher: Flusher,
    counters: Counters,
    owner: OutboxOwner,
  ) {
    this.gainsByWaiting = join !== null || socket.coalesces;
    this.#socket = socket;
    this.#join = join;
    this.#limits = limits;
    this.#flusher = flusher;
    this.#counters = counters;
    this.#owner = owner;
  }

  /** How many frames wait. */
  get length(): number {
    return this.#frames.length + (this.#shared?.frames.length ?? 0) + (this.#backlog?.length ?? 0);
  }

  /** Adds one frame, which is never left out. */
  write(frame: Frame): void {
    if (this.#closed) return;
    if (this.#shared !== null) this.#unshare();
    if (this.#backlog !== null) return this.#wait(frame);
    if (this.#frames === NONE) this.#frames = [frame];
    else this.#frames.push(frame);
    if (this.#frames.length > this.#limits.maxFrames) this.#overflow(OUTBOX_FULL);
    else if (!this.#queued) this.#enqueue();
  }

  /** Adds one publication, which is left out if its reader's policy says so. */
  writeDroppable(publication: Droppable): void {
    if (this.#closed) return;
    if (this.#shared !== null) this.#unshare();
    this.#wait(publication);
  }

  /** Adds all frames of a turn that other connections get as well. `reader`: whose policy may leave some out. */
  writeTurn(turn: TopicTurn, reader: TurnReaders | null = null): void {
    if (this.#closed) return;
    if (this.#shared === null && this.#frames === NONE && this.#backlog === null) {
      const waits = this.gainsByWaiting || this.#flusher.follows;
      if (!waits && !this.#queued && this.#passOn(turn)) return;
      this.#shared = turn;
      this.#reader = reader;
      if (this.#queued) return;
      if (waits) this.#enqueue();
      else this.#flusher.flush(this);
    } else if (reader === null) { for (const frame of turn.frames) this.write(frame); }
    else {
      for (const entry of entriesOf(turn, reader)) {
        if (entry instanceof Droppable) this.writeDroppable(entry);
        else this.write(entry);
      }
    }
  }

  /** Hands `turn` over at once, as it is, where the transport takes all of it: the way of most publications. */
  #passOn(turn: TopicTurn): boolean {
    const buffered = this.#socket.bufferedBytes;
    if (buffered === 0) this.#handedOver = 0;
    const { maxTransportBytes, maxTransportFrames } = this.#limits;
    if (!fits(turn, maxTransportFrames - this.#handedOver, maxTransportBytes - buffered)) return false;
    try {
      this.#handOver(turn);
    } catch (error) {
      this.failed(error); // a transport that broke its contract: the others get theirs all the same
    }
    return true;
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
    if (this.#backlog !== null) return this.#flushBacklog(this.#backlog, mayFrames, mayBytes);
    if (this.#shared !== null) {
      const wire = this.#join === null ? this.#shared : this.#shared.joined(this.#join);
      if (fits(wire, mayFrames, mayBytes)) {
        this.#shared = this.#reader = null;
        this.#handOver(wire);
        return true;
      }
      this.#unshare();
    }
    const frames = this.#frames;
    if (this.#backlog !== null || !this.#fit(frames, mayFrames, mayBytes)) {
      return this.#flushBacklog(this.#backlogged(), mayFrames, mayBytes);
    }
    this.#frames = NONE;
    if (frames.length > 0) this.#handOverOwn(frames);
    return true;
  }

  /** Its flush threw. */
  failed(error: unknown): void {
    this.close();
    this.#owner.crash(error);
  }

  /** Drops what waits, and takes nothing any more. */
  close(): void {
    this.#closed = true;
    this.#backlog?.clear();
    this.#backlog = null;
    this.#frames = NONE;
    this.#shared = this.#reader = null;
    this.#flusher.forget(this);
  }

  #fit(frames: readonly Frame[], mayFrames: number, mayBytes: number): boolean {
    if (frames.length <= 1) return true; // one goes whatever its size, so most flushes count no bytes
    const allowance = new Allowance(mayFrames, mayBytes, this.#join !== null);
    for (let i = 0; i < frames.length; i++) if (!allowance.takes(frames[i])) return false;
    return true;
  }

  #flushBacklog(backlog: Backlog, mayFrames: number, mayBytes: number): boolean {
    const frames = backlog.take(new Allowance(mayFrames, mayBytes, this.#join !== null));
    const all = backlog.isDone;
    if (all) this.#backlog = null;
    if (frames.length > 0) this.#handOverOwn(frames);
    return all || this.#keep();
  }

  /** Hands over frames that go to this connection alone. */
  #handOverOwn(frames: readonly Frame[]): void {
    const turn = new Turn(frames);
    this.#handOver(this.#join === null ? turn : turn.joined(this.#join));
  }

  #handOver(wire: Turn): void {
    this.#handedOver += wire.frames.length;
    this.#socket.send(wire);
  }

  /** What is here stays: is it too much? */
  #keep(): boolean {
    if (this.#shared !== null) this.#unshare();
    if (this.#backlog === null && this.#frames.length === 0) return true;
    const backlog = this.#backlogged();
    backlog.stay();
    this.#check(backlog);
    return this.#closed;
  }

  #check(backlog: Backlog): void {
    if (backlog.closes) {
      this.#counters.add("slow.closed");
      this.#owner.overflowed("it fell behind");
    } else if (backlog.exceeds(this.#limits)) this.#overflow(OUTBOX_FULL);
  }

  /** Puts something into the backlog, and makes one where there is none. */
  #wait(entry: Frame | Droppable): void {
    const backlog = this.#backlogged();
    backlog.add(entry);
    if (backlog.behind) this.#check(backlog);
    else if (backlog.length > this.#limits.maxFrames) return this.#flusher.flush(this); // some may leave, or go for others
    if (!this.#queued && !this.#closed) this.#enqueue();
  }

  #backlogged(): Backlog {
    if (this.#backlog !== null) return this.#backlog;
    const frames = this.#frames;
    this.#frames = NONE;
    return this.#backlog = new Backlog(frames === NONE ? [] : frames);
  }

  #unshare(): void {
    const turn = this.#shared!;
    const { frames } = turn;
    const reader = this.#reader;
    this.#shared = this.#reader = null;
    if (reader === null) this.#frames = this.#frames === NONE ? [...frames] : [...this.#frames, ...frames];
    else {
      const backlog = this.#backlogged();
      for (const entry of entriesOf(turn, reader)) backlog.add(entry);
    }
  }

  #overflow(fault: string): void {
    this.#counters.add("outbox.overflows");
    this.#owner.overflowed(fault);
  }

  #enqueue(): void {
    this.#queued = true;
    if (this.#flusher.answering !== this) this.#flusher.add(this);
  }
}

/** Whether a transport takes all of `turn`. One frame goes whatever its size, as long as there is any room. */
function fits(turn: Turn, mayFrames: number, mayBytes: number): boolean {
  const { length } = turn.frames;
  return length <= mayFrames && mayBytes > 0 && (length === 1 || turn.byteLength <= mayBytes);
}

/** A shared turn as single frames, those apart that may be left out. */
function entriesOf({ frames, published }: TopicTurn, readers: TurnReaders): (Frame | Droppable)[] {
  return frames.map((frame, i) => {
    const reader = readers.readerOf(published[i]);
    return reader === null ? frame : new Droppable(frame, published[i], reader);
  });
}
