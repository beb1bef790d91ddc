/**
 * Stores in one SQLite file, with `node:sqlite`: nothing to install, nothing to run beside the server.
 *
 * A server that uses them needs `--allow-read` and `--allow-write` for the file alone (SQLite makes `-wal` beside it),
 * and, lest a kill looks like a loss of power, `--allow-sys=osUptime`: see {@link SqliteLogOptions.durability}.
 *
 * @module
 */

export { type Durability, type SqliteLog, sqliteLog, type SqliteLogOptions } from "./sqlite_log.ts";
export type {
  Log,
  LogBatch,
  LogEntry,
  LogHead,
  LogLimits,
  LogPage,
  LogSnapshot,
  NewLogEntry,
} from "../topics/log.ts";
export type { LogOptions } from "../topics/log_options.ts";
export type { Clock, TimerId } from "../base/clock.ts";
export { Counters } from "../base/inspect.ts";
export type { Random } from "../base/random.ts";
