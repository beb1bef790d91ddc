/** How many buckets there are for a doubling: 1.1 % each. */
const PER_DOUBLING = 64;
/** The upper end of the first bucket, in milliseconds. */
const LEAST_MS = 0.01;

/** Counts how long things took, in buckets that grow by 1.1 %. */
export class Latencies {
  readonly #counts = new Uint32Array(24 * PER_DOUBLING);
  #total = 0;

  /** Whether nothing was added. */
  get isEmpty(): boolean {
    return this.#total === 0;
  }

  /** Something took `ms` milliseconds. */
  add(ms: number): void {
    const bucket = Math.ceil(Math.log2(Math.max(ms, LEAST_MS) / LEAST_MS) * PER_DOUBLING);
    this.#counts[Math.min(bucket, this.#counts.length - 1)]++;
    this.#total++;
  }

  /** Forgets all. */
  clear(): void {
    this.#counts.fill(0);
    this.#total = 0;
  }

  /** What the share `quantile` of all took at the most, in milliseconds. */
  quantileMs(quantile: number): number {
    let seen = 0;
    const bucket = this.#counts.findIndex((count) => (seen += count) >= this.#total * quantile);
    return LEAST_MS * 2 ** (bucket / PER_DOUBLING);
  }
}
