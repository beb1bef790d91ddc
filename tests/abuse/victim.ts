import type { Limits } from "../../mod.ts";
import type { Gauges } from "./server.ts";

/** The attacked server. */
export interface Victim extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
  /** What it says of itself, garbage collected. */
  gauges(): Promise<Gauges>;
}

/** Starts it. `limits`: those that are not the defaults, for an attack that is smaller than the defaults allow. */
export async function startVictim(limits: Limits = {}): Promise<Victim> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--v8-flags=--expose-gc",
      new URL("./server.ts", import.meta.url).pathname,
      JSON.stringify(limits),
    ],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const port = Number((await reader.read()).value);
  return {
    pid: child.pid,
    port,
    gauges: async () => await (await fetch(`http://127.0.0.1:${port}/gauges`)).json(),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await reader.cancel();
      await child.status;
    },
  };
}
