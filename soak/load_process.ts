import { linesOf } from "./lines.ts";
import type { LoadNews, LoadOrder, LoadReport } from "./load.ts";

/** The load, in a process of its own. */
export class LoadProcess {
  /** How many clients are in their topics. */
  ready = 0;
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #reading: Promise<void>;
  readonly #report = Promise.withResolvers<LoadReport>();
  readonly #left = Promise.withResolvers<void>();
  #changed = Promise.withResolvers<void>();
  #error: Error | null = null;

  constructor(order: LoadOrder) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A"],
        new URL("./load.ts", import.meta.url).pathname,
        JSON.stringify(order),
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#stdin = this.#child.stdin.getWriter();
    this.#reading = this.#read();
  }

  /**
   * Resolves when so many clients are in their topics; `false` if that is not so at `endMs`, or if there have not been more
   * of them for `patienceMs`.
   */
  async until(ready: number, patienceMs: number, endMs = Infinity): Promise<boolean> {
    let most = 0;
    let sinceMs = performance.now();
    while (this.ready < ready) {
      if (this.#error !== null) throw this.#error;
      if (this.ready > most) sinceMs = performance.now();
      most = Math.max(most, this.ready);
      if (performance.now() > Math.min(endMs, sinceMs + patienceMs)) return false;
      await this.#changed.promise;
    }
    return true;
  }

  /** Faults are over: resolves with what came of it, when everybody has everything or never will. */
  async quiet(): Promise<LoadReport> {
    await this.#say("quiet");
    return await this.#report.promise;
  }

  /** All leave. */
  async leave(): Promise<void> {
    await this.#say("leave");
    await this.#left.promise;
    await this.#reading;
  }

  /** Ends it, whatever it does. */
  async end(): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#child.status;
    await this.#reading;
    await this.#stdin.close().catch(() => {});
  }

  async #say(word: string): Promise<void> {
    if (this.#error !== null) throw this.#error;
    await this.#stdin.write(new TextEncoder().encode(`${word}\n`));
  }

  async #read(): Promise<void> {
    for await (const line of linesOf(this.#child.stdout)) {
      const news = JSON.parse(line) as LoadNews;
      if (news.kind === "state") this.ready = news.ready;
      else if (news.kind === "report") this.#report.resolve(news);
      else this.#left.resolve();
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    }
    this.#error = new Error("The load has ended: see above");
    this.#report.promise.catch(() => {});
    this.#left.promise.catch(() => {});
    this.#report.reject(this.#error);
    this.#left.reject(this.#error);
    this.#changed.resolve();
  }
}
