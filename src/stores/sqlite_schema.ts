import type { DatabaseSync } from "node:sqlite";
import { TroupeError } from "../base/errors.ts";

/** Marks a file as ours, in SQLite's header: "Trpe". */
const APPLICATION_ID = 0x54727065;

/**
 * What makes version n of version n − 1, from an empty file on. A step that has been released MUST NOT be changed: put
 * another behind it.
 */
const MIGRATIONS: readonly string[] = [
  `
  -- How the file was left: 'clean', and if it was not, by whom.
  CREATE TABLE owner (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    clean INTEGER NOT NULL,
    boot TEXT,
    durability TEXT NOT NULL
  ) STRICT;
  INSERT INTO owner VALUES (1, 1, NULL, 'machine');

  -- A name, an event and a snapshot are a TEXT, or the UTF-16 of what no TEXT can hold. A sum is a CRC-32 of its row.
  CREATE TABLE topics (
    id INTEGER PRIMARY KEY,
    name ANY NOT NULL UNIQUE,
    epoch TEXT NOT NULL,
    "offset" INTEGER NOT NULL,
    oldest INTEGER NOT NULL,
    oldest_at_ms REAL NOT NULL,
    size INTEGER NOT NULL,
    ttl_ms REAL NOT NULL,
    folded INTEGER NOT NULL,
    used INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE entries (
    topic INTEGER NOT NULL,
    "offset" INTEGER NOT NULL,
    at_ms REAL NOT NULL,
    event ANY NOT NULL,
    recipients ANY,
    sum INTEGER NOT NULL,
    is_text INTEGER NOT NULL,
    data ANY NOT NULL,
    PRIMARY KEY (topic, "offset")
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE snapshots (
    topic INTEGER PRIMARY KEY,
    "offset" INTEGER NOT NULL,
    sum INTEGER NOT NULL,
    data ANY NOT NULL
  ) STRICT;
  `,
];

/** The version that this code writes. */
export const SCHEMA_VERSION: number = MIGRATIONS.length;

/**
 * Brings an open file to {@link SCHEMA_VERSION}, within the caller's transaction. Throws `log_unreadable` for the file
 * of another program, `log_too_new` for one of a later Troupe.
 */
export function migrate(db: DatabaseSync, path: string): void {
  const version = pragma(db, "user_version");
  const isOurs = pragma(db, "application_id") === APPLICATION_ID;
  const isEmpty = version === 0 && pragma(db, "application_id") === 0 &&
    db.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() === undefined;
  if (!isOurs && !isEmpty) {
    throw new TroupeError(
      "log_unreadable",
      `Cannot use ${path} as a log: it is the database of another program. Accepted: a file that sqliteLog has ` +
        "made, or a path where there is none",
    );
  }
  if (version > SCHEMA_VERSION) {
    throw new TroupeError(
      "log_too_new",
      `Cannot use the log ${path}: its schema has version ${version}, written by a later Troupe. Accepted: up to ` +
        `${SCHEMA_VERSION}. Go back to that Troupe, or give another path`,
      { details: { version, accepted: SCHEMA_VERSION } },
    );
  }
  for (const step of MIGRATIONS.slice(version)) db.exec(step);
  db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}`);
}

function pragma(db: DatabaseSync, name: string): number {
  return db.prepare(`PRAGMA ${name}`).get()![name] as number;
}
