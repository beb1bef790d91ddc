import { delay } from "@std/async/delay";
import { rssKib } from "../proc.ts";
import { Connections } from "./connections.ts";
import type { Footprint, IdleOrder } from "./order.ts";
import { joinMessage } from "./words.ts";

/** Opens connections that say nothing, and looks at what each costs the server. */
export async function idle(order: IdleOrder): Promise<Footprint> {
  const { topic, serverPid, settleMs, port } = order;
  const connections = new Connections({ ...order, join: topic === null ? null : joinMessage(topic) });
  const collect = async (): Promise<void> => {
    await (await fetch(`http://127.0.0.1:${port}/collect`)).text();
  };
  await collect(); // the request's own memory is there before, too
  const before = rssKib(serverPid);
  connections.open(order.connections);
  await delay(settleMs);
  const settled = rssKib(serverPid);
  await collect();
  const collected = rssKib(serverPid);
  connections.close();
  const each = (after: number): number => (after - before) / order.connections;
  return { settledKib: each(settled), collectedKib: each(collected) };
}
