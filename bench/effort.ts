/** How much is measured. */
export interface Effort {
  /** How often every contender runs, alternating with the others. */
  readonly rounds: number;
  /** Of a server, until its code is compiled for good: what runs for weeks is not judged by its first moments. */
  readonly warmUpMs: number;
  readonly durationMs: number;
  /** How many turns a round of an echo or a fan-out has, and how long each takes. */
  readonly turns: number;
  readonly turnMs: number;
  /** How long one takes at a steady rate, which has few publications a second: a 99th percentile needs many. */
  readonly steadyMs: number;
  readonly settleMs: number;
  /** Divides the numbers of connections, topics, messages and so on. */
  readonly divisor: number;
  /** Whether all sizes are measured, or one. */
  readonly allSizes: boolean;
}

/** What figures are worth showing to others: the least number of rounds is its own. */
export const FULL: Effort = {
  rounds: 5,
  warmUpMs: 1_500,
  durationMs: 500,
  turns: 5,
  turnMs: 200,
  steadyMs: 4_000,
  settleMs: 1_000,
  divisor: 1,
  allSizes: true,
};

/** Does it all still work? Fewer sizes, fewer connections, and figures that mean nothing. */
export const QUICK: Effort = {
  rounds: 1,
  warmUpMs: 10,
  durationMs: 20,
  turns: 2,
  turnMs: 20,
  steadyMs: 200,
  settleMs: 10,
  divisor: 50,
  allSizes: false,
};
