import type { Figures } from "../figures.ts";
import { Fanout } from "./fanout.ts";
import type { SubscribersOrder } from "./order.ts";

/** One publication in flight, to more and more subscribers: what each publication costs the server. */
export function subscribers(order: SubscribersOrder): Figures[] {
  return order.sizes.map((size) => {
    const run = new Fanout({ ...order, connections: size - 1, payloadBytes: 128 });
    run.during(order.warmUpMs, { inFlight: 1 });
    const { cpuMicros, serverLoad } = run.during(order.durationMs, { inFlight: 1 });
    run.close();
    return { cpuMicros: cpuMicros * size, serverLoad };
  });
}
