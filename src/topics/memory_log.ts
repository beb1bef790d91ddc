import type { Counters } from "../base/inspect.ts";
import type { Log, LogBatch, LogHead, LogPage, LogSnapshot } from "./log.ts";
import { logBound, type LogOptions, LogPorts, MAX_TOPICS } from "./log_options.ts";
import { LogTopics } from "./log_topics.ts";
import { bytesOfEntries, MemoryHistory } from "./memory_history.ts";

/** How {@link memoryLog} is bounded, and its ports. */
export interface MemoryLogOptions extends LogOptions {
  /**
   * How many bytes all histories take together, about; a character of text counts as two. Default: 67,108,864. Beyond,
   * topics are forgotten, those that have members last (`log.forgotten.bytes`). One topic that takes so much alone
   * loses its oldest publications (`log.trimmed_early`), or, where its state needs them, is forgotten itself.
   */
  maxBytes?: number;
}

/** What {@link memoryLog} makes: all of it is synchronous. */
export interface MemoryLog extends Log {
  /** Of how many topics it keeps the history. */
  readonly topics: number;
  /** How many bytes that takes, about. */
  readonly bytes: number;
  /** See {@link Log.head}. */
  head(topic: string): LogHead;
  /** See {@link Log.append}. */
  append(batches: readonly LogBatch[]): readonly LogHead[];
  /** See {@link Log.read}. */
  read(topic: string, after: number, max: number): LogPage;
  /** See {@link Log.snapshot}. */
  snapshot(topic: string): LogSnapshot | null;
  /** Forgets everything. */
  close(): void;
}

/** How many topics are looked at, whether something of theirs is too old, when one is used. */
const SWEPT_AT_ONCE = 2;

/**
 * Makes a log that keeps histories in this process: a restart forgets them, and clients that come back are told so
 * (`reset`). What is published at an age or beyond a number that its topic does not keep is trimmed while the log is used
 * (`log.trimmed`).
 *
 * @throws {TroupeError} `invalid_options`: a bound is no whole number of at least 1.
 *
 * @example
 * ```ts
 * import { memoryLog } from "@troupe/core";
 * import { assertEquals } from "@std/assert";
 *
 * const log = memoryLog({ maxTopics: 1_000, maxBytes: 16 * 1_048_576 });
 * const entry = { event: "said", data: '"hi"', atMs: Date.now(), recipients: null };
 * log.append([{ topic: "room:1", entries: [entry], limits: { size: 100, ttlMs: 60_000, folded: false } }]);
 * assertEquals(log.read("room:1", 0, 10).entries, [{ ...entry, offset: 1 }]);
 * ```
 */
export function memoryLog(options: MemoryLogOptions = {}): MemoryLog {
  return new Histories(options);
}

class Histories implements MemoryLog {
  readonly #ports: LogPorts;
  readonly #maxBytes: number;
  readonly #topics: LogTopics<MemoryHistory>;
  #newest: MemoryHistory | null = null;
  #bytes = 0;

  constructor(options: MemoryLogOptions) {
    const maxTopics = logBound("in memory", "maxTopics", options.maxTopics ?? MAX_TOPICS);
    this.#maxBytes = logBound("in memory", "maxBytes", options.maxBytes ?? 67_108_864);
    this.#ports = new LogPorts(options);
    this.#topics = new LogTopics(maxTopics, () => this.#ports.count("log.refused.topics"));
  }

  get topics(): number {
    return this.#topics.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  head(topic: string): LogHead {
    return this.#used(topic).head;
  }

  append(batches: readonly LogBatch[]): readonly LogHead[] {
    const nowMs = this.#ports.clock.now();
    const sizes = batches.map(bytesOfEntries); // what cannot be read fails here, before anything is done
    if (!this.#topics.hasRoomFor(batches.length)) this.#makeRoomFor(batches.map(({ topic }) => topic));
    const heads = batches.map((batch, i) => {
      const history = this.#used(batch.topic);
      const before = history.bytes;
      history.append(batch, sizes[i]);
      this.#bytes += history.bytes - before;
      this.#trim(history, nowMs);
      this.#squeeze(history);
      return history.head;
    });
    this.#keepToBytes();
    return heads;
  }

  read(topic: string, after: number, max: number): LogPage {
    const history = this.#used(topic);
    this.#trim(history, this.#ports.clock.now());
    return { head: history.head, entries: history.read(after, max) };
  }

  snapshot(topic: string): LogSnapshot | null {
    return this.#topics.get(topic) === undefined ? null : this.#used(topic).snapshot;
  }

  hold(topic: string): void {
    this.#topics.hold(topic);
  }

  release(topic: string): void {
    this.#topics.release(topic);
  }

  countIn(counters: Counters): void {
    this.#ports.countIn(counters);
  }

  close(): void {
    this.#topics.clear();
    this.#newest = null;
    this.#bytes = 0;
  }

  /** The topic's history, which is begun if there is none, and is now the one that was used last. */
  #used(topic: string): MemoryHistory {
    this.#sweepSome();
    if (this.#newest?.topic === topic) return this.#newest;
    let history = this.#topics.use(topic);
    if (history === undefined) {
      this.#makeRoomFor([topic]);
      history = new MemoryHistory(topic, this.#ports.random.uuid());
      this.#bytes += history.bytes;
      this.#topics.set(topic, history);
    }
    this.#newest = history;
    this.#keepToBytes(history);
    return history;
  }

  #makeRoomFor(topics: readonly string[]): void {
    for (const name of this.#topics.victims(topics)) {
      this.#forget(this.#topics.get(name)!, "log.forgotten.topics");
    }
  }

  /** `except`: it is in use at this moment. */
  #keepToBytes(except?: MemoryHistory): void {
    while (this.#bytes > this.#maxBytes && this.#topics.size > 1) {
      this.#forget(this.#topics.oldest(except)!, "log.forgotten.bytes");
    }
  }

  /** Keeps one topic from driving out all others. */
  #squeeze(history: MemoryHistory): void {
    if (history.bytes <= this.#maxBytes) return;
    const before = history.bytes;
    const dropped = history.squeeze(this.#maxBytes);
    this.#bytes += history.bytes - before;
    if (dropped > 0) this.#ports.count("log.trimmed_early", dropped);
    if (history.bytes > this.#maxBytes) this.#forget(history, "log.forgotten.bytes");
  }

  #forget(history: MemoryHistory, counter: string): void {
    this.#topics.delete(history.topic);
    if (this.#newest === history) this.#newest = null;
    this.#bytes -= history.bytes;
    this.#ports.count(counter);
  }

  #trim(history: MemoryHistory, nowMs: number): void {
    const before = history.bytes;
    const trimmed = history.trim(nowMs);
    if (trimmed === 0) return;
    this.#bytes += history.bytes - before;
    this.#ports.count("log.trimmed", trimmed);
  }

  /** What nobody uses any more gets old, too. */
  #sweepSome(): void {
    const nowMs = this.#ports.clock.now();
    for (let left = SWEPT_AT_ONCE; left > 0; left--) {
      const history = this.#topics.next();
      if (history !== undefined) this.#trim(history, nowMs);
    }
  }
}
