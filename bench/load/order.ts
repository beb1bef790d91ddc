/**
 * What the load is asked to do: JSON, between two processes. It answers with figures for each window, or size; where it
 * takes turns, with those of the window that it is told the number of, each time that it is told one.
 *
 * @module
 */

import type { Figures } from "../figures.ts";
import type { WireSpec } from "./wire.ts";

/** What every order says. */
interface CommonOrder {
  readonly port: number;
  readonly serverPid: number;
  readonly wire: WireSpec;
  readonly connections: number;
}

/** Send and expect the same back, on each connection. It runs a turn whenever it is told to. */
export interface EchoOrder extends CommonOrder {
  readonly kind: "echo";
  /** All over the same connections. */
  readonly windows: readonly { readonly inFlight: number; readonly payloadBytes: number }[];
  readonly warmUpMs: number;
  /** How long a turn takes. */
  readonly durationMs: number;
}

/** One connection publishes, all receive. It runs a turn whenever it is told to. */
export interface FanoutOrder extends CommonOrder {
  readonly kind: "fanout";
  /** How fast to publish, in each window. */
  readonly paces: readonly Pace[];
  readonly payloadBytes: number;
  readonly warmUpMs: number;
  /** How long a turn takes. */
  readonly durationMs: number;
}

/** How fast to publish: so that so many are in flight, or at a steady rate. */
export type Pace = { readonly inFlight: number } | { readonly perSecond: number };

/** Connect, and join where the wire has joins. */
export interface JoinsOrder extends CommonOrder {
  readonly kind: "joins";
  /** As many before, which do not count. */
  readonly warmUp: number;
}

/** Open, settle, and look at the server's memory. */
export interface IdleOrder extends CommonOrder {
  readonly kind: "idle";
  /** As many before, which do not count. */
  readonly warmUp: number;
  readonly settleMs: number;
}

/** Open very many, and publish once. */
export interface HeldOrder extends CommonOrder {
  readonly kind: "held";
}

/** Publish to more and more subscribers. */
export interface SubscribersOrder extends Omit<CommonOrder, "connections"> {
  readonly kind: "subscribers";
  readonly sizes: readonly number[];
  readonly warmUpMs: number;
  readonly durationMs: number;
}

/** Publish, leave and join where more and more topics, or patterns, are joined. */
export interface PopulationOrder extends Omit<CommonOrder, "wire"> {
  readonly kind: "population";
  readonly grows: "topics" | "patterns";
  readonly sizes: readonly number[];
  /** How many publications, and how many leaves with a join, are measured at each size. */
  readonly operations: number;
}

/** What the load is asked to do at once. */
export type RunOrder =
  | JoinsOrder
  | IdleOrder
  | HeldOrder
  | SubscribersOrder
  | PopulationOrder;

/** What the load does in turns with others. */
export type TurnOrder = EchoOrder | FanoutOrder;

/** What the load is asked to do. */
export type Order = RunOrder | TurnOrder;

/** An order without the server's address. */
export type Task<O extends Order = RunOrder> = O extends Order ? Omit<O, "port" | "serverPid"> : never;

/** What came of an echo or a fan-out. */
export interface Throughput extends Figures {
  readonly perSecond: number;
  readonly cpuMicros: number;
  readonly serverLoad: number;
  readonly ownLoad: number;
  readonly messagesPerFrame: number;
}
