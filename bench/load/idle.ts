import { delay } from "@std/async/delay";
import type { Figures } from "../figures.ts";
import { rssKib } from "../proc.ts";
import { Connections } from "./connections.ts";
import type { IdleOrder } from "./order.ts";
import { wireOf } from "./wire.ts";

/** Opens connections that say nothing, and looks at what each costs the server. */
export async function idle(order: IdleOrder): Promise<Figures[]> {
  const { serverPid, settleMs, port } = order;
  const connections = new Connections({ port, wire: wireOf(order.wire) });
  const collect = async (): Promise<void> => {
    const answer = await (await fetch(`http://127.0.0.1:${port}/collect`)).text();
    if (answer !== "yes") throw new Error(`The server cannot collect its garbage: ${answer}`);
  };
  // What the server needs once, e.g. compiled code, is there before, and so is the memory of the request.
  connections.open(order.warmUp);
  await collect();
  const before = rssKib(serverPid);
  connections.open(order.warmUp + order.connections);
  await delay(settleMs);
  const settled = rssKib(serverPid);
  await collect();
  const collected = rssKib(serverPid);
  connections.close();
  const each = (after: number): number => (after - before) / order.connections;
  return [{ settledKib: each(settled), collectedKib: each(collected) }];
}
