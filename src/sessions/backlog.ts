import { Droppable, type DroppingReader } from "./droppable.ts";
import type { Frame } from "../protocol/frame.ts";
import { MAX_BATCH_MESSAGES } from "../protocol/turn.ts";

/** How much may wait. */
export interface BacklogLimits {
  readonly maxFrames: number;
  readonly maxBytes: number;
}

/** How few may have been left out before the line is put together again. */
const SPARSE = 64;

/**
 * What waits for one connection in one line: what has to arrive, and publications of subscriptions whose policy may
 * leave some out. From {@link Backlog.stay} on, when it is known that the client is behind, policies apply.
 */
export class Backlog {
  /** Those that are left out stay in the line for a while. */
  #line: (Frame | Droppable)[];
  #length: number;
  #bytes = 0;
  #behind = false;
  /** A policy wants the connection closed. */
  #closes = false;
  /** Where in the line to look for what may go when there is too much: before it is none. */
  #yielding = 0;
  /** Whose clients have not been told yet of what was left out. */
  readonly #owed = new Set<DroppingReader>();

  /** `frames` come first. */
  constructor(frames: Frame[] = []) {
    this.#line = frames;
    this.#length = frames.length;
  }

  /** How many wait. */
  get length(): number {
    return this.#length;
  }

  /** Whether nothing waits, and the client knows of all that was left out. */
  get isDone(): boolean {
    return this.#length === 0 && this.#owed.size === 0;
  }

  /** Their bytes; counted only while the client is behind. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether the client is behind. */
  get behind(): boolean {
    return this.#behind;
  }

  /** Whether a policy wants the connection closed. */
  get closes(): boolean {
    return this.#closes;
  }

  /** Puts something at the end. */
  add(entry: Frame | Droppable): void {
    this.#line.push(entry);
    this.#length++;
    if (this.#behind) this.#admit(entry);
  }

  /** The transport takes nothing more: all that is here has to wait, and what comes. */
  stay(): void {
    if (this.#behind) return;
    this.#behind = true;
    const line = this.#line;
    for (let i = 0; i < line.length; i++) this.#admit(line[i]);
  }

  /** Whether there is too much, even without those that may go for it. For a client that is behind. */
  exceeds({ maxFrames, maxBytes }: BacklogLimits): boolean {
    const line = this.#line;
    while (this.#length > maxFrames || this.#bytes > maxBytes) {
      if (this.#yielding === line.length) return true;
      const entry = line[this.#yielding++];
      if (entry instanceof Droppable && entry.frame !== null && entry.reader.yields) {
        this.#drop(entry, entry.frame);
      }
    }
    this.#closeRanks();
    return false;
  }

  /** Takes from the front as much as `allowance` has room for, and tells the client of gaps: ahead of what follows. */
  take(allowance: Allowance): Frame[] {
    const taken: Frame[] = [];
    const line = this.#line;
    let next = 0;
    for (; next < line.length; next++) {
      const entry = line[next];
      if (!(entry instanceof Droppable)) {
        if (!allowance.takes(entry)) break;
        taken.push(entry);
        this.#leave(entry);
        continue;
      }
      const { reader, frame } = entry;
      if (frame === null) continue; // left out
      const notice = reader.noticeBefore(entry);
      if (notice !== null) {
        if (!allowance.takes(notice)) break;
        taken.push(notice);
        this.#told(reader);
      }
      if (!allowance.takes(frame)) break;
      taken.push(frame);
      reader.leave(entry);
      this.#leave(frame);
    }
    this.#line = next === line.length ? [] : line.slice(next);
    if (this.#line.length === 0) this.#settle(allowance, taken);
    this.#yielding = Math.max(this.#yielding - next, 0);
    return taken;
  }

  /** Drops everything: the connection has ended. */
  clear(): void {
    for (const entry of this.#line) if (entry instanceof Droppable) entry.reader.clear();
    this.#line = [];
    this.#length = this.#bytes = 0;
    for (const reader of this.#owed) reader.clear();
    this.#owed.clear();
  }

  #admit(entry: Frame | Droppable): void {
    if (!(entry instanceof Droppable)) {
      this.#bytes += entry.byteLength;
      return;
    }
    this.#bytes += entry.frame!.byteLength;
    if (entry.reader.closes) this.#closes = true;
    const victim = entry.reader.admit(entry);
    if (victim !== null) this.#drop(victim, victim.frame!);
  }

  #drop(entry: Droppable, frame: Frame): void {
    entry.reader.drop(entry);
    this.#owed.add(entry.reader);
    this.#leave(frame);
  }

  /** The client has caught up: it is told of gaps that no publication follows. */
  #settle(allowance: Allowance, taken: Frame[]): void {
    for (const reader of this.#owed) {
      const notice = reader.notice();
      if (notice !== null) {
        if (!allowance.takes(notice)) return;
        taken.push(notice);
      }
      this.#told(reader);
    }
  }

  #told(reader: DroppingReader): void {
    reader.noticed();
    this.#owed.delete(reader);
  }

  #leave(frame: Frame): void {
    this.#length--;
    if (this.#behind) this.#bytes -= frame.byteLength;
  }

  /** Puts the line together where a good part of it was left out. */
  #closeRanks(): void {
    if (this.#line.length < SPARSE || this.#length * 4 > this.#line.length * 3) return;
    this.#line = this.#line.filter((entry) => !(entry instanceof Droppable && entry.frame === null));
    this.#yielding = 0;
  }
}

/** What a transport takes at one time: frames, as they are once they are joined, and bytes. */
export class Allowance {
  readonly #maxFrames: number;
  readonly #maxBytes: number;
  readonly #joins: boolean;
  #frames = 0;
  #bytes = 0;
  #inBatch = 0;

  /** `joins`: whether texts are joined, of which {@link MAX_BATCH_MESSAGES} make one frame. */
  constructor(maxFrames: number, maxBytes: number, joins: boolean) {
    this.#maxFrames = maxFrames;
    this.#maxBytes = maxBytes;
    this.#joins = joins;
  }

  /** Whether `frame` may go, too. The first may, whatever its size, so the last may exceed the bytes. */
  takes(frame: Frame): boolean {
    if (this.#bytes >= this.#maxBytes) return false;
    const joinable = this.#joins && typeof frame.data === "string";
    if (!joinable || this.#inBatch === 0 || this.#inBatch === MAX_BATCH_MESSAGES) {
      if (this.#frames === this.#maxFrames) return false;
      this.#frames++;
      this.#inBatch = 0;
    }
    if (joinable) this.#inBatch++;
    else this.#inBatch = 0;
    this.#bytes += frame.byteLength;
    return true;
  }
}
