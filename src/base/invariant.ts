import { TroupeError } from "./errors.ts";

/**
 * States what must hold if the engine itself is right. Throws a {@link TroupeError} with the code `invariant` if it
 * does not: a fault of ours, never of the caller's or of a client.
 */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new TroupeError("invariant", `Troupe broke its own rule: ${message}`);
}
