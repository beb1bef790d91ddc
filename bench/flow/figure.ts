import { runProgram, startServer } from "../processes.ts";
import type { Added, MemoryOrder } from "./orders.ts";

/**
 * What one connection holds at the most with the default limits, in KiB, for messages of `payloadBytes`. The same as in
 * `docs/flow_control.md`: what waits in its outbox, and what the runtime was given, of which each frame costs about 1 KiB
 * beside its data, and the last may be one too many. `own`: where what waits is no publication, which all readers share,
 * each frame in the outbox costs about 0.1 KiB beside its data, too.
 */
export function mostKib(payloadBytes: number, own: boolean): number {
  const outboxKib = 1_024 + (own ? 8_192 * 0.1 : 0);
  const runtimeKib = 64 + payloadBytes / 1_024 + 256;
  return outboxKib + runtimeKib;
}

/** By how much the figure may be missed. */
export const TOLERANCE = 1.2;

/** What readers that read nothing add to a server of their own. */
export async function memoryAdded(order: Omit<MemoryOrder, "port" | "serverPid">): Promise<Added> {
  // The young generation has its full size from the start: a step of its growth is no reader's.
  const flags = ["--expose-gc", "--min-semi-space-size=16", "--max-semi-space-size=16"];
  await using server = await startServer("flow", flags);
  return JSON.parse(
    await runProgram("./flow/memory.ts", { ...order, port: server.port, serverPid: server.pid }),
  );
}
