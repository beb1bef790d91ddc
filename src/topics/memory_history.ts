import type { LogBatch, LogEntry, LogHead, LogLimits, LogSnapshot, NewLogEntry } from "./log.ts";

/** What an entry takes beside its texts and bytes, and a topic beside its entries: about, and rather more than less. */
const BYTES_EACH = { entry: 100, topic: 400 };
/** Where this many at the front of the list are gone, and half of it, the rest moves up. */
const MOST_GONE = 32;

/**
 * One topic's history, in memory: an append takes constant time, amortized, whatever is trimmed, and a read as long as
 * what it gives.
 */
export class MemoryHistory {
  /** The topic's whole name. */
  readonly topic: string;
  readonly #epoch: string;
  #offset = 0;
  /** The kept ones are those from `#start` on; what is before is gone. */
  #entries: (NewLogEntry | undefined)[] = [];
  #start = 0;
  #bytes: number;
  #limits: LogLimits | null = null;
  #snapshot: LogSnapshot | null = null;

  /** Begins an empty one. */
  constructor(topic: string, epoch: string) {
    this.topic = topic;
    this.#epoch = epoch;
    this.#bytes = BYTES_EACH.topic + 2 * (topic.length + epoch.length);
  }

  /** About how much memory it takes; a character of text is counted as two bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Where it stands. */
  get head(): LogHead {
    return { epoch: this.#epoch, offset: this.#offset };
  }

  /** Its last snapshot. */
  get snapshot(): LogSnapshot | null {
    return this.#snapshot;
  }

  /** Puts what `batch` has, which is as large as {@link bytesOfEntries} says, behind the rest. It trims nothing. */
  append({ entries, limits, snapshot }: LogBatch, bytes: number): void {
    for (const entry of entries) this.#entries.push(entry);
    this.#bytes += bytes;
    this.#offset += entries.length;
    this.#limits = limits;
    if (snapshot === undefined) return;
    this.#bytes += 2 * (snapshot.length - (this.#snapshot?.data.length ?? 0));
    this.#snapshot = { epoch: this.#epoch, offset: this.#offset, data: snapshot };
  }

  /** The entries behind `after`, `max` at the most. */
  read(after: number, max: number): LogEntry[] {
    const before = this.#offset - this.#count;
    const from = Math.max(after - before, 0);
    const page: LogEntry[] = [];
    for (let i = from; i < this.#count && page.length < max; i++) {
      const { event, data, atMs, recipients } = this.#entries[this.#start + i]!;
      page.push({ event, data, atMs, recipients, offset: before + i + 1 });
    }
    return page;
  }

  /** Trims what is beyond its own limits. Gives how many entries that were. */
  trim(nowMs: number): number {
    if (this.#limits === null) return 0;
    const { size, ttlMs } = this.#limits;
    let left = this.#trimmable;
    const before = left;
    for (let beyond = this.#count - size; beyond > 0 && left > 0; beyond--, left--) this.#drop();
    while (left > 0 && this.#entries[this.#start]!.atMs + ttlMs <= nowMs) {
      this.#drop();
      left--;
    }
    return before - left;
  }

  /** Drops its oldest entries until it takes `maxBytes`, as far as it may. Gives how many entries that were. */
  squeeze(maxBytes: number): number {
    let dropped = 0;
    for (let left = this.#trimmable; left > 0 && this.#bytes > maxBytes; left--, dropped++) this.#drop();
    return dropped;
  }

  get #count(): number {
    return this.#entries.length - this.#start;
  }

  /** How many of the oldest entries may go: those that a fold still needs may not. */
  get #trimmable(): number {
    if (this.#limits?.folded !== true) return this.#count;
    const needed = this.#offset - (this.#snapshot?.offset ?? 0);
    return Math.max(this.#count - needed, 0);
  }

  #drop(): void {
    this.#bytes -= bytesOf(this.#entries[this.#start]!);
    this.#entries[this.#start++] = undefined;
    if (this.#start < MOST_GONE || 2 * this.#start < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#start);
    this.#start = 0;
  }
}

/** About how much memory the entries of a batch take. */
export function bytesOfEntries({ entries }: LogBatch): number {
  let bytes = 0;
  for (const entry of entries) bytes += bytesOf(entry);
  return bytes;
}

function bytesOf({ event, data, recipients }: NewLogEntry): number {
  const text = event.length + (recipients?.length ?? 0) + (typeof data === "string" ? data.length : 0);
  return BYTES_EACH.entry + 2 * text + (typeof data === "string" ? 0 : data.buffer.byteLength);
}
