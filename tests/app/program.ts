/**
 * Runs a program of ours in a process of its own and reads what it says, line by line.
 *
 * @module
 */

/** A process that runs. */
export class Program {
  readonly #process: Deno.ChildProcess;
  readonly #out: ReadableStreamDefaultReader<string>;
  readonly #err: ReadableStreamDefaultReader<string>;

  /** Starts `deno <args>`. */
  constructor(...args: string[]) {
    this.#process = new Deno.Command(Deno.execPath(), {
      args,
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#out = lines(this.#process.stdout);
    this.#err = lines(this.#process.stderr);
  }

  /** The next line of stdout; `null` at its end. */
  async line(): Promise<string | null> {
    return (await this.#out.read()).value ?? null;
  }

  /** The first line of stderr from here on that `pattern` matches: what it captures. */
  async findInStderr(pattern: RegExp): Promise<string> {
    for (;;) {
      const { value, done } = await this.#err.read();
      if (done) throw new Error(`no line of stderr is like ${pattern}`);
      const found = pattern.exec(value)?.[1];
      if (found !== undefined) return found;
    }
  }

  signal(signal: Deno.Signal): void {
    this.#process.kill(signal);
  }

  /** Reads to the end; the exit code and the signal that ended it, if one did. */
  async end(): Promise<{ code: number; signal: Deno.Signal | null; stdout: string[]; stderr: string[] }> {
    const [stdout, stderr] = await Promise.all([rest(this.#out), rest(this.#err)]);
    const { code, signal } = await this.#process.status;
    return { code, signal, stdout, stderr };
  }
}

function lines(stream: ReadableStream<Uint8Array<ArrayBuffer>>): ReadableStreamDefaultReader<string> {
  let rest = "";
  const split = new TransformStream<string, string>({
    transform(chunk, controller) {
      const parts = (rest + chunk).split("\n");
      rest = parts.pop()!;
      for (const line of parts) controller.enqueue(line);
    },
    flush(controller) {
      if (rest !== "") controller.enqueue(rest);
    },
  });
  return stream.pipeThrough(new TextDecoderStream()).pipeThrough(split).getReader();
}

async function rest(reader: ReadableStreamDefaultReader<string>): Promise<string[]> {
  const all: string[] = [];
  for (let next = await reader.read(); !next.done; next = await reader.read()) all.push(next.value);
  return all;
}
