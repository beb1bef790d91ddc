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
  /** How much there was to be held then, e.g. connections: what the value owes to that is no growth. Default: 0. */
  readonly held?: number;
}

/** The fewest samples that a slope is made of. */
export const MIN_SAMPLES = 8;

/**
 * The slope of `samples`, beside what follows from how much was held; `null` if they are too few. What is next to each
 * other is alike, so that the error by the textbook is too small: it is made greater by the correlation of neighbours.
 */
export function slopeOf(samples: readonly Sample[]): Slope | null {
  const count = samples.length;
  if (count < MIN_SAMPLES) return null;
  const held = centred(samples.map((sample) => sample.held ?? 0));
  const times = without(held, centred(samples.map(({ atMs }) => atMs)));
  const values = without(held, centred(samples.map(({ value }) => value)));
  const spread = product(times, times);
  const perMs = product(times, values) / spread;
  const residuals = values.map((value, i) => value - perMs * times[i]);
  const squares = product(residuals, residuals);
  const neighbours = product(residuals.slice(1), residuals);
  const correlation = squares === 0 ? 0 : Math.min(Math.max(neighbours / squares, 0), 0.9);
  const variance = squares / (count - 3) * (1 + correlation) / (1 - correlation);
  return {
    perMinute: perMs * 60_000,
    error: Math.sqrt(variance / spread) * 60_000,
    mean: samples.reduce((sum, { value }) => sum + value, 0) / count,
    overMs: samples[count - 1].atMs - samples[0].atMs,
    count,
  };
}

function centred(values: readonly number[]): number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}

/** What is left of `values` when what is in proportion to `by` is taken out. Both are centred. */
function without(by: readonly number[], values: readonly number[]): number[] {
  const spread = product(by, by);
  if (spread === 0) return [...values];
  const share = product(by, values) / spread;
  return values.map((value, i) => value - share * by[i]);
}

/** The sum of the products of each two, as far as `one` goes. */
function product(one: readonly number[], other: readonly number[]): number {
  return one.reduce((sum, value, i) => sum + value * other[i], 0);
}

/**
 * Whether it clearly grows: by more than `allowed` over the time that was looked at, even if the slope is three of its
 * errors less than it looks.
 */
export function grows({ perMinute, error, overMs }: Slope, allowed: number): boolean {
  return (perMinute - 3 * error) * overMs / 60_000 > allowed;
}
