import type { Column } from "../case.ts";

/** How fast, and what it costs. */
export const RATE: readonly Column[] = [
  { figure: "perSecond", head: "1,000/s", digits: 1, per: 1_000, spread: true },
  { figure: "cpuMicros", head: "CPU µs each", digits: 2, spread: true },
];

/** Who was busy. */
export const LOADS: readonly Column[] = [
  { figure: "serverLoad", head: "server", digits: 2 },
  { figure: "ownLoad", head: "load", digits: 2 },
];

/** How long it took. */
export const DELAYS: readonly Column[] = [
  { figure: "p50Ms", head: "p50 ms", digits: 2 },
  { figure: "p99Ms", head: "p99 ms", digits: 2 },
];
