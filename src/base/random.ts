/**
 * The only door to randomness. The engine draws ids, jitter and scheduling choices from a {@link Random}, so that one
 * seed fixes them all in a test.
 *
 * @module
 */

/** A source of random numbers and ids. */
export interface Random {
  /** A number in [0, 1). */
  float(): number;
  /** A whole number in [0, `below`). `below` MUST be at least 1. */
  integer(below: number): number;
  /** A version 4 UUID (RFC 9562, section 5.4). From {@link systemRandom} it is fit to be a secret. */
  uuid(): string;
}

class SystemRandom implements Random {
  float(): number {
    return Math.random();
  }

  integer(below: number): number {
    return Math.floor(Math.random() * below);
  }

  uuid(): string {
    return crypto.randomUUID();
  }
}

/** The machine's randomness: ids are cryptographically random, numbers merely uniform. */
export const systemRandom: Random = new SystemRandom();

/** sfc32 (Chris Doty-Humphrey, PractRand): 128 bits of state, passes PractRand, four additions a draw. */
class SeededRandom implements Random {
  #a = 0x9e3779b9;
  #b = 0x243f6a88;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    this.#c = seed >>> 0;
    for (let i = 0; i < 15; i++) this.#next();
  }

  float(): number {
    return this.#next() / 0x1_0000_0000;
  }

  integer(below: number): number {
    return Math.floor(this.float() * below);
  }

  uuid(): string {
    let hex = "";
    for (let i = 0; i < 4; i++) hex += this.#next().toString(16).padStart(8, "0");
    const variant = "89ab"[parseInt(hex[16], 16) & 3];
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${
      hex.slice(20)
    }`;
  }

  #next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum | 0;
    return sum >>> 0;
  }
}

/**
 * Randomness that one number fixes: the same seed gives the same draws, in the same order, on every machine. For
 * tests and simulation only; its ids can be guessed.
 *
 * @example
 * ```ts
 * import { seededRandom } from "@troupe/core/testing";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(seededRandom(7).uuid(), seededRandom(7).uuid());
 * ```
 */
export function seededRandom(seed: number): Random {
  return new SeededRandom(seed);
}
