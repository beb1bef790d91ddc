/**
 * A server that does what a test says, for what a real one does not do on demand. Nothing goes over a network.
 *
 * @module
 */

import type { Inbound } from "../../src/protocol/codec.ts";
import type { Frame } from "../../src/protocol/frame.ts";
import { phoenixV21 } from "../../src/protocol/phoenix_v2_1.ts";
import {
  type Client,
  connect,
  type ConnectOptions,
  withAnswers,
  withPresence,
  withRefresh,
  withState,
} from "../../src/client/mod.ts";
import { soon } from "./stage.ts";

/** One connection, from the server's side. */
export class FakeConnection {
  readonly url: string;
  readyState = 0;
  onopen: () => void = () => {};
  onerror: (error: unknown) => void = () => {};
  onmessage: (event: { data: unknown }) => void = () => {};
  onclose: (event: { code: number; reason: string }) => void = () => {};
  readonly #arrived: Inbound[] = [];
  readonly #takers: ((message: Inbound) => void)[] = [];

  constructor(url: string) {
    this.url = url;
  }

  /** Lets it open. */
  open(): void {
    this.readyState = 1;
    this.onopen();
  }

  send(data: string | ArrayBuffer): void {
    phoenixV21.decode(typeof data === "string" ? data : new Uint8Array(data), (message) => {
      if (message.event === "heartbeat") return;
      const taker = this.#takers.shift();
      if (taker === undefined) this.#arrived.push(message);
      else taker(message);
    });
  }

  /** The client closes it. */
  close(code = 1005, reason = ""): void {
    this.drop(code, reason);
  }

  /** Drops it. */
  drop(code = 1006, reason = ""): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.onclose({ code, reason });
  }

  /** The next message of the client's. */
  next(): Promise<Inbound> {
    const message = this.#arrived.shift();
    if (message !== undefined) return Promise.resolve(message);
    return soon(new Promise((resolve) => this.#takers.push(resolve)));
  }

  /** How many messages have come and were not taken. */
  get untaken(): number {
    return this.#arrived.length;
  }

  /** Sends frames, as one batch where there are several. */
  write(...frames: Frame[]): void {
    const { data } = frames.length > 1 ? phoenixV21.join!(frames) : frames[0];
    this.onmessage({ data: typeof data === "string" ? data : data.slice().buffer });
  }

  /** Answers a message. */
  reply({ joinRef, ref, topic }: Inbound, response: unknown, status: "ok" | "error" = "ok"): void {
    this.write(phoenixV21.reply(joinRef, ref, topic, status, response));
  }

  /** Takes the next message, which is a join, and answers it; gives it. */
  async welcome(response: unknown = {}): Promise<Inbound & { joinRef: string }> {
    const join = await this.next();
    const { event, joinRef } = join;
    if (event !== "phx_join" || joinRef === null) throw new Error(`expected a join, got ${event}`);
    this.reply(join, response);
    return { ...join, joinRef };
  }
}

/** Takes connections. */
export class FakeServer implements AsyncDisposable {
  readonly #arrived: FakeConnection[] = [];
  readonly #takers: ((connection: FakeConnection) => void)[] = [];
  readonly #clients: Client[] = [];

  /** A client of this server. It comes back without a pause. */
  connect(options: ConnectOptions = {}): Client {
    const accept = (connection: FakeConnection): void => {
      const taker = this.#takers.shift();
      if (taker === undefined) this.#arrived.push(connection);
      else taker(connection);
    };
    const client = connect("ws://fake.example/socket", {
      use: [withAnswers, withPresence, withRefresh, withState],
      reconnect: { baseMs: 1, maxMs: 1 },
      transport: class extends FakeConnection {
        constructor(url: string) {
          super(url);
          accept(this);
        }
      },
      ...options,
    });
    this.#clients.push(client);
    return client;
  }

  /** The next connection, opened. */
  async accept(): Promise<FakeConnection> {
    const arrived = this.#arrived.shift();
    const connection = arrived ??
      await soon(new Promise<FakeConnection>((resolve) => this.#takers.push(resolve)));
    connection.open();
    return connection;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await soon(client.close());
  }
}
