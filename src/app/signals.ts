import type { Clock } from "../base/clock.ts";

/** What a process is asked to end with. Windows knows no SIGTERM. */
const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGTERM", "SIGINT"];

/** Calls `action` at the first SIGTERM or SIGINT; a second one ends the process at once. Returns what takes it back. */
export function onTerminationSignals(action: () => void): () => void {
  const stop = (): void => {
    for (const signal of SIGNALS) Deno.removeSignalListener(signal, listener);
  };
  const listener = (): void => {
    stop();
    action();
  };
  for (const signal of SIGNALS) Deno.addSignalListener(signal, listener);
  return stop;
}

/** How long a process may live on after its apps were closed. */
export interface Lingering {
  readonly clock: Clock;
  /** In milliseconds. Default: 10,000. */
  readonly deadlineMs?: number;
}

/** How many endings are under way in this process: several apps may be told by the same signal. */
let ending = 0;

/**
 * Runs `close`, then ends the process: at once, or with `lingering` only if something still keeps it alive after that
 * time. Where another app of this process is still at it, the last one does.
 */
export async function endProcess(close: () => Promise<void>, lingering?: Lingering): Promise<void> {
  ending++;
  await close();
  if (--ending > 0) return;
  if (lingering === undefined) Deno.exit();
  const timer = lingering.clock.setTimer(() => Deno.exit(), lingering.deadlineMs ?? 10_000);
  // It keeps nobody alive by itself. The runtime's timers are numbers, or objects as Node's are.
  if (typeof timer === "number") Deno.unrefTimer(timer);
  else (timer as { unref?: () => void }).unref?.();
}
