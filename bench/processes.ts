import type { Node } from "./peers/node.ts";

/** Which server: one of ours, or that of a peer, by the program that runs it. */
export type ServerName =
  | "bare"
  | "batches"
  | "troupe"
  | "ws"
  | "flow"
  | "growth"
  | "history"
  | { readonly bun: string }
  | { readonly node: Node; readonly file: "ws" | "socket_io" };

/** A server that runs in a process of its own. */
export interface Server extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
}

/** Whether server and load each have a core of their own. */
export const pinned: boolean = navigator.hardwareConcurrency > 1 && hasTaskset();

/** How long a server may take to start, and a program to end. */
const START_MS = 30_000, RUN_MS = 600_000;

/** Starts a server, on the first core. `v8Flags`: e.g. `--expose-gc`; `env`: what is added to its environment. */
export async function startServer(
  name: ServerName,
  v8Flags: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const child = serverCommand(name, v8Flags, env).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const late = setTimeout(() => child.kill("SIGKILL"), START_MS);
  const { value, done } = await reader.read();
  clearTimeout(late);
  if (done || !/^\d+\n$/.test(value)) {
    if (!done) child.kill("SIGKILL");
    await child.status;
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

/** Runs a program of this folder, on the second core, with `order` as JSON. What it has printed. */
export function runProgram(program: string, order: unknown): Promise<string> {
  return runFile(program, [JSON.stringify(order)]);
}

/** A program that is told lines, and answers with lines. */
export interface Dialogue extends AsyncDisposable {
  /** Tells it a line. */
  say(line: string): Promise<void>;
  /** The next line that it says. Throws if it ends before that, or says nothing for too long. */
  line(): Promise<string>;
}

/** Starts a program of this folder, on the second core, with `order` as JSON. */
export function openProgram(program: string, order: unknown): Dialogue {
  const args = [...denoRun([]), path(program), JSON.stringify(order)];
  const child = command(1, args, { stdin: "piped", stderr: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const said = new Response(child.stderr).text();
  let heard = "";
  return {
    say: (line) => writer.write(new TextEncoder().encode(`${line}\n`)),
    async line() {
      const late = setTimeout(() => child.kill("SIGKILL"), RUN_MS);
      try {
        while (!heard.includes("\n")) {
          const { value, done } = await reader.read();
          if (done) throw new Error(`${program} failed: ${faultIn(await said)}`);
          heard += value;
        }
      } finally {
        clearTimeout(late);
      }
      const end = heard.indexOf("\n");
      const line = heard.slice(0, end);
      heard = heard.slice(end + 1);
      return line;
    },
    async [Symbol.asyncDispose]() {
      await writer.close().catch(() => {}); // it ends by itself then, unless it has failed
      await Promise.all([reader.cancel(), said, child.status]);
    },
  };
}

/** Runs a program of this folder, on the second core. What it has printed. */
export async function runFile(
  program: string,
  args: readonly string[],
  v8Flags: readonly string[] = [],
): Promise<string> {
  const signal = AbortSignal.timeout(RUN_MS);
  const { success, stdout, stderr } = await command(1, [...denoRun(v8Flags), path(program), ...args], {
    stderr: "piped",
    signal,
  }).output();
  if (!success) {
    throw new Error(
      `${program} failed${signal.aborted ? `: ${RUN_MS / 1_000} s were not enough` : ""}: ${
        faultIn(new TextDecoder().decode(stderr))
      }`,
    );
  }
  return new TextDecoder().decode(stdout);
}

function serverCommand(
  name: ServerName,
  v8Flags: readonly string[],
  env: Record<string, string>,
): Deno.Command {
  if (typeof name === "string") {
    return command(0, [...denoRun(v8Flags), path(`./servers/${name}.ts`)], { env });
  }
  if ("bun" in name) return command(0, ["run", path("./servers/bun.js")], { program: name.bun, env });
  const { program, folder } = name.node;
  return command(0, [...v8Flags, path(`./servers/node_${name.file}.mjs`), folder], { program, env });
}

function denoRun(v8Flags: readonly string[]): string[] {
  return ["run", "--no-check", "-A", ...(v8Flags.length === 0 ? [] : [`--v8-flags=${v8Flags.join(",")}`])];
}

function command(
  core: number,
  args: readonly string[],
  { program = Deno.execPath(), ...more }: { program?: string } & Deno.CommandOptions = {},
): Deno.Command {
  const options: Deno.CommandOptions = { stdout: "piped", stderr: "inherit", ...more };
  if (!pinned) return new Deno.Command(program, { args: [...args], ...options });
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

/** What went wrong, without the stack: that names the paths of this machine. */
function faultIn(text: string): string {
  const lines = text.trim().split("\n");
  return lines.find((line) => line.startsWith("error")) ?? lines[0];
}
