import type { Footprint, Order, Throughput } from "./load/order.ts";

/** Which server. */
export type ServerName = "bare" | "troupe";

/** A server that runs in a process of its own. */
export interface Server extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
}

/** Whether server and load each have a core of their own. */
export const pinned: boolean = navigator.hardwareConcurrency > 1 && hasTaskset();

/** Starts a server, on the first core. `v8Flags`: e.g. `--expose-gc`. */
export async function startServer(name: ServerName, v8Flags: readonly string[] = []): Promise<Server> {
  const flags = v8Flags.length === 0 ? [] : [`--v8-flags=${v8Flags.join(",")}`];
  const child = command(0, ["run", "-A", ...flags, path(`./servers/${name}.ts`)]).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value, done } = await reader.read();
  if (done || !/^\d+\n$/.test(value)) throw new Error(`The ${name} server did not start: see above`);
  return {
    pid: child.pid,
    port: Number(value),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await reader.cancel();
      await child.status;
    },
  };
}

/** Runs the load, on the second core. */
export async function runLoad<O extends Order>(
  order: O,
): Promise<O extends { kind: "idle" } ? Footprint : Throughput> {
  const { success, stdout } = await command(1, ["run", "-A", path("./load/main.ts"), JSON.stringify(order)])
    .output();
  if (!success) throw new Error(`The load failed at ${JSON.stringify(order)}: see above`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

function command(core: number, args: string[]): Deno.Command {
  const options = { stdout: "piped", stderr: "inherit" } as const;
  if (!pinned) return new Deno.Command(Deno.execPath(), { args, ...options });
  return new Deno.Command("taskset", { args: ["-c", String(core), Deno.execPath(), ...args], ...options });
}

function path(relative: string): string {
  return new URL(relative, import.meta.url).pathname;
}

function hasTaskset(): boolean {
  try {
    return new Deno.Command("taskset", { args: ["--version"], stdout: "null" }).outputSync().success;
  } catch {
    return false;
  }
}
