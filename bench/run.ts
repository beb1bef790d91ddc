import type { Case, Contender, Effort } from "./cases.ts";
import type { Footprint, Order, Throughput } from "./load/order.ts";
import { runLoad, startServer } from "./processes.ts";

/** What came of one contender: one outcome for each round. */
export interface Outcomes<R = Throughput | Footprint> {
  readonly contender: Contender;
  readonly rounds: readonly R[];
}

/**
 * Runs a case. In every round each contender has a fresh server, and the order of the contenders turns around from
 * round to round, so that a machine that gets slower harms all alike.
 */
export async function runCase({ contenders }: Case, { rounds }: Effort): Promise<Outcomes[]> {
  const outcomes = contenders.map((contender) => ({ contender, rounds: [] as (Throughput | Footprint)[] }));
  for (let round = 0; round < rounds; round++) {
    for (const each of round % 2 === 0 ? outcomes : outcomes.toReversed()) {
      each.rounds.push(await runOnce(each.contender));
    }
  }
  return outcomes;
}

/**
 * For memory: garbage collection on demand, and a young generation that has its full size from the start. V8 lets it
 * grow in steps to three times these 16 MiB, sooner or later; a step that falls into the run of one contender and not
 * of the other would count for more than its connections.
 */
const MEMORY_FLAGS = ["--expose-gc", "--min-semi-space-size=16", "--max-semi-space-size=16"];

async function runOnce({ server, task }: Contender): Promise<Throughput | Footprint> {
  await using running = await startServer(server, task.kind === "idle" ? MEMORY_FLAGS : []);
  return await runLoad<Order>({ ...task, port: running.port, serverPid: running.pid });
}
