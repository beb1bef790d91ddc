import type { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";
import { WebSocket } from "ws";
import { messageOf } from "../../base/errors.ts";
import {
  CLOSE_INTERNAL,
  CLOSE_MALFORMED,
  CLOSE_NO_STATUS,
  CLOSE_TOO_BIG,
  normalizeClose,
} from "../../protocol/close_codes.ts";
import type { Turn } from "../../protocol/turn.ts";
import type { Socket, SocketSink } from "../../sessions/socket.ts";
import type { Closing, Closings } from "../closings.ts";
import type { TransportPorts } from "../transport.ts";
import type { TurnBytes } from "./framing.ts";
import type { Answerer, Liveness } from "./liveness.ts";

/** What the sockets of one mount share. */
export interface WsSocketPorts {
  readonly transport: TransportPorts;
  readonly liveness: Liveness;
  readonly closings: Closings;
}

/** The package's own end of a connection, which tells a {@link WsSocket} what happens. */
export class ServerWebSocket extends WebSocket {
  /** Who is told; `null` until it is known. */
  owner: WsSocket | null = null;

  /**
   * The package calls it, too: for the other side's close frame, and for what breaks a rule. It has no event for the
   * first before the TCP connection has ended, which may take as long as the other side likes.
   */
  override close(code?: number, reason?: string | Buffer): void {
    super.close(code, this.owner?.closing(code, reason) ?? reason);
  }
}

/** Hands what a WebSocket of `ws` receives to a sink, and the bytes of whole turns to its raw socket. */
export class WsSocket implements Socket, Answerer, Closing {
  /** A turn is one write. */
  readonly coalesces = true;
  heard = false;
  pinged = false;
  readonly #ws: ServerWebSocket;
  readonly #raw: Duplex;
  readonly #bytes: TurnBytes;
  readonly #ports: WsSocketPorts;
  readonly #slot: number;
  #sink: SocketSink | null;

  /** `raw` carries `ws`. */
  constructor(ws: ServerWebSocket, raw: Duplex, bytes: TurnBytes, sink: SocketSink, ports: WsSocketPorts) {
    this.#ws = ws;
    this.#raw = raw;
    this.#bytes = bytes;
    this.#sink = sink;
    this.#ports = ports;
    ws.owner = this;
    ws.on("message", onMessage).on("pong", onSign).on("ping", onSign).on("error", onError).on(
      "close",
      onClose,
    );
    this.#slot = ports.liveness.add(this);
  }

  /** The connection is open. Called once. */
  open(): void {
    try {
      this.#sink?.opened(this);
    } catch (error) {
      this.#failed(error);
    }
  }

  get bufferedBytes(): number {
    return this.#raw.writableLength;
  }

  send(turn: Turn): void {
    if (this.#sink !== null) this.#raw.write(turn.wire(this.#bytes));
  }

  close(code: number, reason: string): void {
    if (this.#sink === null) return;
    this.#end();
    this.#ws.close(code, reason);
  }

  // ── What the package tells ───────────────────────────────────────────────────────────────────────────────────────

  /** A message has arrived. */
  received(data: Buffer, isBinary: boolean): void {
    this.heard = true;
    this.pinged = false;
    if (this.#sink === null) return;
    try {
      this.#sink.received(isBinary ? new Uint8Array(data) : data.toString());
    } catch (error) {
      this.#failed(error);
    }
  }

  /**
   * The package is about to send a close frame. Returns its reason, if it is not the one that the package has: for the
   * other side's close, it echoes code and reason (bytes); for a breach it has a code alone.
   */
  closing(code: number | undefined, reason: string | Buffer | undefined): string | null {
    const sink = this.#sink;
    if (sink === null) return null;
    this.#end();
    if (code === undefined || reason !== undefined) {
      this.#tell(sink, code ?? CLOSE_NO_STATUS, reason?.toString() ?? "");
      return null;
    }
    const { counters, maxMessageBytes } = this.#ports.transport;
    if (code === CLOSE_TOO_BIG) counters.add("connections.too_big");
    else counters.add(code === CLOSE_MALFORMED ? "connections.malformed" : "connections.breaches");
    const breach = code === CLOSE_TOO_BIG
      ? `a message may have ${maxMessageBytes} bytes`
      : code === CLOSE_MALFORMED
      ? "a text is no UTF-8"
      : "not what RFC 6455 allows";
    this.#tell(sink, code, breach);
    return breach;
  }

  /** The TCP connection has ended. */
  gone(code: number, reason: string): void {
    const sink = this.#sink;
    if (sink === null) return this.#ports.closings.delete(this);
    this.#forget();
    const closed = normalizeClose(code, reason);
    this.#tell(sink, closed.code, closed.reason);
  }

  // ── Who does not answer ──────────────────────────────────────────────────────────────────────────────────────────

  get ended(): boolean {
    return this.#raw.destroyed;
  }

  ping(): void {
    this.#ws.ping();
  }

  cutOff(): void {
    this.#ws.terminate();
  }

  /** Nothing goes to the sink any more, and the close may take only so long. */
  #end(): void {
    this.#forget();
    this.#ports.closings.add(this);
  }

  #forget(): void {
    this.#sink = null;
    this.#ports.liveness.delete(this, this.#slot);
  }

  #tell(sink: SocketSink, code: number, reason: string): void {
    try {
      sink.closed(code, reason);
    } catch (error) {
      this.#log(error);
    }
  }

  /** A sink does not throw. One that does, against its contract, ends alone. */
  #failed(error: unknown): void {
    this.#log(error);
    this.close(CLOSE_INTERNAL, "internal error");
  }

  #log(error: unknown): void {
    this.#ports.transport.logger.log("error", "a connection failed its transport", {
      error: messageOf(error),
    });
  }
}

// Shared by all, so that a connection has no closures of its own.

function onMessage(this: WebSocket, data: Buffer, isBinary: boolean): void {
  (this as ServerWebSocket).owner!.received(data, isBinary);
}

function onSign(this: WebSocket): void {
  (this as ServerWebSocket).owner!.pinged = false;
}

/** A close follows, which says all that matters. */
function onError(): void {}

function onClose(this: WebSocket, code: number, reason: Buffer): void {
  (this as ServerWebSocket).owner!.gone(code, reason.toString());
}
