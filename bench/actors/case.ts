/**
 * What is measured: the same five programs for every system.
 *
 * @module
 */

/** The programs' names, in the order of the table. */
export const CASES = ["ping-pong", "fan-in", "10,000 actors", "spawn", "heap"] as const;

/** One of the programs. */
export type CaseName = typeof CASES[number];

/** The systems' names, in the order of the table. `troupe (again)` is Troupe once more: the A/A pair, the noise floor. */
export const SYSTEMS = ["bare", "troupe", "troupe (again)", "xstate", "nact"] as const;

/** One of the systems. */
export type SystemName = typeof SYSTEMS[number];

/** Producers of a fan-in, and how many messages each sends to the one consumer in a round. */
export const PRODUCERS = 100, BURST = 8;

/** Messages of one round of a fan-in. */
export const FAN_IN_ROUND: number = PRODUCERS * (BURST + 1);

/** Actors that are told in turn. */
export const CROWD = 10_000;

/** A program whose actors have been started: that is not measured. */
export interface Program {
  /** Measured: ends when `messages` messages have been handled. A fan-in and a crowd round up to whole rounds. */
  run(messages: number): void | Promise<void>;
  /** Stops the actors. Not measured. */
  end(): void | Promise<void>;
}

/** The programs of one system. */
export interface Programs {
  /** Two actors send a number to and fro, one less each time. */
  pingPong(): Program;
  /** {@link PRODUCERS} actors send {@link BURST} messages each to one that counts, and begin again when it has all. */
  fanIn(): Program;
  /** {@link CROWD} actors are told in turn, round after round, from outside. */
  crowd(): Program;
  /** Measured: starts actors below one parent, each by itself, and lets each begin. */
  spawn(actors: number): void;
  /** Starts actors and has each handle a message; what is returned keeps them all alive, in one array. */
  idle(actors: number): Promise<readonly unknown[]>;
}
