/** What a process is asked to end with. Windows knows no SIGTERM. */
const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGTERM", "SIGINT"];

/** Calls `action` at the first SIGTERM or SIGINT. Returns what takes that back. */
export function onTerminationSignals(action: () => void): () => void {
  const stop = (): void => {
    for (const signal of SIGNALS) Deno.removeSignalListener(signal, listener);
  };
  const listener = (): void => {
    stop(); // a second signal ends the process at once
    action();
  };
  for (const signal of SIGNALS) Deno.addSignalListener(signal, listener);
  return stop;
}
