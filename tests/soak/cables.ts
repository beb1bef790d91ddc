import type { Random } from "../../src/base/random.ts";

/** How a cable is pulled: no end is ever told in WebSocket's own words. */
export type Pull =
  /** Both ends are gone at once. */
  | "cut"
  /** Nothing goes through any more, and both ends are gone a while later. */
  | "deaf"
  /** The client's end is gone at once, the server's a while later: it goes on sending. */
  | "left"
  /** The next bytes to the client are the last, and not all of them: within a replay, or within a frame. */
  | "torn";

const PULLS: readonly Pull[] = ["cut", "deaf", "left", "torn"];

/** Cables between clients and a server on this machine, which can be pulled: a TCP proxy. */
export class Cables implements AsyncDisposable {
  readonly port: number;
  readonly pulls: Record<Pull, number> = { cut: 0, deaf: 0, left: 0, torn: 0 };
  readonly #random: Random;
  readonly #listener: Deno.TcpListener;
  readonly #whole = new Set<Cable>();
  /** Those that are pulled, and not gone. */
  readonly #dangling: { readonly cable: Cable; turns: number }[] = [];
  readonly #running = new Set<Promise<void>>();
  /** Of so many new cables one is torn as soon as the server has something to say: 0 for none. */
  #tornAtOnce = 0;

  /** Cables to `serverPort`. */
  constructor(serverPort: number, random: Random) {
    this.#random = random;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    this.#track(this.#accept(serverPort));
  }

  /** How many there are that nobody has pulled. */
  get whole(): number {
    return this.#whole.size;
  }

  /** How often one was pulled. */
  get total(): number {
    return Object.values(this.pulls).reduce((sum, count) => sum + count, 0);
  }

  /** From now on, one of `oneIn` new cables is torn while a client comes back; 0: none. */
  tear(oneIn: number): void {
    this.#tornAtOnce = oneIn;
  }

  /** Pulls one of them. Those that are left half open are gone within `maxTurns` calls of {@link Cables.turn}. */
  pull(maxTurns: number): void {
    const cable = [...this.#whole][this.#random.integer(this.#whole.size)];
    if (cable !== undefined) this.#pull(cable, PULLS[this.#random.integer(PULLS.length)], maxTurns);
  }

  /** Some time has passed: those whose time has come are gone. */
  turn(): void {
    for (let i = this.#dangling.length; i-- > 0;) {
      if (--this.#dangling[i].turns <= 0) this.#dangling.splice(i, 1)[0].cable.close();
    }
  }

  /** No cable is pulled any more: what hangs half open is gone at once. */
  mend(): void {
    this.tear(0);
    for (const { cable } of this.#dangling.splice(0)) cable.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const { cable } of this.#dangling) cable.close();
    for (const cable of this.#whole) cable.close();
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #accept(serverPort: number): Promise<void> {
    for await (const client of this.#listener) {
      const server = await Deno.connect({ hostname: "127.0.0.1", port: serverPort });
      for (const end of [client, server]) end.setNoDelay();
      const cable = new Cable(client, server);
      this.#whole.add(cable);
      this.#track(cable.run().finally(() => this.#whole.delete(cable)));
      // The answer to the upgrade is some 130 bytes long, that to a join some 200: behind them a replay begins.
      if (this.#tornAtOnce > 0 && this.#random.integer(this.#tornAtOnce) === 0) {
        this.#pull(cable, "torn", 0, this.#random.integer(1_500));
      }
    }
  }

  #pull(cable: Cable, pull: Pull, maxTurns: number, bytes = this.#random.integer(300)): void {
    this.pulls[pull]++;
    if (pull === "torn") return cable.tear(bytes); // it is gone when that many have gone through
    this.#whole.delete(cable);
    if (pull === "cut") return cable.close();
    if (pull === "deaf") cable.swallow();
    else cable.leave();
    this.#dangling.push({ cable, turns: 1 + this.#random.integer(maxTurns) });
  }

  #track(work: Promise<void>): void {
    this.#running.add(work);
    void work.finally(() => this.#running.delete(work));
  }
}

/** One connection through the proxy. */
class Cable {
  readonly #client: Deno.TcpConn;
  readonly #server: Deno.TcpConn;
  #isDeaf = false;
  /** How many bytes still go to the client before it is cut. */
  #left = Infinity;

  constructor(client: Deno.TcpConn, server: Deno.TcpConn) {
    this.#client = client;
    this.#server = server;
  }

  /** Resolves when both ends are gone. */
  async run(): Promise<void> {
    await Promise.all([this.#pump(this.#client, this.#server), this.#pump(this.#server, this.#client)]);
    this.close();
  }

  swallow(): void {
    this.#isDeaf = true;
  }

  leave(): void {
    this.#isDeaf = true;
    closeEnd(this.#client);
  }

  tear(bytes: number): void {
    this.#left = Math.min(this.#left, bytes);
  }

  close(): void {
    closeEnd(this.#client);
    closeEnd(this.#server);
  }

  async #pump(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(16_384);
    try {
      for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
        if (this.#isDeaf) continue;
        const bytes = to === this.#client
          ? buffer.subarray(0, Math.min(count, this.#left))
          : buffer.subarray(0, count);
        for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
        if (to !== this.#client || (this.#left -= bytes.length) > 0) continue;
        return this.close();
      }
    } catch {
      // One of its ends is gone.
    }
    if (!this.#isDeaf) this.close(); // the other end hears of it
  }
}

function closeEnd(end: Deno.TcpConn): void {
  try {
    end.close();
  } catch {
    // It is closed.
  }
}
