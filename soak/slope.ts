/** How something grows, by least squares. */
export interface Slope {
  /** In units of it a minute. */
  readonly perMinute: number;
  /** How uncertain that is: its standard error. */
  readonly error: number;
  /** Its mean. */
  readonly mean: number;
  /** The time from the first to the last of the samples, in milliseconds. */
  readonly overMs: number;
  readonly count: number;
}

/** Something that was looked at. */
export interface Sample {
  readonly atMs: number;
  readonly value: number;
}

/** The fewest samples that a slope is made of. */
export const MIN_SAMPLES = 8;

/**
 * The slope of `samples`; `null` if they are too few. What is next to each other is alike, so that the error by the
 * textbook is too small: it is made greater by the correlation of neighbours.
 */
export function slopeOf(samples: readonly Sample[]): Slope | null {
  const count = samples.length;
  if (count < MIN_SAMPLES) return null;
  const meanAt = samples.reduce((sum, { atMs }) => sum + atMs, 0) / count;
  const mean = samples.reduce((sum, { value }) => sum + value, 0) / count;
  let spread = 0, product = 0;
  for (const { atMs, value } of samples) {
    spread += (atMs - meanAt) ** 2;
    product += (atMs - meanAt) * (value - mean);
  }
  const perMs = product / spread;
  const residuals = samples.map(({ atMs, value }) => value - mean - perMs * (atMs - meanAt));
  const squares = residuals.reduce((sum, residual) => sum + residual ** 2, 0);
  let neighbours = 0;
  for (let i = 1; i < count; i++) neighbours += residuals[i] * residuals[i - 1];
  const correlation = squares === 0 ? 0 : Math.min(Math.max(neighbours / squares, 0), 0.9);
  const variance = squares / (count - 2) * (1 + correlation) / (1 - correlation);
  return {
    perMinute: perMs * 60_000,
    error: Math.sqrt(variance / spread) * 60_000,
    mean,
    overMs: samples[count - 1].atMs - samples[0].atMs,
    count,
  };
}

/**
 * Whether it clearly grows: by more than `allowed` over the time that was looked at, even if the slope is three of its
 * errors less than it looks.
 */
export function grows({ perMinute, error, overMs }: Slope, allowed: number): boolean {
  return (perMinute - 3 * error) * overMs / 60_000 > allowed;
}
