/**
 * Log lines of the ready server: for people on a terminal, as JSON everywhere else.
 *
 * @module
 */

import { jsonLinesFormatter, type LogLevel as LogTapeLevel, type TextFormatter } from "@logtape/logtape";
import { getPrettyFormatter } from "@logtape/pretty";
import type { LogFields, Logger, LogLevel } from "../../mod.ts";
import { type Clock, systemClock } from "../actors/mod.ts";

/** Where log lines go; `Deno.stderr` is one. */
export interface LogStream {
  /** Whether people read it. */
  isTerminal(): boolean;
  /** Writes some of the bytes, and says how many. */
  writeSync(bytes: Uint8Array): number;
}

const LEVELS: Readonly<Record<LogLevel, { readonly rank: number; readonly name: LogTapeLevel }>> = {
  debug: { rank: 0, name: "debug" },
  info: { rank: 1, name: "info" },
  warn: { rank: 2, name: "warning" },
  error: { rank: 3, name: "error" },
};

/**
 * A logger that writes lines from `minimum` on to `stream`: pretty on a terminal, else one JSON object a line with
 * `@timestamp`, `level`, `message`, `logger` and `properties`. It formats with LogTape, whose own configuration, which
 * a process has only one of, is left alone.
 *
 * A line is written before the call returns, so that the last words of a crash arrive. It never throws: a field that
 * JSON cannot hold costs its line the fields, and a stream that has gone away takes no more lines.
 */
export function streamLogger(
  minimum: LogLevel,
  stream: LogStream = Deno.stderr,
  clock: Clock = systemClock,
): Logger {
  const format: TextFormatter = stream.isTerminal()
    // Without word wrap: to find the width, LogTape may read variables that the server is not allowed to.
    ? getPrettyFormatter({ properties: true, wordWrap: false, timestamp: "time", colors: !Deno.noColor })
    : jsonLinesFormatter;
  const line = (level: LogLevel, message: string, properties: Record<string, unknown>): string =>
    format({
      category: ["troupe"],
      level: LEVELS[level].name,
      message: [message],
      rawMessage: message,
      timestamp: clock.now(),
      properties,
    });
  return {
    log(level: LogLevel, message: string, fields: LogFields = {}): void {
      if (LEVELS[level].rank < LEVELS[minimum].rank) return;
      let text: string;
      try {
        text = line(level, message, { ...fields });
      } catch {
        text = line(level, message, { fields: "left out: they cannot be printed" });
      }
      write(stream, text);
    },
  };
}

function write(stream: LogStream, text: string): void {
  let bytes = new TextEncoder().encode(text.endsWith("\n") ? text : `${text}\n`);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
  } catch {
    // Whoever read the log is gone; the chat goes on.
  }
}
