/**
 * Connections that check what they hear, in a worker: beside the server, not in its way.
 *
 * Each joins `room:1` and expects every number of the series, once, in order. Every tenth is told to crash: at random
 * times it sends an event whose handler throws, and joins again when it hears of the crash; it expects the numbers of
 * each of its incarnations to go up one by one. Says `ready`, then, when told `stop` with the last number, how it went.
 *
 * @module
 */

/** What the load is told to begin with. */
export interface LoadOrder {
  readonly url: string;
  readonly connections: number;
  /** The first this many crash. */
  readonly crashing: number;
  /** Between two crashes of one connection, on average, in milliseconds. */
  readonly crashEveryMs: number;
}

/** How it went. */
export interface LoadReport {
  /** Numbers that the quiet connections heard, all together. */
  readonly heard: number;
  /** How often a handler was crashed. */
  readonly crashes: number;
  /** What was not as it must be; the first few. */
  readonly faults: readonly string[];
}

/** What the load says. */
export type LoadNews = "ready" | LoadReport;

const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<LoadOrder | { last: number }>) => void) | null;
  postMessage(news: LoadNews): void;
};

const faults: string[] = [];
let heard = 0;
let crashes = 0;
let last = Infinity;

function fault(text: string): void {
  if (faults.length < 20) faults.push(text);
}

/** One connection. */
class Listener {
  readonly #socket: WebSocket;
  readonly #name: string;
  readonly #crashEveryMs: number | null;
  readonly #joined = Promise.withResolvers<void>();
  readonly #done = Promise.withResolvers<void>();
  #joinRef = 0;
  #expected: number | null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(url: string, name: string, crashEveryMs: number | null) {
    this.#name = name;
    this.#crashEveryMs = crashEveryMs;
    this.#expected = crashEveryMs === null ? 1 : null;
    this.#socket = new WebSocket(url);
    this.#socket.onopen = () => this.#join();
    this.#socket.onmessage = ({ data }) => this.#hear(JSON.parse(data));
    this.#socket.onclose = ({ code, reason }) => {
      if (last === Infinity) fault(`${name} was closed: ${code} ${reason}`);
      this.#joined.resolve();
      this.#done.resolve();
    };
  }

  get joined(): Promise<void> {
    return this.#joined.promise;
  }

  /** Resolves when the last number was heard; a quiet one has heard all of them then. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  close(): Promise<void> {
    clearTimeout(this.#timer);
    return new Promise((resolve) => {
      if (this.#socket.readyState === WebSocket.CLOSED) return resolve();
      this.#socket.onclose = () => resolve();
      this.#socket.close();
    });
  }

  /** Whether this is the last number: it may have been heard before it was known to be the last. */
  look(): void {
    if (this.#crashEveryMs !== null || this.#expected! > last) this.#done.resolve();
  }

  #send(event: string): void {
    const joinRef = String(this.#joinRef);
    this.#socket.send(JSON.stringify([joinRef, joinRef, "room:1", event, {}]));
  }

  #join(): void {
    this.#joinRef++;
    if (this.#crashEveryMs !== null) this.#expected = null; // it starts anywhere
    this.#send("phx_join");
  }

  #hear([, ref, , event, payload]: [unknown, string, unknown, string, { n: number; status: string }]): void {
    if (event === "phx_reply") {
      if (ref !== String(this.#joinRef) || payload.status !== "ok") {
        return fault(`${this.#name}: ${JSON.stringify(payload)}`);
      }
      this.#joined.resolve();
      this.#crashLater();
    } else if (event === "n") {
      this.#expected ??= payload.n;
      if (payload.n !== this.#expected) {
        fault(`${this.#name} heard ${payload.n} instead of ${this.#expected}`);
      }
      this.#expected = payload.n + 1;
      if (this.#crashEveryMs === null) heard++;
      this.look();
    } else if (event === "phx_error" && this.#crashEveryMs !== null) {
      crashes++;
      this.#join();
    } else fault(`${this.#name} heard ${event}`);
  }

  #crashLater(): void {
    if (this.#crashEveryMs === null || last !== Infinity) return;
    this.#timer = setTimeout(() => this.#send("crash"), Math.random() * 2 * this.#crashEveryMs);
  }
}

async function run({ url, connections, crashing, crashEveryMs }: LoadOrder): Promise<void> {
  const all: Listener[] = [];
  for (let i = 0; i < connections; i += 50) { // not all at once: a listen queue is short
    const some = Array.from({ length: Math.min(50, connections - i) }, (_, k) => {
      const crashes = i + k < crashing;
      return new Listener(url, `${crashes ? "crashing" : "quiet"} ${i + k}`, crashes ? crashEveryMs : null);
    });
    all.push(...some);
    await Promise.all(some.map(({ joined }) => joined));
  }
  scope.onmessage = async ({ data }) => {
    last = (data as { last: number }).last;
    for (const listener of all) listener.look();
    await Promise.all(all.map(({ done }) => done));
    await Promise.all(all.map((listener) => listener.close()));
    scope.postMessage({ heard, crashes, faults });
  };
  scope.postMessage("ready");
}

scope.onmessage = ({ data }) => void run(data as LoadOrder);
