/**
 * The port for log lines. The library is silent until it is given a {@link Logger}; the ready server gives one that
 * writes to stderr.
 *
 * @module
 */

/** How grave a log line is, from least to most. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Facts that go with a log line, by name. Never secrets, never whole payloads. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Takes log lines. An implementation MUST NOT throw and MUST NOT block; `message` is a fixed text (no values spliced
 * in), so that lines can be grouped by it.
 */
export interface Logger {
  /** Takes one line. */
  log(level: LogLevel, message: string, fields?: LogFields): void;
}

/** Takes every line and drops it: the library's default. */
export const silentLogger: Logger = { log(): void {} };
