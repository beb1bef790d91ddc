import type { Figures } from "../figures.ts";
import { rssKib } from "../proc.ts";
import { Fanout } from "./fanout.ts";
import type { HeldOrder } from "./order.ts";

/** Opens very many connections that join a topic, and publishes once, to all of them. */
export function held(order: HeldOrder): Figures[] {
  const startMs = performance.now();
  const run = new Fanout({ ...order, connections: order.connections - 1, payloadBytes: 128 });
  const seconds = (performance.now() - startMs) / 1_000;
  const reachMs = run.once();
  const serverMib = rssKib(order.serverPid) / 1_024;
  run.close();
  return [{ perSecond: order.connections / seconds, serverMib, reachMs, reached: order.connections }];
}
