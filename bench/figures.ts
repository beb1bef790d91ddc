/** What is measured, each with its unit. */
export type Figure =
  /** Messages, joins or spawns a second. */
  | "perSecond"
  /** The server's processor time for each of them, in microseconds. */
  | "cpuMicros"
  /** The same for a leave and a join. */
  | "joinMicros"
  /** The share of one core that the server had, and that the load had. */
  | "serverLoad"
  | "ownLoad"
  /** How many messages a frame held on average. */
  | "messagesPerFrame"
  | "p50Ms"
  | "p99Ms"
  /** Memory for each connection: after settling, and after a forced garbage collection. */
  | "settledKib"
  | "collectedKib"
  /** Heap for each actor. */
  | "heapBytes"
  /** All of the server's memory. */
  | "serverMib"
  /** How long one publication took to reach all, and how many that were. */
  | "reachMs"
  | "reached";

/** What came of one run: figures by name. */
export type Figures = Readonly<Partial<Record<Figure, number>>>;
