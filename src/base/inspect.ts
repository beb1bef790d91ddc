/**
 * The pull side of observation: what can be asked of a running engine at any time, at no cost until it is asked.
 *
 * @module
 */

/** One actor in the live tree. */
export interface ActorInfo {
  /** Its place in the tree, e.g. `/app/topics/room:1`. */
  readonly path: string;
  /** The name of its behaviour, e.g. `topic`. */
  readonly behavior: string;
  /** What it is doing. `suspended`: it waits for its own promise. `waiting`: it will be restarted after a delay. */
  readonly status: "starting" | "running" | "suspended" | "waiting" | "stopping" | "stopped";
  /** How many messages wait in its mailbox, system lane included. */
  readonly mailboxLength: number;
  /** How often it was restarted by its supervisor. */
  readonly restarts: number;
  /** Milliseconds since it was started or last restarted. */
  readonly uptimeMs: number;
  /** The actors that it supervises, oldest first. */
  readonly children: readonly ActorInfo[];
}

/**
 * Counts by name. Names come from the engine alone, never from outside, so that the set of them is bounded.
 *
 * @example
 * ```ts
 * import { Counters } from "@troupe/core/actors";
 * import { assertEquals } from "@std/assert";
 *
 * const counters = new Counters();
 * counters.add("dead_letters.stopped");
 * assertEquals(counters.get("dead_letters.stopped"), 1);
 * assertEquals(counters.get("never"), 0);
 * ```
 */
export class Counters {
  readonly #counts = new Map<string, number>();

  /** Adds `by` (default 1) to the count of `name`. */
  add(name: string, by = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
  }

  /** The count of `name`; 0 if nothing was ever counted under it. */
  get(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  /** All counts, sorted by name. */
  snapshot(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
