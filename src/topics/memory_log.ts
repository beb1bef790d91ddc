import { type Clock, systemClock } from "../base/clock.ts";
import { TroupeError } from "../base/errors.ts";
import { Counters } from "../base/inspect.ts";
import { type Random, systemRandom } from "../base/random.ts";
import type { Log, LogBatch, LogHead, LogPage, LogSnapshot } from "./log.ts";
import { bytesOfEntries, MemoryHistory } from "./memory_history.ts";

/** How {@link memoryLog} is bounded, and its ports. */
export interface MemoryLogOptions {
  /**
   * Of how many topics the history is kept. Default: 10,000. Beyond, the one that was appended to or asked for longest
   * ago is forgotten whole (`log.forgotten.topics`).
   */
  maxTopics?: number;
  /**
   * How many bytes all histories take together, about; a character of text counts as two. Default: 67,108,864. Beyond,
   * topics are forgotten in the same order (`log.forgotten.bytes`). One topic that takes so much alone loses its oldest
   * publications (`log.trimmed_early`), or, where its state needs them, is forgotten itself.
   */
  maxBytes?: number;
  /** Time, for what is trimmed by its age. Default: the machine's. */
  clock?: Clock;
  /** Where epochs come from. Default: the machine's randomness. */
  random?: Random;
  /** Where it is counted what is forgotten. Default: those of the app that uses it. */
  counters?: Counters;
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
  readonly #maxTopics: number;
  readonly #maxBytes: number;
  readonly #clock: Clock;
  readonly #random: Random;
  #counters: Counters;
  readonly #hasOwnCounters: boolean;
  /** The one that was used longest ago comes first. */
  readonly #byTopic = new Map<string, MemoryHistory>();
  #newest: MemoryHistory | null = null;
  #bytes = 0;
  #sweep = this.#byTopic.values();

  constructor(options: MemoryLogOptions) {
    this.#maxTopics = bound("maxTopics", options.maxTopics ?? 10_000);
    this.#maxBytes = bound("maxBytes", options.maxBytes ?? 67_108_864);
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
    this.#counters = options.counters ?? new Counters();
    this.#hasOwnCounters = options.counters !== undefined;
  }

  get topics(): number {
    return this.#byTopic.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  head(topic: string): LogHead {
    return this.#used(topic).head;
  }

  append(batches: readonly LogBatch[]): readonly LogHead[] {
    const nowMs = this.#clock.now();
    const sizes = batches.map(bytesOfEntries); // what cannot be read fails here, before anything is done
    const heads = batches.map((batch, i) => {
      const history = this.#used(batch.topic);
      const before = history.bytes;
      history.append(batch, sizes[i]);
      this.#bytes += history.bytes - before;
      this.#trim(history, nowMs);
      this.#squeeze(history);
      return history.head;
    });
    this.#makeRoom();
    return heads;
  }

  read(topic: string, after: number, max: number): LogPage {
    const history = this.#used(topic);
    this.#trim(history, this.#clock.now());
    return { head: history.head, entries: history.read(after, max) };
  }

  snapshot(topic: string): LogSnapshot | null {
    return this.#byTopic.has(topic) ? this.#used(topic).snapshot : null;
  }

  countIn(counters: Counters): void {
    if (this.#hasOwnCounters) return;
    for (const [name, count] of Object.entries(this.#counters.snapshot())) counters.add(name, count);
    this.#counters = counters;
  }

  close(): void {
    this.#byTopic.clear();
    this.#newest = null;
    this.#bytes = 0;
  }

  /** The topic's history, which is begun if there is none, and is now the one that was used last. */
  #used(topic: string): MemoryHistory {
    this.#sweepSome();
    if (this.#newest?.topic === topic) return this.#newest;
    let history = this.#byTopic.get(topic);
    if (history !== undefined) this.#byTopic.delete(topic);
    else {
      history = new MemoryHistory(topic, this.#random.uuid());
      this.#bytes += history.bytes;
    }
    this.#byTopic.set(topic, history);
    this.#newest = history;
    this.#makeRoom();
    return history;
  }

  #makeRoom(): void {
    if (this.#byTopic.size > this.#maxTopics) this.#forgetOldest("log.forgotten.topics");
    while (this.#bytes > this.#maxBytes && this.#byTopic.size > 1) this.#forgetOldest("log.forgotten.bytes");
  }

  /** Keeps one topic from driving out all others. */
  #squeeze(history: MemoryHistory): void {
    if (history.bytes <= this.#maxBytes) return;
    const before = history.bytes;
    const dropped = history.squeeze(this.#maxBytes);
    this.#bytes += history.bytes - before;
    if (dropped > 0) this.#counters.add("log.trimmed_early", dropped);
    if (history.bytes > this.#maxBytes) this.#forget(history, "log.forgotten.bytes");
  }

  #forgetOldest(counter: string): void {
    this.#forget(this.#byTopic.values().next().value!, counter);
  }

  #forget(history: MemoryHistory, counter: string): void {
    this.#byTopic.delete(history.topic);
    if (this.#newest === history) this.#newest = null;
    this.#bytes -= history.bytes;
    this.#counters.add(counter);
  }

  #trim(history: MemoryHistory, nowMs: number): void {
    const before = history.bytes;
    const trimmed = history.trim(nowMs);
    if (trimmed === 0) return;
    this.#bytes += history.bytes - before;
    this.#counters.add("log.trimmed", trimmed);
  }

  /** What nobody uses any more gets old, too. Each use puts one behind the others: two a use get through all. */
  #sweepSome(): void {
    const nowMs = this.#clock.now();
    for (let left = SWEPT_AT_ONCE; left > 0; left--) {
      const { value, done } = this.#sweep.next();
      if (done) this.#sweep = this.#byTopic.values();
      else this.#trim(value, nowMs);
    }
  }
}

function bound(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new TroupeError(
    "invalid_options",
    `Cannot keep histories in memory: at ${name}, ${value} came. Accepted: a whole number, 1 or more`,
  );
}
