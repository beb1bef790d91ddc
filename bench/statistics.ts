/** The middle of several rounds, and how far they are apart. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The spread of `values`, at least one. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, min: sorted[0], max: sorted[sorted.length - 1] };
}

/** A size, and what it costs. Both are above 0. */
export interface Point {
  readonly size: number;
  readonly cost: number;
}

/**
 * How a cost grows with the size: the slope of the line that fits the points best where both axes are logarithmic. 0 is
 * flat, 1 is linear, 2 is quadratic. At least two sizes.
 */
export function exponent(points: readonly Point[]): number {
  const x = points.map(({ size }) => Math.log(size));
  const y = points.map(({ cost }) => Math.log(cost));
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(x), mean(y)];
  const both = mean(x.map((value, i) => (value - meanX) * (y[i] - meanY)));
  return both / mean(x.map((value) => (value - meanX) ** 2));
}
