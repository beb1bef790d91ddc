import { CLOSE_ABNORMAL, CLOSE_INTERNAL, normalizeClose } from "../protocol/close_codes.ts";
import type { Frame } from "../protocol/frame.ts";
import type { Turn } from "../protocol/turn.ts";
import type { Socket, SocketSink } from "../sessions/socket.ts";
import { type Closing, Closings } from "./closings.ts";
import { handshakeFault } from "./handshake.ts";
import { keepHeapRoom } from "./heap_room.ts";
import type { Gate, MountedTransport, Transport, TransportPorts } from "./transport.ts";

/** WebSocket (RFC 6455) by the runtime: `Deno.upgradeWebSocket`. */
export const websocket: Transport = {
  name: "websocket",
  segment: "websocket",
  raw: true,
  mount(ports) {
    keepHeapRoom();
    return new Mounted(ports);
  },
};

/** One mount; it remembers what is being closed. */
class Mounted implements MountedTransport {
  readonly #closings: Closings;

  constructor(ports: TransportPorts) {
    this.#closings = new Closings(ports);
  }

  get held(): number {
    return this.#closings.size;
  }

  end(): void {
    this.#closings.clear();
  }

  handle(request: Request, gate: Gate): Response | Promise<Response> {
    const fault = handshakeFault(request);
    if (fault !== null) return gate.refuse(fault);
    return gate.admit(({ protocol, connect }) => {
      // The runtime's own idle time-out costs 2.9 KiB a connection and closes twice: the engine has a wheel of its own.
      const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
      // Not the runtime's own `protocol`: it misreads a list of offers without spaces, and throws.
      if (protocol !== null) response.headers.set("sec-websocket-protocol", protocol);
      new WebSocketSocket(socket, connect(), this.#closings);
      return response;
    });
  }
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
  // What each send needs comes first, as in the outbox.
  #done = false;
  /** What went to the runtime since it was last seen with nothing left, about. */
  #unseen = 0;
  readonly #socket: WebSocket;
  readonly #sink: SocketSink;
  readonly #closings: Closings;
  /** One `send` of the runtime is one write, always. */
  readonly coalesces = false;
  #receiving = false;

  constructor(socket: WebSocket, sink: SocketSink, closings: Closings) {
    this.#socket = socket;
    this.#sink = sink;
    this.#closings = closings;
    socket.binaryType = "arraybuffer";
    // One listener for all: an `onmessage = …` for each event would cost 1 KiB a connection.
    for (const event of EVENTS) socket.addEventListener(event, this);
  }

  /** Takes an event of the runtime's. A throw would end the process: a sink that breaks its promise ends alone. */
  handleEvent(event: Event): void {
    if (this.#done) return;
    try {
      this.#take(event);
    } catch {
      this.close(CLOSE_INTERNAL, "internal error");
    }
  }

  #take(event: Event): void {
    if (event instanceof MessageEvent) {
      const { data } = event;
      this.#receiving = true;
      this.#sink.received(typeof data === "string" ? data : new Uint8Array(data as ArrayBuffer));
      this.#receiving = false;
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
    this.#forget();
    const socket = this.#socket;
    const begin = (): void => beginClose(socket, code, reason);
    // In the event of a message, the runtime would go on reading before it writes the close frame, and if there is more
    // to read, drop the connection without one.
    if (this.#receiving) this.#closings.soon(begin);
    else begin();
    if (socket.readyState !== WebSocket.CLOSED) new EndOfSocket(socket, this.#closings);
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

function beginClose(socket: WebSocket, code: number, reason: string): void {
  try {
    socket.close(code, reason);
  } catch {
    // Closed already.
  }
}

/** Waits for the end of a socket whose close has begun; of the connection that was behind it, it knows nothing. */
class EndOfSocket implements Closing, EventListenerObject {
  readonly #socket: WebSocket;
  readonly #closings: Closings;

  constructor(socket: WebSocket, closings: Closings) {
    this.#socket = socket;
    this.#closings = closings;
    socket.addEventListener("close", this, { once: true });
    closings.add(this);
  }

  /** The runtime says nothing of bytes any more: `bufferedAmount` is 0 from the close on. */
  get ended(): boolean {
    return this.#socket.readyState === WebSocket.CLOSED;
  }

  handleEvent(): void {
    this.#closings.delete(this);
  }
}
