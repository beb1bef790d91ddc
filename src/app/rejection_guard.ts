import { messageOf } from "../base/errors.ts";
import type { Counters } from "../base/inspect.ts";
import type { Logger } from "../base/log.ts";

/**
 * Keeps the process alive when a promise that nobody awaits is rejected, which would end it: counts it
 * (`rejections.unhandled`), and logs where it came from as far as its stack tells. Returns what takes the guard away.
 */
export function guardRejections(counters: Counters, logger: Logger): () => void {
  const listener = (event: PromiseRejectionEvent): void => {
    event.preventDefault();
    counters.add("rejections.unhandled");
    const { reason } = event;
    logger.log("error", "a promise that nobody awaits was rejected", {
      error: messageOf(reason),
      stack: reason instanceof Error ? reason.stack : undefined,
    });
  };
  globalThis.addEventListener("unhandledrejection", listener);
  return () => globalThis.removeEventListener("unhandledrejection", listener);
}
