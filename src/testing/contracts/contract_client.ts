import type { WireData } from "../../protocol/frame.ts";
import type { TransportStage } from "./transport_stage.ts";

/** The client's end of a connection, as tests of a transport need it. */
export interface ContractClient {
  /** Sends a message. */
  send(data: WireData): void;
  /** The next message. */
  next(): Promise<WireData>;
  /** Closes the connection; without a code, the close frame has none. */
  close(code?: number, reason?: string): void;
  /** How the connection has ended: what the server said, or what it answered. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

/** A client of transports that speak WebSocket: the platform's own. */
export class WebSocketClient implements ContractClient {
  /** See {@link ContractClient.closed}. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly #socket: WebSocket;
  readonly #arrived: WireData[] = [];
  #wake: () => void = () => {};

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => {
      this.#arrived.push(typeof data === "string" ? data : new Uint8Array(data));
      this.#wake();
    };
    this.closed = new Promise((resolve) => socket.onclose = ({ code, reason }) => resolve({ code, reason }));
  }

  /** Connects to a stage. */
  static async connect(stage: TransportStage): Promise<WebSocketClient> {
    const socket = new WebSocket(`ws://127.0.0.1:${stage.port}/`);
    const client = new WebSocketClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = () => reject(new Error("the handshake was refused"));
    });
    socket.onerror = null;
    return client;
  }

  /** See {@link ContractClient.send}. */
  send(data: WireData): void {
    this.#socket.send(data);
  }

  /** See {@link ContractClient.next}. */
  async next(): Promise<WireData> {
    while (this.#arrived.length === 0) await new Promise<void>((resolve) => this.#wake = resolve);
    return this.#arrived.shift()!;
  }

  /** See {@link ContractClient.close}. */
  close(code?: number, reason?: string): void {
    this.#socket.close(code, reason);
  }
}

const HANDSHAKE = [
  "GET / HTTP/1.1",
  "Host: 127.0.0.1",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "",
  "",
].join("\r\n");

/** Sends a WebSocket handshake over bare TCP, and returns all that comes until the server closes: a refusal. */
export async function refusedHandshake(stage: TransportStage): Promise<string> {
  using tcp = await Deno.connect({ hostname: "127.0.0.1", port: stage.port });
  await tcp.write(new TextEncoder().encode(HANDSHAKE.replace("Upgrade\r\n", "Upgrade, close\r\n")));
  const chunk = new Uint8Array(4_096);
  let text = "";
  for (let count; (count = await tcp.read(chunk)) !== null;) {
    text += new TextDecoder().decode(chunk.subarray(0, count));
  }
  return text;
}

/** Opens a WebSocket over bare TCP and drops it, without a close frame, once the server has answered. */
export async function vanish(stage: TransportStage): Promise<void> {
  using tcp = await Deno.connect({ hostname: "127.0.0.1", port: stage.port });
  await tcp.write(new TextEncoder().encode(HANDSHAKE));
  await tcp.read(new Uint8Array(4_096));
}
