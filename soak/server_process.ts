import { rssKib } from "../bench/proc.ts";
import { linesOf } from "./lines.ts";
import type { ServerOrder, ServerState } from "./server.ts";
import type { Sample } from "./slope.ts";

/** What was seen of a server at one time. */
export interface Sight extends ServerState {
  readonly atMs: number;
  readonly rssKib: number;
  /** Open files, sockets included. */
  readonly files: number;
}

/** A server in a process of its own. */
export class ServerProcess {
  /** What was seen of it, about once a second. */
  readonly sights: Sight[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  #seen = Promise.withResolvers<void>();
  #hasEnded = false;

  constructor(order: ServerOrder) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--v8-flags=--expose-gc"],
        new URL("./server.ts", import.meta.url).pathname,
        JSON.stringify(order),
      ],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#reading = this.#read();
  }

  /** What was seen last; waits for the first. */
  async look(): Promise<Sight> {
    if (this.sights.length === 0) await this.#seen.promise;
    if (this.sights.length === 0) throw new Error("The server did not start: see above");
    return this.sights[this.sights.length - 1];
  }

  /** What is seen next. */
  async next(): Promise<Sight> {
    const count = this.sights.length;
    if (this.#hasEnded) throw new Error("The server has ended by itself: see above");
    await this.#seen.promise;
    if (this.sights.length === count) throw new Error("The server has ended by itself: see above");
    return this.look();
  }

  /** Kills it, with no chance to do anything. */
  async kill(): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#child.status;
    await this.#reading;
  }

  /** Asks it to end, and gives its exit code; `null` if it has not ended within `withinMs`. */
  async drain(withinMs: number): Promise<number | null> {
    this.#child.kill("SIGTERM");
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<null>((resolve) => timer = setTimeout(() => resolve(null), withinMs));
    const status = await Promise.race([this.#child.status, late]);
    clearTimeout(timer);
    if (status === null) await this.kill();
    await this.#reading;
    return status?.code ?? null;
  }

  /** How its memory was from `sinceMs` on: `rssKib` or `heapKib`. */
  samples(of: "rssKib" | "heapKib", sinceMs: number, untilMs: number): Sample[] {
    return this.sights
      .filter(({ atMs }) => atMs >= sinceMs && atMs <= untilMs)
      .map((sight) => ({ atMs: sight.atMs, value: sight[of], held: sight.gauges.connections }));
  }

  async #read(): Promise<void> {
    for await (const line of linesOf(this.#child.stdout)) {
      const { pid } = this.#child;
      try {
        const files = [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
        this.sights.push({ ...JSON.parse(line), atMs: performance.now(), rssKib: rssKib(pid), files });
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound) && !(error instanceof TypeError)) throw error;
        continue; // it was killed meanwhile
      }
      this.#seen.resolve();
      this.#seen = Promise.withResolvers();
    }
    this.#hasEnded = true;
    this.#seen.resolve();
  }
}
