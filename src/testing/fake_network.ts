import type { ServeHandler } from "../transport/serve.ts";
import type { FakeConnection, FakeTransport } from "./fake_transport.ts";
import type { VirtualTime } from "./virtual_time.ts";

/** The way from clients to an app that is served over a {@link FakeTransport}. */
export class FakeNetwork {
  readonly #time: VirtualTime;
  readonly #transport: FakeTransport;
  readonly #fetch: ServeHandler;

  /** `fetch`: the app's. */
  constructor(time: VirtualTime, transport: FakeTransport, fetch: ServeHandler) {
    this.#time = time;
    this.#transport = transport;
    this.#fetch = fetch;
  }

  /** Opens a connection to `path`, with its query; hands out the response if the app refuses. `from`: the address. */
  async connect(path: string, headers: HeadersInit, from = ""): Promise<FakeConnection | Response> {
    const request = this.#transport.request(new URL(path, "http://app.example"), headers);
    const remoteAddr: Deno.NetAddr = { transport: "tcp", hostname: from, port: 0 };
    const pending = this.#fetch(request, { remoteAddr });
    await this.#time.settle(); // it may have to wait for its turn among others
    const response = await pending;
    const connection = this.#transport.accepted(request);
    if (connection === null) return response;
    connection.open();
    await this.#time.settle();
    return connection;
  }
}
