/**
 * What the load is asked to do, and what it answers: JSON, between two processes.
 *
 * @module
 */

/** What every order says. */
interface CommonOrder {
  readonly port: number;
  readonly serverPid: number;
  readonly path: string;
  /** A topic to join, with the Phoenix protocol; `null`: raw text. */
  readonly topic: string | null;
  readonly connections: number;
}

/** Send and expect the same back, some in flight on each connection. */
export interface EchoOrder extends CommonOrder {
  readonly kind: "echo";
  readonly inFlight: number;
  readonly payloadBytes: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
}

/** One connection publishes, all receive; some publications in flight. */
export interface FanoutOrder extends CommonOrder {
  readonly kind: "fanout";
  readonly inFlight: number;
  readonly payloadBytes: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
  /** Whether the server sends back what it got, as it is; else it sends V2 publications. */
  readonly verbatim: boolean;
  /** Whether each publication has its offset behind it, from 1. Default: no. */
  readonly hasOffset?: boolean;
}

/** Open, settle, and look at the server's memory. */
export interface IdleOrder extends CommonOrder {
  readonly kind: "idle";
  readonly settleMs: number;
}

/** What the load is asked to do. */
export type Order = EchoOrder | FanoutOrder | IdleOrder;

/** What came of an echo or a fan-out. */
export interface Throughput {
  /** Messages received a second, over all connections. */
  readonly perSecond: number;
  /** Messages received for each second of the server's processor time. */
  readonly perCpuSecond: number;
  /** The share of one core that the server had. */
  readonly serverLoad: number;
  /** The share of one core that the load had. */
  readonly ownLoad: number;
  /** How many messages were compared byte by byte. The order was checked in all of them. */
  readonly compared: number;
  /** How many messages a frame held on average. */
  readonly messagesPerFrame: number;
  /** How long the slowest 1 % of the echoes took at least, in milliseconds; `null`: not measured. */
  readonly p99Ms: number | null;
}

/** What came of an idle run, in KiB for each connection. */
export interface Footprint {
  /** As it is after settling. */
  readonly settledKib: number;
  /** After a forced garbage collection. */
  readonly collectedKib: number;
}
