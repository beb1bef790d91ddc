import { type Random, seededRandom } from "../../base/random.ts";

/** Somebody with a clock of its own: one life of the server, or a client's machine. */
export class Party {
  /** Its name, for the trace. */
  readonly name: string;
  /** Its randomness. */
  readonly random: Random;
  /** How far its wall clock is off, in milliseconds. It may jump. */
  skewMs = 0;
  /** Whether it runs: what somebody who has been killed had planned does not happen. */
  alive = true;

  constructor(name: string, random: Random) {
    this.name = name;
    this.random = random;
  }
}

/** Randomness for one purpose of a run: what is drawn for it does not depend on what is drawn for others. */
export function randomFor(seed: number, purpose: string): Random {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = 0; i < purpose.length; i++) hash = Math.imul(hash ^ purpose.charCodeAt(i), 0x01000193);
  return seededRandom(hash);
}

/** A whole number from `min` to `max`, both included. */
export function between(random: Random, min: number, max: number): number {
  return min + random.integer(max - min + 1);
}
