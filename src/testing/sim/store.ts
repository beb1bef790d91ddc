import type { Counters } from "../../base/inspect.ts";
import type { Random } from "../../base/random.ts";
import type { Log, LogBatch, LogEntry, LogHead, LogPage, LogSnapshot } from "../../topics/log.ts";
import { type MemoryLog, memoryLog } from "../../topics/memory_log.ts";
import { between, type Party, randomFor } from "./party.ts";
import type { World } from "./world.ts";

/** How the store is at the moment. */
export interface StoreFaults {
  /** How often what is asked fails, from 0 to 1. */
  errors: number;
  /** How often it takes its time, and how long at the most, in milliseconds. */
  slow: number;
  slowMs: number;
  /** How long each append, and each read, takes at the most; 0: as the others. */
  appendsMs: number;
  readsMs: number;
  /** Whose appends fail, and of whatever is appended with it. */
  poison: string | null;
  /** The next append ends the server's life: before it is stored, or behind. */
  crash: "before" | "after" | null;
}

/** The disk: what is stored here outlives each life of the server. It also is the truth about every history. */
export class Store {
  readonly faults: StoreFaults = {
    errors: 0,
    slow: 0,
    slowMs: 0,
    appendsMs: 0,
    readsMs: 0,
    poison: null,
    crash: null,
  };
  /** Whether reads or appends have failed, or taken their time, at any time. */
  hasFailed = false;
  /** Of which topics appends have failed by themselves. */
  readonly failed = new Set<string>();
  hasFailedReads = false;
  hasBeenSlow = false;
  /** How long a read has taken at the most, in milliseconds. */
  longestReadMs = 0;
  /** What the server does where {@link StoreFaults.crash} says so. */
  kill: () => void = () => {};
  /** Is told of each publication that is stored. */
  stored: (topic: string, epoch: string, entry: LogEntry) => void = () => {};
  readonly #world: World;
  readonly #random: Random;
  readonly #log: MemoryLog;
  readonly #appending = new Set<string>();
  /** How many hold each topic, in this life. */
  readonly #holds = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
    this.#random = randomFor(world.seed, "store");
    this.#log = memoryLog({ clock: world.clockOf(world.nobody), random: randomFor(world.seed, "epochs") });
  }

  /** Loses everything. */
  forget(): void {
    this.#log.close();
  }

  /** Where a history stands. */
  head(topic: string): LogHead {
    return this.#log.head(topic);
  }

  /** The oldest offset that is kept. */
  oldest(topic: string): number {
    const { head, entries } = this.#log.read(topic, 0, 1);
    return entries[0]?.offset ?? head.offset + 1;
  }

  /** The log of one life. */
  open(party: Party): Log {
    return {
      head: (topic) => this.#perform(party, true, () => this.#log.head(topic)),
      read: (topic, after, max): LogPage | Promise<LogPage> =>
        this.#perform(party, true, () => this.#log.read(topic, after, max)),
      snapshot: (topic): LogSnapshot | null | Promise<LogSnapshot | null> =>
        this.#perform(party, true, () => this.#log.snapshot(topic)),
      append: (batches) => this.#append(party, batches),
      hold: (topic) => this.#hold(party, topic, 1),
      release: (topic) => this.#hold(party, topic, -1),
      countIn: (counters: Counters) => void counters,
      close: () => {},
    };
  }

  /** A new life begins: what the one before had under way is over. */
  reopened(): void {
    this.#appending.clear();
    this.#holds.clear();
  }

  /** Nobody needs any of the histories: a log may forget them. */
  checkReleased(): void {
    for (const [topic, count] of this.#holds) {
      if (count !== 0) this.#world.fail("nothing is left behind", `${count} hold the history of ${topic}`);
    }
  }

  #hold(party: Party, topic: string, change: number): void {
    if (!party.alive) return;
    const count = (this.#holds.get(topic) ?? 0) + change;
    this.#holds.set(topic, count);
    if (count < 0) this.#world.fail("a history is let go of once", topic);
  }

  #append(party: Party, batches: readonly LogBatch[]): readonly LogHead[] | Promise<readonly LogHead[]> {
    for (const { topic } of batches) {
      if (this.#appending.has(topic)) {
        this.#world.fail("one append of a topic at a time", `${topic} is appended to twice`);
      }
      this.#appending.add(topic);
    }
    const done = (): void => batches.forEach(({ topic }) => this.#appending.delete(topic));
    const { crash } = this.faults;
    if (crash !== null) {
      this.faults.crash = null;
      if (crash === "after") this.#store(batches);
      this.kill();
      this.hasBeenSlow = true; // a server that is going down anyway waits for it
      return new Promise(() => {});
    }
    const fail = (): void => batches.forEach(({ topic }) => this.failed.add(topic));
    try {
      const stored = this.#perform(party, false, () => this.#poisoned(batches) ?? this.#store(batches), fail);
      if (!(stored instanceof Promise)) {
        done();
        return stored;
      }
      return stored.finally(() => party.alive && done());
    } catch (error) {
      done();
      throw error;
    }
  }

  #poisoned(batches: readonly LogBatch[]): null {
    const { poison } = this.faults;
    if (poison === null || batches.every(({ topic }) => topic !== poison)) return null;
    this.hasFailed = true;
    this.failed.add(poison);
    throw new Error("the disk refuses one of the topics");
  }

  #store(batches: readonly LogBatch[]): readonly LogHead[] {
    const heads = this.#log.append(batches);
    batches.forEach(({ topic, entries }, i) => {
      const { epoch, offset } = heads[i];
      const first = offset - entries.length + 1;
      entries.forEach((entry, at) => this.stored(topic, epoch, { ...entry, offset: first + at }));
    });
    return heads;
  }

  /** Does it: at once or in a while, or fails. */
  #perform<T>(party: Party, isRead: boolean, work: () => T, failed = (): void => {}): T | Promise<T> {
    const fails = this.#random.float() < this.faults.errors;
    const stuckMs = isRead ? this.faults.readsMs : this.faults.appendsMs;
    const isSlow = this.#random.float() < this.faults.slow || stuckMs > 0;
    const waitMs = stuckMs > 0
      ? between(this.#random, stuckMs >> 1, stuckMs)
      : between(this.#random, 0, this.faults.slowMs);
    if (isSlow) this.hasBeenSlow = true;
    if (isSlow && isRead) this.longestReadMs = Math.max(this.longestReadMs, waitMs);
    if (fails) {
      failed();
      this.hasFailed = true;
      if (isRead) this.hasFailedReads = true;
    }
    if (!isSlow) {
      if (fails) throw new Error("the disk has failed");
      return work();
    }
    return new Promise((resolve, reject) => {
      this.#world.after(party, waitMs, () => {
        try {
          if (fails) throw new Error("the disk has failed");
          resolve(work());
        } catch (error) {
          reject(error);
        }
      });
    });
  }
}
