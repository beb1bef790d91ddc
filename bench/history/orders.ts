/**
 * What the loads of `history.ts` are asked to do, and what they answer: JSON, between two processes.
 *
 * @module
 */

import type { FanoutTask } from "../load/fanout.ts";
import type { Throughput } from "../load/order.ts";

/** How the contenders take turns: all of them are there all the time, so that what else the machine does harms all. */
export interface Turns {
  readonly rounds: number;
  /** How long each goes on in each round. */
  readonly roundMs: number;
}

/** Publish in each topic in turn. */
export interface FanoutsOrder extends Turns {
  readonly contenders: readonly FanoutTask[];
  /** How many publications are in flight. */
  readonly inFlight: number;
}

/** Who joins, and how. */
export interface JoinTask {
  readonly port: number;
  readonly serverPid: number;
  readonly path: string;
  readonly topic: string;
  /** How many publications it has missed; `null`: it has no position. */
  readonly missed: number | null;
  /** Whether each join has a connection of its own; else it is one more join of the same. */
  readonly connects: boolean;
}

/** Join in each of these ways in turn. */
export interface JoinsOrder extends Turns {
  readonly contenders: readonly JoinTask[];
  /** How many are under way at a time. */
  readonly atOnce: number;
  readonly payloadBytes: number;
}

/** What came of one contender in one round. */
export type Round = Pick<Throughput, "perSecond" | "serverLoad" | "ownLoad">;

/** What came of one contender. */
export type Course = readonly Round[];
