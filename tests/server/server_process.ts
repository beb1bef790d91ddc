/**
 * The ready server as its users run it: a process of its own, with exactly the permissions of `deno task start`.
 *
 * @module
 */

const ROOT = new URL("../../", import.meta.url);

/** What a process left behind. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The words of the task `start` of deno.json, without `deno` itself. */
export function startCommand(): string[] {
  const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT))) as {
    tasks: { start: { command: string } };
  };
  return tasks.start.command.split(" ").slice(1);
}

/** The environment of this machine, without what tests and servers are told by it. */
export function machineEnvironment(): Record<string, string> {
  const ours = new Set(
    [
      "HOST",
      "PORT",
      "LOG_LEVEL",
      "DRAIN_MS",
      "TRANSPORT",
      "TRUSTED_PROXIES",
      "DATA_DIR",
      "TLS_CERT",
      "TLS_KEY",
    ],
  );
  return Object.fromEntries(
    Object.entries(Deno.env.toObject()).filter(([name]) => !ours.has(name) && !name.startsWith("TROUPE_")),
  );
}

function spawn(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  permissions: readonly string[] = [],
): Deno.ChildProcess {
  const [run, ...rest] = startCommand();
  return new Deno.Command(Deno.execPath(), {
    args: [run, ...permissions, ...rest, ...args],
    cwd: ROOT,
    clearEnv: true,
    env: { ...machineEnvironment(), NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Runs the server until it ends by itself. */
export async function runToEnd(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const { code, stdout, stderr } = await spawn(args, env).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/** A server that runs. End it with {@link ServerProcess.end}. */
export class ServerProcess implements AsyncDisposable {
  /** The line that it printed, without its end. */
  readonly line: string;
  /** Where the page is, e.g. `http://127.0.0.1:40000/`. */
  readonly url: string;
  /** The port that it got. */
  readonly port: number;
  readonly #process: Deno.ChildProcess;
  readonly #stdout: Promise<string>;
  readonly #stderr: Promise<string>;
  #ended: Promise<Ended> | null = null;

  private constructor(
    process: Deno.ChildProcess,
    line: string,
    stdout: Promise<string>,
    stderr: Promise<string>,
  ) {
    this.#process = process;
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.line = line;
    this.url = line.match(/https?:\S+/)?.[0] ?? "";
    this.port = Number(new URL(this.url).port);
  }

  /**
   * Starts one, on a port of its own unless `args` or `env` say which, and waits until it listens. `permissions`: beside
   * those of the task.
   */
  static async start(
    args: readonly string[] = ["--port", "0"],
    env: Readonly<Record<string, string>> = {},
    permissions: readonly string[] = [],
  ): Promise<ServerProcess> {
    const process = spawn(args, env, permissions);
    const stderr = new Response(process.stderr).text();
    const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("\n")) {
      const { done, value } = await reader.read();
      if (done) throw new Error(`The server ended with ${(await process.status).code}: ${await stderr}`);
      text += value;
    }
    const rest = async (): Promise<string> => {
      let all = text;
      for (let next = await reader.read(); !next.done; next = await reader.read()) all += next.value;
      return all;
    };
    return new ServerProcess(process, text.split("\n", 1)[0], rest(), stderr);
  }

  /** The URL of a WebSocket path, e.g. `/echo`. */
  ws(path: string): string {
    return new URL(path, this.url.replace("http", "ws")).href;
  }

  /** Sends a signal, whatever it does. */
  signal(signal: Deno.Signal): void {
    this.#process.kill(signal);
  }

  /** Waits until it has ended by itself. */
  get ended(): Promise<Ended> {
    return this.#ended ??= this.#left();
  }

  /** Asks it to end with `signal`, and waits until it has. */
  end(signal: Deno.Signal = "SIGTERM"): Promise<Ended> {
    return this.#ended ??= this.#end(signal);
  }

  async #end(signal: Deno.Signal): Promise<Ended> {
    this.#process.kill(signal);
    return await this.#left();
  }

  async #left(): Promise<Ended> {
    const [{ code }, stdout, stderr] = await Promise.all([this.#process.status, this.#stdout, this.#stderr]);
    return { code, stdout, stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}
