import type { DatabaseSync, StatementSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { TroupeError } from "../base/errors.ts";
import type { LogBatch, LogEntry, NewLogEntry } from "../topics/log.ts";
import type { KeptTopic } from "./kept_topic.ts";
import { restored, stored, type StoredText } from "./sqlite_text.ts";

interface EntryRow {
  readonly offset: number;
  readonly at_ms: number;
  readonly event: StoredText;
  readonly recipients: StoredText | null;
  readonly sum: number;
  readonly is_text: number;
  readonly data: StoredText;
}

/** The tables of a log, and every statement on them. Who calls minds the transactions. */
export class SqliteTables {
  readonly #db: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #updateUnused: StatementSync;
  readonly #read: StatementSync;
  readonly #drop: StatementSync;
  readonly #atMs: StatementSync;
  readonly #firstYoung: StatementSync;
  readonly #setSnapshot: StatementSync;
  readonly #snapshot: StatementSync;
  readonly #forget: readonly StatementSync[];

  /** `db`: with the schema of `sqlite_schema.ts`. */
  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#begin = db.prepare("INSERT INTO topics VALUES (NULL, ?, ?, 0, 1, 0, 0, 0, 0, 0)");
    this.#insert = db.prepare("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    const columns = '"offset" = ?, oldest = ?, oldest_at_ms = ?, size = ?, ttl_ms = ?, folded = ?';
    this.#update = db.prepare(`UPDATE topics SET ${columns}, used = ? WHERE id = ?`);
    this.#updateUnused = db.prepare(`UPDATE topics SET ${columns} WHERE id = ?`);
    this.#read = db.prepare(
      'SELECT "offset", at_ms, event, recipients, sum, is_text, data FROM entries ' +
        'WHERE topic = ? AND "offset" > ? ORDER BY "offset" LIMIT ?',
    );
    this.#drop = db.prepare('DELETE FROM entries WHERE topic = ? AND "offset" <= ?');
    this.#atMs = db.prepare('SELECT at_ms FROM entries WHERE topic = ? AND "offset" = ?');
    this.#firstYoung = db.prepare(
      'SELECT "offset" AS first FROM entries WHERE topic = ? AND "offset" <= ? AND at_ms > ? ' +
        'ORDER BY "offset" LIMIT 1',
    );
    this.#setSnapshot = db.prepare("INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?)");
    this.#snapshot = db.prepare("SELECT sum, data FROM snapshots WHERE topic = ?");
    this.#forget = ["entries WHERE topic = ?", "snapshots WHERE topic = ?", "topics WHERE id = ?"]
      .map((which) => db.prepare(`DELETE FROM ${which}`));
  }

  /** All topics, that which was used longest ago first, and how often topics were used. */
  load(): { topics: KeptTopic[]; uses: number } {
    const rows = this.#db.prepare(
      'SELECT topics.*, snapshots."offset" AS snapshot_offset FROM topics ' +
        "LEFT JOIN snapshots ON snapshots.topic = topics.id ORDER BY used",
    ).all();
    const topics = rows.map((row): KeptTopic => ({
      id: row.id as number,
      name: restored(row.name as StoredText),
      epoch: row.epoch as string,
      offset: row.offset as number,
      oldest: row.oldest as number,
      oldestAtMs: row.oldest_at_ms as number,
      limits: { size: row.size as number, ttlMs: row.ttl_ms as number, folded: row.folded === 1 },
      snapshotOffset: row.snapshot_offset as number | null,
    }));
    return { topics, uses: (rows.at(-1)?.used ?? 0) as number };
  }

  /** Begins a topic. */
  begin(name: string, epoch: string): KeptTopic {
    const { lastInsertRowid } = this.#begin.run(stored(name), epoch);
    const limits = { size: 0, ttlMs: 0, folded: false };
    const id = Number(lastInsertRowid);
    return { id, name, epoch, offset: 0, oldest: 1, oldestAtMs: 0, limits, snapshotOffset: null };
  }

  /** Inserts what the batch has; the topic's own row is left to {@link SqliteTables.update}. */
  append(topic: KeptTopic, { entries, limits, snapshot }: LogBatch): KeptTopic {
    let { offset } = topic;
    for (const entry of entries) this.#insertEntry(topic.id, ++offset, entry);
    if (snapshot !== undefined) {
      const data = stored(snapshot);
      this.#setSnapshot.run(topic.id, offset, sumOf(topic.id, offset, data), data);
    }
    const isFirst = topic.oldest > topic.offset && entries.length > 0;
    return {
      id: topic.id,
      name: topic.name,
      epoch: topic.epoch,
      offset,
      oldest: topic.oldest,
      oldestAtMs: isFirst ? entries[0].atMs : topic.oldestAtMs,
      limits,
      snapshotOffset: snapshot === undefined ? topic.snapshotOffset : offset,
    };
  }

  /** Writes the topic's row. `used`: see {@link SqliteTables.load}; `null`: it was not used. */
  update({ id, offset, oldest, oldestAtMs, limits }: KeptTopic, used: number | null): void {
    const { ttlMs, folded } = limits;
    const size = atMost(limits.size);
    const isFolded = folded ? 1 : 0;
    if (used === null) this.#updateUnused.run(offset, oldest, oldestAtMs, size, ttlMs, isFolded, id);
    else this.#update.run(offset, oldest, oldestAtMs, size, ttlMs, isFolded, used, id);
  }

  /** Deletes the entries up to `last`. */
  drop(topic: KeptTopic, last: number): KeptTopic {
    this.#drop.run(topic.id, last);
    const oldestAtMs = last < topic.offset ? this.#atMs.get(topic.id, last + 1)!.at_ms as number : 0;
    return { ...topic, oldest: last + 1, oldestAtMs };
  }

  /** Up to which offset, `most` at the most, all entries were published at `atMs` or before. */
  lastUpTo(id: number, most: number, atMs: number): number {
    const young = this.#firstYoung.get(id, most, atMs)?.first as number | undefined;
    return young === undefined ? most : young - 1;
  }

  /** The entries behind `after`, `max` at the most. */
  read(id: number, after: number, max: number): LogEntry[] {
    const rows = this.#read.all(id, after, atMost(max)) as unknown as EntryRow[];
    return rows.map(({ offset, at_ms, event, recipients, sum, is_text, data }) => {
      if (sum !== sumOf(id, offset, event, recipients, data)) throw damaged();
      return {
        event: restored(event),
        data: is_text === 1 ? restored(data) : data as Uint8Array<ArrayBuffer>,
        atMs: at_ms,
        recipients: recipients === null ? null : restored(recipients),
        offset,
      };
    });
  }

  /** The snapshot that the topic has at `offset`. */
  snapshot(id: number, offset: number): string {
    const row = this.#snapshot.get(id);
    const data = row?.data as StoredText;
    if (row === undefined || row.sum !== sumOf(id, offset, data)) throw damaged();
    return restored(data);
  }

  /** Deletes all there is of the topic. */
  forget(id: number): void {
    for (const statement of this.#forget) statement.run(id);
  }

  #insertEntry(id: number, offset: number, entry: NewLogEntry): void {
    const { event, data, atMs, recipients } = entry;
    const storedEvent = stored(event);
    const storedRecipients = recipients === null ? null : stored(recipients);
    const storedData = typeof data === "string" ? stored(data) : data;
    const sum = sumOf(id, offset, storedEvent, storedRecipients, storedData);
    const isText = typeof data === "string" ? 1 : 0;
    this.#insert.run(id, offset, atMs, storedEvent, storedRecipients, sum, isText, storedData);
  }
}

/** The checksum of what belongs together, and where: SQLite has none for what it has written into its file. */
function sumOf(id: number, offset: number, ...parts: readonly (StoredText | null)[]): number {
  let sum = (id ^ offset) >>> 0;
  for (const part of parts) sum = crc32(part ?? "", sum);
  return sum;
}

function damaged(): TroupeError {
  return new TroupeError(
    "log_unreadable",
    "Cannot read from the log: its file is damaged (a checksum is wrong)",
  );
}

/** A number as an INTEGER can have it, which has no infinity. */
function atMost(limit: number): number {
  return Math.min(limit, Number.MAX_SAFE_INTEGER);
}
