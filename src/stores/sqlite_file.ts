import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Clock } from "../base/clock.ts";
import { messageOf, TroupeError } from "../base/errors.ts";
import { isSameBoot, thisBoot } from "./boot.ts";
import { migrate } from "./sqlite_schema.ts";

/** What an acknowledged append survives. */
export type Durability = "process" | "machine";

/**
 * How many pages `-wal` gets (16 MiB) before they are written into the file, which waits for the disk: a page that was
 * written many times by then is written once. And how large it may stay when it was larger for a moment.
 */
const WAL = { pages: 4_000, bytes: 33_554_432 };

/** A SQLite file that one process has for itself. What SQLite throws comes out as a `TroupeError`. */
export class SqliteFile {
  /** The open database. */
  readonly db: DatabaseSync;
  readonly #path: string;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #pageBytes: number;
  readonly #pages: StatementSync;
  readonly #freePages: StatementSync;

  /**
   * Opens `path`, or makes it. If acknowledged transactions may be missing from it, since the machine went down under a
   * process that did not wait for the disk, `onLoss` runs within the transaction that takes the file over.
   */
  constructor(path: string, durability: Durability, clock: Clock, onLoss: (db: DatabaseSync) => void) {
    this.#path = path;
    this.db = this.#explained(() => new DatabaseSync(path, { enableForeignKeyConstraints: false }));
    try {
      this.#explained(() => this.#takeOver(durability, thisBoot(clock), onLoss));
      this.#begin = this.db.prepare("BEGIN IMMEDIATE");
      this.#commit = this.db.prepare("COMMIT");
      this.#pages = this.db.prepare("PRAGMA page_count");
      this.#freePages = this.db.prepare("PRAGMA freelist_count");
      this.#pageBytes = this.db.prepare("PRAGMA page_size").get()!.page_size as number;
    } catch (error) {
      this.db.close();
      throw error;
    }
  }

  /** How many bytes of the file are in use, whatever its size. */
  get usedBytes(): number {
    const pages = this.#pages.get()!.page_count as number;
    return (pages - (this.#freePages.get()!.freelist_count as number)) * this.#pageBytes;
  }

  /** Runs `work` as one transaction: all of it, or, if it throws, nothing. */
  transaction<T>(work: () => T): T {
    return this.#explained(() => {
      this.#begin.run();
      try {
        const result = work();
        this.#commit.run();
        return result;
      } catch (error) {
        if (this.db.isTransaction) this.db.exec("ROLLBACK");
        throw error;
      }
    });
  }

  /** Runs `work`, which reads only. */
  reading<T>(work: () => T): T {
    return this.#explained(work);
  }

  /** Leaves the file clean, and gives it up. A second call does nothing. */
  close(): void {
    if (!this.db.isOpen) return;
    try {
      this.#explained(() => {
        this.db.exec(
          "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA synchronous = FULL; UPDATE owner SET clean = 1",
        );
      });
    } finally {
      this.db.close();
    }
  }

  #takeOver(durability: Durability, boot: string | null, onLoss: (db: DatabaseSync) => void): void {
    const { db } = this;
    // Exclusive: nobody else gets in, SQLite keeps no memory shared with others, and a killed process leaves no lock.
    db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    db.exec(`PRAGMA wal_autocheckpoint = ${WAL.pages}; PRAGMA journal_size_limit = ${WAL.bytes}`);
    db.exec("BEGIN EXCLUSIVE");
    try {
      migrate(db, this.#path);
      const left = db.prepare("SELECT clean, boot, durability FROM owner").get()!;
      const mayHaveLost = left.clean === 0 && left.durability !== "machine" &&
        !isSameBoot(left.boot as string | null, boot);
      if (mayHaveLost) onLoss(db);
      db.prepare("UPDATE owner SET clean = 0, boot = ?, durability = ?").run(boot, durability);
      db.exec("COMMIT"); // on the disk, whatever the durability: what comes later must not be taken for clean
      if (durability === "process") db.exec("PRAGMA synchronous = NORMAL");
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    }
  }

  #explained<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw explain(error, this.#path, this.db?.isOpen !== false);
    }
  }
}

/** What SQLite says, as the start of its messages; the code, what to do, and whether trying again may help. */
const FAULTS: readonly (readonly [says: RegExp, code: string, advice: string, retryable: boolean])[] = [
  [
    /^database is locked/,
    "log_in_use",
    "another server has it open. Each server has a file of its own: give another path, or end that server",
    true,
  ],
  [
    /^file is not a database|^database disk image is malformed|^malformed database/,
    "log_unreadable",
    "it is damaged, or no database. Move it away, and the -wal beside it: clients are then told that their history was reset",
    false,
  ],
  [/^database or disk is full/, "log_full", "the disk is full", true],
  [
    /^unable to open database file/,
    "log_unavailable",
    "it cannot be opened. Its folder must be there, and be writable",
    false,
  ],
];
const OTHER_FAULT = [null, "log_failed", "SQLite has failed", true] as const;

function explain(error: unknown, path: string, isOpen: boolean): unknown {
  const code = (error as { code?: unknown }).code;
  if (code !== "ERR_SQLITE_ERROR" && code !== "ERR_INVALID_STATE") return error;
  const says = messageOf(error);
  const fail = (code: string, advice: string, retryable: boolean): TroupeError =>
    new TroupeError(code, `Cannot use the log ${path}: ${advice} (${says})`, { retryable, cause: error });
  if (!isOpen) return fail("log_closed", "it is closed", false);
  const [, name, advice, retryable] = FAULTS.find(([pattern]) => pattern.test(says)) ?? OTHER_FAULT;
  return fail(name, advice, retryable);
}
