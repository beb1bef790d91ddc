import type { Figures } from "../figures.ts";
import { cpuSeconds } from "../proc.ts";
import { Connections } from "./connections.ts";
import type { JoinsOrder } from "./order.ts";
import { wireOf } from "./wire.ts";

/** Connects, and joins where the wire has joins: how many a second are in. */
export function joins(order: JoinsOrder): Figures[] {
  const { serverPid, port } = order;
  const connections = new Connections({ port, wire: wireOf(order.wire) });
  connections.open(order.warmUp);
  const now = () => ({ ms: performance.now(), server: cpuSeconds(serverPid), own: cpuSeconds(Deno.pid) });
  const begin = now();
  connections.open(order.warmUp + order.connections);
  const end = now();
  connections.close();
  const seconds = (end.ms - begin.ms) / 1_000;
  const server = end.server - begin.server;
  return [{
    perSecond: order.connections / seconds,
    cpuMicros: server / order.connections * 1e6,
    serverLoad: server / seconds,
    ownLoad: (end.own - begin.own) / seconds,
  }];
}
