/** How many buckets there are for a doubling: 9 % each. */
const PER_DOUBLING = 8;
/** The upper end of the first bucket, in milliseconds. */
const LEAST_MS = 0.01;

/** Counts how long things took, in buckets that grow by 9 %. */
export class Latencies {
  readonly #counts = new Uint32Array(32 * PER_DOUBLING);

  /** Something took `ms` milliseconds. */
  add(ms: number): void {
    const bucket = Math.ceil(Math.log2(Math.max(ms, LEAST_MS) / LEAST_MS) * PER_DOUBLING);
    this.#counts[Math.min(bucket, this.#counts.length - 1)]++;
  }

  /** Forgets all. */
  clear(): void {
    this.#counts.fill(0);
  }

  /** What the share `quantile` of all took at the most, in milliseconds. */
  quantileMs(quantile: number): number {
    const total = this.#counts.reduce((sum, count) => sum + count, 0);
    let seen = 0;
    const bucket = this.#counts.findIndex((count) => (seen += count) >= total * quantile);
    return LEAST_MS * 2 ** (bucket / PER_DOUBLING);
  }
}
