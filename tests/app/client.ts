/**
 * A WebSocket client for tests: what arrives waits in a queue until a test takes it.
 *
 * @module
 */

/** How a connection ended. */
export interface Ending {
  readonly code: number;
  readonly reason: string;
}

/** What goes with the handshake. */
export interface OpenOptions {
  protocols?: string[];
  headers?: Record<string, string>;
  /** Whose certificates are trusted. */
  client?: Deno.HttpClient;
}

// Deno's WebSocket takes headers. Where types of a page are checked along, the browser's declaration hides that.
const DenoWebSocket = WebSocket as unknown as new (url: string, options: OpenOptions) => WebSocket;

/** One connection. */
export class Client {
  /** Resolves when the connection has ended. */
  readonly closed: Promise<Ending>;
  readonly #socket: WebSocket;
  readonly #arrived: (string | ArrayBuffer)[] = [];
  readonly #waiting: ((data: string | ArrayBuffer) => void)[] = [];

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => {
      const taker = this.#waiting.shift();
      if (taker === undefined) this.#arrived.push(data);
      else taker(data);
    };
    this.closed = new Promise((resolve) => socket.onclose = ({ code, reason }) => resolve({ code, reason }));
  }

  /** Opens a connection; rejects if it is refused. */
  static async open(
    url: string,
    options: OpenOptions = {},
  ): Promise<Client> {
    const socket = new DenoWebSocket(url, options);
    const client = new Client(socket);
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = (event) => reject(new Error((event as ErrorEvent).message));
    });
    socket.onerror = null;
    return client;
  }

  /** The sub-protocol that was agreed on. */
  get protocol(): string {
    return this.#socket.protocol;
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    this.#socket.send(data);
  }

  /** The next message. */
  next(): Promise<string | ArrayBuffer> {
    const data = this.#arrived.shift();
    return data === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(data);
  }

  /** What has arrived and was not taken. */
  get untaken(): number {
    return this.#arrived.length;
  }

  async close(code?: number): Promise<void> {
    this.#socket.close(code);
    await this.closed;
  }
}

/** Resolves as soon as `condition` holds, looked at once per turn of the event loop. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve));
}

/** A message of Phoenix V2. */
export type Message = [
  joinRef: string | null,
  ref: string | null,
  topic: string,
  event: string,
  payload: unknown,
];

/** A reply: its status and its response. */
export type Reply = { status: string; response: unknown };

/** A connection that speaks Phoenix V2. */
export class ChannelClient {
  readonly client: Client;
  #ref = 0;

  private constructor(client: Client) {
    this.client = client;
  }

  /** Connects to the mount at `url`, e.g. `ws://…/socket`. */
  static async open(
    url: string,
    options: OpenOptions & { params?: Record<string, string> } = {},
  ): Promise<ChannelClient> {
    const params = new URLSearchParams({ vsn: "2.0.0", ...options.params });
    return new ChannelClient(await Client.open(`${url}/websocket?${params}`, options));
  }

  send(...message: Message): void {
    this.client.send(JSON.stringify(message));
  }

  /** The next message. */
  async next(): Promise<Message> {
    return JSON.parse(await this.client.next() as string);
  }

  /** Sends and waits for the reply; what comes before it must be nothing. */
  async ask(joinRef: string, topic: string, event: string, payload: unknown): Promise<Reply> {
    const ref = String(++this.#ref);
    this.send(joinRef, ref, topic, event, payload);
    const [, gotRef, , gotEvent, reply] = await this.next();
    if (gotRef !== ref || gotEvent !== "phx_reply") throw new Error(`expected a reply, got ${gotEvent}`);
    return reply as Reply;
  }

  /** Joins, and waits for the reply. The join's ref is `j` in all of the tests. */
  join(topic: string, payload: unknown = {}): Promise<Reply> {
    return this.ask("j", topic, "phx_join", payload);
  }

  /** Pushes, and waits for the reply. */
  push(topic: string, event: string, payload: unknown = {}): Promise<Reply> {
    return this.ask("j", topic, event, payload);
  }

  close(): Promise<void> {
    return this.client.close();
  }
}
