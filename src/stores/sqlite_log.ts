import { TroupeError } from "../base/errors.ts";
import type { Counters } from "../base/inspect.ts";
import type { Log, LogBatch, LogEntry, LogHead, LogPage, LogSnapshot, NewLogEntry } from "../topics/log.ts";
import { logBound, type LogOptions, LogPorts, MAX_TOPICS } from "../topics/log_options.ts";
import { LogTopics } from "../topics/log_topics.ts";
import { isTooOld, type KeptTopic, lastTrimmable, tooMany } from "./kept_topic.ts";
import { type Durability, SqliteFile } from "./sqlite_file.ts";
import { SqliteTables } from "./sqlite_tables.ts";

export type { Durability };

/** Where {@link sqliteLog} keeps its histories, how it is bounded, and its ports. */
export interface SqliteLogOptions extends LogOptions {
  /** The file. It is made if there is none; its folder must be there. `:memory:` is none that outlives the process. */
  path: string;
  /**
   * What an acknowledged publication survives. `process`, the default: that the process is killed, at any moment.
   * `machine`: that the machine loses its power, too; each turn with publications then waits for the disk.
   *
   * With `process`, the last of what was acknowledged may be missing after a loss of power. The log does not hide it:
   * when it opens a file that was not closed, and cannot see that the machine has been up since, all topics keep what
   * they have under new epochs, and clients are told `reset` (`log.renewed`). To see it, it needs
   * `--allow-sys=osUptime`.
   */
  durability?: Durability;
  /**
   * How many bytes of the file are in use, about; at least 1,048,576. Default: 1,073,741,824. Beyond, topics are
   * forgotten, those that have members last (`log.forgotten.bytes`); the last of them loses its oldest publications instead, if it
   * may (`log.trimmed_early`). The file does not shrink: what is free in it is used again.
   */
  maxBytes?: number;
}

/** What {@link sqliteLog} makes: all of it is synchronous. */
export interface SqliteLog extends Log {
  /** Of how many topics it keeps the history. */
  readonly topics: number;
  /** How many bytes of its file are in use. */
  readonly bytes: number;
  /** See {@link Log.head}. */
  head(topic: string): LogHead;
  /** See {@link Log.append}: one transaction. */
  append(batches: readonly LogBatch[]): readonly LogHead[];
  /** See {@link Log.read}. */
  read(topic: string, after: number, max: number): LogPage;
  /** See {@link Log.snapshot}. */
  snapshot(topic: string): LogSnapshot | null;
  /** Gives the file up, in order: see {@link SqliteLogOptions.durability}. */
  close(): void;
}

/** The least {@link SqliteLogOptions.maxBytes}. */
const LEAST_BYTES = 1_048_576;
/** How many topics are looked at, whether something of theirs is too old, when one is used. */
const SWEPT_AT_ONCE = 2;

/**
 * Opens a log that keeps histories in one SQLite file: they outlive the process, however it ends. The file is this
 * process's alone while it is open.
 *
 * What is beyond a topic's limits is deleted some at a time, so that an append costs the same whatever is kept
 * (`log.trimmed`).
 *
 * @throws {TroupeError} `log_in_use`: another process has the file open. `log_unreadable`: it is damaged, or of another
 * program. `log_too_new`: a later Troupe has written it. `log_unavailable`: it cannot be opened. `invalid_options`: a
 * bound is none. Later, from any method: `log_full`: the disk is full; `log_unreadable`; `log_failed`: SQLite has failed
 * otherwise; `log_closed`.
 *
 * @example
 * ```ts
 * import { sqliteLog } from "@troupe/core/stores/sqlite";
 * import { assertEquals } from "@std/assert";
 *
 * const path = `${Deno.makeTempDirSync()}/log.db`;
 * const entry = { event: "said", data: '"hi"', atMs: Date.now(), recipients: null };
 * const before = sqliteLog({ path });
 * before.append([{ topic: "room:1", entries: [entry], limits: { size: 100, ttlMs: 60_000, folded: false } }]);
 * before.close();
 *
 * const after = sqliteLog({ path });
 * assertEquals(after.read("room:1", 0, 10).entries, [{ ...entry, offset: 1 }]);
 * after.close();
 * ```
 */
export function sqliteLog(options: SqliteLogOptions): SqliteLog {
  return new KeptHistories(options);
}

class KeptHistories implements SqliteLog {
  readonly #ports: LogPorts;
  readonly #maxBytes: number;
  readonly #topics: LogTopics<KeptTopic>;
  readonly #file: SqliteFile;
  readonly #tables: SqliteTables;
  /** How often topics were written: what is greater was used later. */
  #uses: number;
  /** About how many bytes were written since it was last looked how many are in use. */
  #unmeasured = 0;

  constructor(options: SqliteLogOptions) {
    const maxTopics = logBound("in a file", "maxTopics", options.maxTopics ?? MAX_TOPICS);
    this.#maxBytes = logBound("in a file", "maxBytes", options.maxBytes ?? 1_073_741_824, LEAST_BYTES);
    const { clock } = this.#ports = new LogPorts(options);
    this.#topics = new LogTopics(maxTopics, () => this.#ports.count("log.refused.topics"));
    this.#file = new SqliteFile(options.path, durability(options), clock, (db) => this.#renewAll(db));
    try {
      this.#tables = new SqliteTables(this.#file.db);
      const { topics, uses } = this.#file.reading(() => this.#tables.load());
      for (const topic of topics) this.#topics.set(topic.name, topic);
      this.#uses = uses;
      this.#unmeasured = LEAST_BYTES;
      this.#makeRoom([]);
    } catch (error) {
      this.#file.db.close();
      throw error;
    }
  }

  get topics(): number {
    return this.#topics.size;
  }

  get bytes(): number {
    return this.#file.reading(() => this.#file.usedBytes);
  }

  head(topic: string): LogHead {
    return headOf(this.#used(topic));
  }

  append(batches: readonly LogBatch[]): readonly LogHead[] {
    for (const { topic } of batches) this.#topics.use(topic);
    this.#makeRoom(batches.map(({ topic }) => topic));
    const nowMs = this.#ports.clock.now();
    this.#sweepSome(batches.length, nowMs);
    let uses = this.#uses;
    let bytes = 0;
    const appended = this.#file.transaction(() =>
      batches.map((batch) => {
        const topic = this.#topics.get(batch.topic) ??
          this.#tables.begin(batch.topic, this.#ports.random.uuid());
        for (const entry of batch.entries) bytes += bytesOf(entry);
        bytes += batch.snapshot?.length ?? 0;
        const kept = this.#trimmed(this.#tables.append(topic, batch), nowMs);
        this.#tables.update(kept, ++uses);
        return kept;
      })
    );
    this.#uses = uses;
    this.#unmeasured += bytes;
    return appended.map((topic) => {
      this.#keep(topic);
      return headOf(topic);
    });
  }

  read(topic: string, after: number, max: number): LogPage {
    const kept = this.#used(topic);
    const entries: LogEntry[] = after >= kept.offset
      ? []
      : this.#file.reading(() => this.#tables.read(kept.id, after, max));
    return { head: headOf(kept), entries };
  }

  snapshot(topic: string): LogSnapshot | null {
    const kept = this.#topics.use(topic);
    if (kept === undefined || kept.snapshotOffset === null) return null;
    const { id, epoch, snapshotOffset: offset } = kept;
    return { epoch, offset, data: this.#file.reading(() => this.#tables.snapshot(id, offset)) };
  }

  countIn(counters: Counters): void {
    this.#ports.countIn(counters);
  }

  hold(topic: string): void {
    this.#topics.hold(topic);
  }

  release(topic: string): void {
    this.#topics.release(topic);
  }

  close(): void {
    this.#file.close();
    this.#topics.clear();
  }

  /** The topic's history, which is begun if there is none, and is now the one that was used last. */
  #used(name: string): KeptTopic {
    const known = this.#topics.use(name);
    if (known !== undefined) return known;
    this.#makeRoom([name]);
    const begun = this.#file.transaction(() => {
      const topic = this.#tables.begin(name, this.#ports.random.uuid());
      this.#tables.update(topic, this.#uses + 1);
      return topic;
    });
    this.#uses++;
    this.#topics.set(name, begun);
    return begun;
  }

  /** What was done to the topic is committed. */
  #keep(topic: KeptTopic): void {
    const trimmed = topic.oldest - (this.#topics.get(topic.name)?.oldest ?? 1);
    if (trimmed > 0) this.#ports.count("log.trimmed", trimmed);
    this.#topics.set(topic.name, topic);
  }

  #trimmed(topic: KeptTopic, nowMs: number): KeptTopic {
    let last = tooMany(topic);
    if (isTooOld(topic, nowMs)) {
      const old = this.#tables.lastUpTo(topic.id, lastTrimmable(topic), nowMs - topic.limits.ttlMs);
      last = Math.max(last, old);
    }
    return last < topic.oldest ? topic : this.#tables.drop(topic, last);
  }

  /** Room for those of `names` that are not kept yet, and for some bytes. */
  #makeRoom(names: readonly string[]): void {
    const victims = this.#topics.victims(names);
    if (victims.length > 0) {
      const ids = victims.map((name) => this.#topics.get(name)!.id);
      this.#file.transaction(() => ids.forEach((id) => this.#tables.forget(id)));
      for (const name of victims) this.#topics.delete(name);
      this.#ports.count("log.forgotten.topics", victims.length);
    }
    if (this.#unmeasured < LEAST_BYTES / 8) return;
    this.#unmeasured = 0;
    while (this.bytes > this.#maxBytes && this.#topics.size > 0) this.#makeRoomFor(this.#topics.size === 1);
  }

  #makeRoomFor(isLast: boolean): void {
    const topic = this.#topics.oldest()!;
    const half = Math.min(topic.oldest + ((topic.offset - topic.oldest) >> 1), lastTrimmable(topic));
    if (isLast && half >= topic.oldest) {
      const kept = this.#file.transaction(() => {
        const dropped = this.#tables.drop(topic, half);
        this.#tables.update(dropped, this.#uses);
        return dropped;
      });
      this.#topics.set(topic.name, kept);
      this.#ports.count("log.trimmed_early", kept.oldest - topic.oldest);
      return;
    }
    this.#file.transaction(() => this.#tables.forget(topic.id));
    this.#topics.delete(topic.name);
    this.#ports.count("log.forgotten.bytes");
  }

  /** What nobody uses any more gets old, too. */
  #sweepSome(uses: number, nowMs: number): void {
    const old: KeptTopic[] = [];
    for (let left = Math.min(SWEPT_AT_ONCE * uses, this.#topics.size); left > 0; left--) {
      const topic = this.#topics.next();
      if (topic !== undefined && isTooOld(topic, nowMs)) old.push(topic);
    }
    if (old.length === 0) return;
    const trimmed = this.#file.transaction(() =>
      old.map((each) => {
        const topic = this.#trimmed(each, nowMs);
        this.#tables.update(topic, null);
        return topic;
      })
    );
    for (const topic of trimmed) this.#keep(topic);
  }

  #renewAll(db: SqliteFile["db"]): void {
    const ids = db.prepare("SELECT id FROM topics").all();
    const renew = db.prepare("UPDATE topics SET epoch = ? WHERE id = ?");
    for (const { id } of ids) renew.run(this.#ports.random.uuid(), id);
    if (ids.length > 0) this.#ports.count("log.renewed", ids.length);
  }
}

function headOf({ epoch, offset }: KeptTopic): LogHead {
  return { epoch, offset };
}

function bytesOf({ data }: NewLogEntry): number {
  return 100 + (typeof data === "string" ? data.length : data.byteLength);
}

function durability({ durability = "process" }: SqliteLogOptions): Durability {
  if (durability === "process" || durability === "machine") return durability;
  throw new TroupeError(
    "invalid_options",
    `Cannot keep histories in a file: at durability, ${durability} came. Accepted: "process" or "machine"`,
  );
}
