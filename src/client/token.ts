/**
 * What lets a client in.
 *
 * @module
 */

import type { Clock } from "../base/clock.ts";
import { checkAtLeastOne, refused } from "./refused.ts";

/** Gives the token of a connection that is about to be made; `undefined` or `null` for none. */
export type TokenSource = () => string | null | undefined | Promise<string | null | undefined>;

/** How long a token may take, in milliseconds, by default. */
export const TOKEN_TIMEOUT_MS = 10_000;

/**
 * The same source, whose promises reject with `token_timeout` where they take longer than `timeoutMs`: a client that
 * waits for one has no other try. Throws `invalid_option`.
 */
export function within(timeoutMs: number, clock: Clock, source: TokenSource): TokenSource {
  checkAtLeastOne("tokenTimeoutMs", timeoutMs);
  return () => {
    const token = source();
    if (!(token instanceof Promise)) return token;
    return new Promise((resolve, reject) => {
      const late = (): void =>
        reject(refused("token_timeout", "connect", { timeoutMs }, { retryable: true }));
      const timer = clock.setTimer(late, timeoutMs);
      token.then(resolve, reject).finally(() => clock.clearTimer(timer));
    });
  };
}
