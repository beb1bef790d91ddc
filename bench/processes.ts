import type { Footprint, Order, Throughput } from "./load/order.ts";

/** Which server: one of ours, or that for Bun, by the program that runs it. */
export type ServerName = "bare" | "troupe" | "ws" | "flow" | "history" | { readonly bun: string };

/** A server that runs in a process of its own. */
export interface Server extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
}

/** Whether server and load each have a core of their own. */
export const pinned: boolean = navigator.hardwareConcurrency > 1 && hasTaskset();

/** Starts a server, on the first core. `v8Flags`: e.g. `--expose-gc`; `env`: what is added to its environment. */
export async function startServer(
  name: ServerName,
  v8Flags: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const child = serverCommand(name, v8Flags, env).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value, done } = await reader.read();
  if (done || !/^\d+\n$/.test(value)) {
    throw new Error(`The server ${JSON.stringify(name)} did not start: see above`);
  }
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
  return JSON.parse(await runProgram("./load/main.ts", order));
}

/** Runs a program of this folder, on the second core, with `order` as JSON. What it has printed. */
export async function runProgram(program: string, order: unknown): Promise<string> {
  const { success, stdout } = await command(1, ["run", "-A", path(program), JSON.stringify(order)]).output();
  if (!success) throw new Error(`${program} failed at ${JSON.stringify(order)}: see above`);
  return new TextDecoder().decode(stdout);
}

function serverCommand(
  name: ServerName,
  v8Flags: readonly string[],
  env: Record<string, string>,
): Deno.Command {
  if (typeof name === "object") return command(0, ["run", path("./servers/bun.js")], name.bun, env);
  const flags = v8Flags.length === 0 ? [] : [`--v8-flags=${v8Flags.join(",")}`];
  return command(0, ["run", "-A", ...flags, path(`./servers/${name}.ts`)], Deno.execPath(), env);
}

function command(
  core: number,
  args: string[],
  program = Deno.execPath(),
  env: Record<string, string> = {},
): Deno.Command {
  const options = { stdout: "piped", stderr: "inherit", env } as const;
  if (!pinned) return new Deno.Command(program, { args, ...options });
  return new Deno.Command("taskset", { args: ["-c", String(core), program, ...args], ...options });
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
