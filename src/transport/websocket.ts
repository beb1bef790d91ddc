import { CLOSE_ABNORMAL, normalizeClose } from "../protocol/close_codes.ts";
import type { Frame } from "../protocol/frame.ts";
import type { Turn } from "../protocol/turn.ts";
import type { Socket, SocketSink } from "../sessions/socket.ts";
import type { Gate, MountedTransport, Refusal, Transport } from "./transport.ts";

/** WebSocket (RFC 6455) by the runtime: `Deno.upgradeWebSocket`. */
export const websocket: Transport = {
  name: "websocket",
  segment: "websocket",
  raw: true,
  mount: () => MOUNTED,
};

/** All mounts are the same: nothing is remembered. */
const MOUNTED: MountedTransport = {
  handle(request: Request, gate: Gate): Response | Promise<Response> {
    const fault = handshakeFault(request);
    if (fault !== null) return gate.refuse(fault);
    return gate.admit(({ protocol, connect }) => {
      // The runtime's own idle time-out costs 2.9 KiB a connection and closes twice: the engine has a wheel of its own.
      const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
      // Not the runtime's own `protocol`: it misreads a list of offers without spaces, and throws.
      if (protocol !== null) response.headers.set("sec-websocket-protocol", protocol);
      new WebSocketSocket(socket, connect());
      return response;
    });
  },
};

/** Why `request` is no WebSocket handshake (RFC 6455, sections 4.2.1 and 4.4); `null` if it is one. */
export function handshakeFault(request: Request): Refusal | null {
  if (request.method !== "GET") {
    const headers = { allow: "GET" };
    return fault(405, "method_not_allowed", `a WebSocket handshake is a GET, got ${request.method}`, headers);
  }
  const upgrade = { upgrade: "websocket" };
  if (!hasToken(request.headers.get("connection"), "upgrade")) {
    return fault(426, "upgrade_required", "the connection header must hold upgrade", upgrade);
  }
  if (!hasToken(request.headers.get("upgrade"), "websocket")) {
    return fault(426, "upgrade_required", "the upgrade header must hold websocket", upgrade);
  }
  const version = request.headers.get("sec-websocket-version");
  if (version !== "13") {
    const headers = { ...upgrade, "sec-websocket-version": "13" };
    return fault(
      426,
      "bad_websocket_version",
      `sec-websocket-version must be 13, got ${version ?? "none"}`,
      headers,
    );
  }
  if (request.headers.has("sec-websocket-key")) return null;
  return fault(400, "bad_handshake", "the sec-websocket-key header is absent", {});
}

function fault(status: number, reason: string, message: string, headers: Record<string, string>): Refusal {
  return { status, reason, details: { message }, headers };
}

function hasToken(header: string | null, token: string): boolean {
  return header?.toLowerCase().split(",").some((part) => part.trim() === token) ?? false;
}

/** What the runtime tells of a WebSocket. */
const EVENTS = ["open", "message", "close", "error"] as const;

/**
 * How much goes to the runtime before it is asked whether it is behind: the question costs a good part of a send, and
 * most often all has left long since. What a frame costs besides its data counts, so that small frames add up, too.
 */
const UNSEEN_BYTES = 4_096;
const FRAME_BYTES = 128;

/** Hands the runtime's events to a sink, and frames to the runtime. */
class WebSocketSocket implements Socket, EventListenerObject {
  /** One `send` of the runtime is one write, always. */
  readonly coalesces = false;
  readonly #socket: WebSocket;
  readonly #sink: SocketSink;
  /** What went to the runtime since it was last seen with nothing left, about. */
  #unseen = 0;
  #done = false;

  constructor(socket: WebSocket, sink: SocketSink) {
    this.#socket = socket;
    this.#sink = sink;
    socket.binaryType = "arraybuffer";
    // One listener for all: an `onmessage = …` for each event would cost 1 KiB a connection.
    for (const event of EVENTS) socket.addEventListener(event, this);
  }

  /** Takes an event of the runtime's. A throw in here would end the process: a sink does not throw. */
  handleEvent(event: Event): void {
    if (this.#done) return;
    if (event instanceof MessageEvent) {
      const { data } = event;
      this.#sink.received(typeof data === "string" ? data : new Uint8Array(data as ArrayBuffer));
    } else if (event instanceof CloseEvent) this.#ended(event.code, event.reason);
    else if (event.type === "open") this.#opened();
    // A close event follows for every error that ends the connection, except before it was open.
    else if (this.#socket.readyState === WebSocket.CONNECTING) this.#ended(CLOSE_ABNORMAL, "");
  }

  #opened(): void {
    // Neither comes again, or matters: what nobody listens to weighs nothing.
    this.#socket.removeEventListener("open", this);
    this.#socket.removeEventListener("error", this);
    this.#sink.opened(this);
  }

  get bufferedBytes(): number {
    if (this.#unseen < UNSEEN_BYTES) return 0;
    const { bufferedAmount } = this.#socket;
    if (bufferedAmount === 0) this.#unseen = 0;
    return bufferedAmount;
  }

  send(turn: Turn): void {
    if (this.#done) return;
    const { frames } = turn;
    for (let i = 0; i < frames.length; i++) this.#sendFrame(frames[i]);
  }

  #sendFrame({ data }: Frame): void {
    this.#unseen += data.length + FRAME_BYTES;
    try {
      this.#socket.send(data);
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
    for (const event of EVENTS) this.#socket.removeEventListener(event, this);
  }
}
