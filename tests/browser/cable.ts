/**
 * What connects browsers with a server, to be cut and mended.
 *
 * @module
 */

/** Listens on a port of its own and hands all bytes on to a server, until it is cut. */
export class Cable implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #port: number;
  readonly #ends = new Set<Deno.Conn>();
  readonly #accepting: Promise<void>;
  #isCut = false;

  /** To the server at `port`. */
  constructor(port: number) {
    this.#port = port;
    this.#accepting = this.#accept();
  }

  /** Where browsers find the server. */
  get url(): string {
    return `http://127.0.0.1:${(this.#listener.addr as Deno.NetAddr).port}/`;
  }

  /** Breaks every connection, and each new one, until it is mended. */
  cut(): void {
    this.#isCut = true;
    for (const end of [...this.#ends]) this.#close(end);
  }

  mend(): void {
    this.#isCut = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#listener.close();
    await this.#accepting;
  }

  async #accept(): Promise<void> {
    try {
      for await (const browser of this.#listener) void this.#join(browser);
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error; // it is closed
    }
  }

  async #join(browser: Deno.Conn): Promise<void> {
    this.#ends.add(browser);
    if (this.#isCut) return this.#close(browser);
    const server = await Deno.connect({ hostname: "127.0.0.1", port: this.#port }).catch(() => null);
    if (server === null) return this.#close(browser); // the server has gone
    this.#ends.add(server);
    if (this.#isCut) this.#close(browser);
    const pipe = async (from: Deno.Conn, to: Deno.Conn): Promise<void> => {
      await from.readable.pipeTo(to.writable).catch(() => {}); // it is cut, or one side has gone
      this.#close(from);
      this.#close(to);
    };
    await Promise.all([pipe(browser, server), pipe(server, browser)]);
  }

  #close(end: Deno.Conn): void {
    if (!this.#ends.delete(end)) return;
    try {
      end.close();
    } catch {
      // Its streams have closed it.
    }
  }
}
