import { CLOSE_ABNORMAL, normalizeClose } from "../protocol/close_codes.ts";
import type { Frame } from "../protocol/frame.ts";
import type { Turn } from "../protocol/turn.ts";
import type { Socket, SocketSink } from "../sessions/socket.ts";
import type { Transport } from "./transport.ts";

/** WebSocket (RFC 6455) by the runtime: `Deno.upgradeWebSocket`. */
export const websocket: Transport = {
  name: "websocket",
  segment: "websocket",
  fault(request) {
    if (request.method !== "GET") return `a WebSocket handshake is a GET, got ${request.method}`;
    if (!hasToken(request.headers.get("connection"), "upgrade")) {
      return "the connection header must hold upgrade";
    }
    if (!hasToken(request.headers.get("upgrade"), "websocket")) {
      return "the upgrade header must hold websocket";
    }
    const version = request.headers.get("sec-websocket-version");
    if (version !== "13") return `sec-websocket-version must be 13, got ${version ?? "none"}`;
    if (!request.headers.has("sec-websocket-key")) return "the sec-websocket-key header is absent";
    return null;
  },
  accept(request, protocol, connect) {
    // The runtime's own idle time-out costs 2.9 KiB a connection and closes twice: the engine has a wheel of its own.
    const { socket, response } = Deno.upgradeWebSocket(request, {
      idleTimeout: 0,
      ...(protocol !== null && { protocol }),
    });
    new WebSocketSocket(socket, connect());
    return response;
  },
};

function hasToken(header: string | null, token: string): boolean {
  return header?.toLowerCase().split(",").some((part) => part.trim() === token) ?? false;
}

/** Hands the runtime's events to a sink, and frames to the runtime. */
class WebSocketSocket implements Socket {
  readonly #socket: WebSocket;
  readonly #sink: SocketSink;
  #done = false;

  constructor(socket: WebSocket, sink: SocketSink) {
    this.#socket = socket;
    this.#sink = sink;
    socket.binaryType = "arraybuffer";
    // A throw inside one of these would end the process: a sink does not throw.
    socket.onopen = () => sink.opened(this);
    socket.onmessage = ({ data }) => {
      if (!this.#done) sink.received(typeof data === "string" ? data : new Uint8Array(data as ArrayBuffer));
    };
    socket.onclose = ({ code, reason }) => this.#ended(code, reason);
    socket.onerror = (event) => {
      event.preventDefault();
      // A close event follows for every error that ends the connection, except before it was open.
      if (socket.readyState === WebSocket.CONNECTING) this.#ended(CLOSE_ABNORMAL, "");
    };
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  send(turn: Turn): void {
    if (this.#done) return;
    const { frames } = turn;
    for (let i = 0; i < frames.length; i++) this.#sendFrame(frames[i]);
  }

  #sendFrame(frame: Frame): void {
    try {
      this.#socket.send(frame.data);
    } catch {
      // Not open any more: the close event tells the rest.
    }
  }

  close(code: number, reason: string): void {
    if (this.#done) return;
    this.#done = true;
    try {
      this.#socket.close(code, reason);
    } catch {
      // Closed already.
    }
    this.#forget();
  }

  #ended(code: number, reason: string): void {
    if (this.#done) return;
    this.#done = true;
    this.#forget();
    const closed = normalizeClose(code, reason);
    this.#sink.closed(closed.code, closed.reason);
  }

  /** A socket whose other side does not read stays in the runtime for long: it must not keep the connection with it. */
  #forget(): void {
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.onerror = (event) => event.preventDefault();
  }
}
