/**
 * Bugs on purpose, each a change of one place in the source: what the simulation has to find.
 *
 * @module
 */

import { ACTORS } from "./bugs/actors.ts";
import { EDGES } from "./bugs/edges.ts";
import { REPEATS } from "./bugs/repeats.ts";
import { RETURNS } from "./bugs/returns.ts";
import { SESSIONS } from "./bugs/sessions.ts";
import { TOPICS } from "./bugs/topics.ts";

/** A bug. */
export interface Bug {
  readonly name: string;
  /** Where it is put in. */
  readonly file: string;
  /** What stands there: once. */
  readonly from: string;
  /** What stands there instead. */
  readonly to: string;
  /** Needs more to come together than others: it may take up to so many seeds. Default: {@link SEEDS}. */
  readonly seeds?: number;
}

/** How many seeds it may take to find a bug. */
export const SEEDS = 1_000;

/** All of them. */
export const BUGS: readonly Bug[] = [...ACTORS, ...TOPICS, ...SESSIONS, ...REPEATS, ...RETURNS, ...EDGES];
