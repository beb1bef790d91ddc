/**
 * Errors of the client.
 *
 * @module
 */

import { TroupeError, type TroupeErrorOptions } from "../base/errors.ts";

/**
 * An error that says what cannot be had, and why not: the code, and the details. A page has to load each
 * sentence that is not in here; `docs/client.md` has them, by code.
 *
 * @param wanted What was asked for, behind "Cannot".
 */
export function refused(
  code: string,
  wanted: string,
  details?: Readonly<Record<string, unknown>>,
  options?: TroupeErrorOptions,
): TroupeError {
  const words = details === undefined ? "" : ` ${JSON.stringify(details)}`;
  return new TroupeError(code, `Cannot ${wanted}: ${code}${words}`, { ...options, details });
}

/** Refuses an option that is too small, or no number. */
export function checkAtLeastOne(option: string, value: number): void {
  if (!(value >= 1)) throw refused("invalid_option", "connect", { option, value, accepted: "at least 1" });
}

/** Whether a refusal of the server's passes by itself, so that the same may be asked again. */
export function passes(reason: unknown): boolean {
  return ["overloaded", "rate_limited", "not_stored", "topic_unavailable", "too_many_topics"].includes(
    reason as string,
  );
}

/** When the server says that it can be tried again; `undefined` where it does not say. */
export function retryAfterMsOf(response: unknown): number | undefined {
  const { retryAfterMs: ms } = (response ?? {}) as { retryAfterMs?: unknown };
  return typeof ms === "number" ? ms : undefined;
}
