import type { Clock } from "../base/clock.ts";
import { TroupeError } from "../base/errors.ts";
import type { Counters } from "../base/inspect.ts";
import type { Logger } from "../base/log.ts";

/** Who waits for a log. */
export interface TimelyPorts {
  readonly clock: Clock;
  readonly counters: Counters;
  readonly logger: Logger;
  readonly replay: { readonly historyTimeoutMs: number };
}

/**
 * What a log reads of `topic`, if it takes no longer than `historyTimeoutMs`; else a rejection with `history_timeout`
 * (retryable). What the log gives afterwards is nobody's.
 */
export function timely<T>(read: T | Promise<T>, topic: string, ports: TimelyPorts): T | Promise<T> {
  if (!(read instanceof Promise)) return read;
  const { clock, counters, logger, replay: { historyTimeoutMs } } = ports;
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(() => {
      counters.add("history.timed_out");
      logger.log("error", "a history was not read in time", { topic, historyTimeoutMs });
      reject(historyTimeout(topic, historyTimeoutMs));
    }, historyTimeoutMs);
    read.then(resolve, reject).finally(() => clock.clearTimer(timer));
  });
}

function historyTimeout(topic: string, historyTimeoutMs: number): TroupeError {
  return new TroupeError(
    "history_timeout",
    `Cannot read the history of ${
      JSON.stringify(topic)
    }: its log has given nothing for ${historyTimeoutMs} ms ` +
      "(limits.historyTimeoutMs)",
    { retryable: true, retryAfterMs: historyTimeoutMs, details: { topic, historyTimeoutMs } },
  );
}
