import type { WireData } from "../protocol/frame.ts";
import type { SocketSink } from "../sessions/socket.ts";
import type { Gate, MountedTransport, Transport } from "../transport/transport.ts";
import { FakeSocket } from "./fake_socket.ts";

/** The client's end of a connection without a network: see {@link FakeTransport}. */
export class FakeConnection {
  /** The server's end. */
  readonly socket: FakeSocket = new FakeSocket();
  readonly #sink: SocketSink;
  #ended = false;

  /** For {@link FakeTransport}. */
  constructor(sink: SocketSink) {
    this.#sink = sink;
  }

  /** How the server closed the connection; `null` if it did not. */
  get closed(): { readonly code: number; readonly reason: string } | null {
    return this.socket.closed;
  }

  /** The handshake is over. */
  open(): void {
    this.#sink.opened(this.socket);
  }

  /** Sends a text or a binary message; it is handled as far as that goes within one I/O callback. */
  send(data: WireData): void {
    if (!this.#ended && this.closed === null) this.#sink.received(data);
  }

  /** Closes the connection from the client's side. `1006`: the client has vanished. */
  close(code = 1000, reason = ""): void {
    if (this.#ended || this.closed !== null) return;
    this.#ended = true;
    this.#sink.closed(code, reason);
  }

  /** What has arrived since the last call, oldest first. */
  take(): WireData[] {
    return this.socket.take();
  }
}

/** Names the connection that a request asks for. */
const CONNECTION_HEADER = "x-fake-connection";

/**
 * A transport without a network: a request that {@link FakeTransport.request} has made becomes a
 * {@link FakeConnection}, which {@link FakeTransport.accepted} hands out. It stands where WebSocket does.
 */
export class FakeTransport implements Transport, MountedTransport {
  /** `fake`. */
  readonly name = "fake";
  /** `websocket`: the paths are those of the real thing. */
  readonly segment = "websocket";
  /** It carries whatever it is given. */
  readonly raw = true;
  readonly #accepted = new Map<string, FakeConnection>();
  #lastId = 0;

  /** A request for a connection to `url`. */
  request(url: string | URL, headers: HeadersInit = {}): Request {
    const all = new Headers(headers);
    all.set(CONNECTION_HEADER, String(++this.#lastId));
    return new Request(url, { headers: all });
  }

  /** The connection that `request` has become, once; `null` if it was refused. It is not open yet. */
  accepted(request: Request): FakeConnection | null {
    const id = request.headers.get(CONNECTION_HEADER) ?? "";
    const connection = this.#accepted.get(id) ?? null;
    this.#accepted.delete(id);
    return connection;
  }

  /** Serves all mounts alike. */
  mount(): MountedTransport {
    return this;
  }

  /**
   * Makes a connection of a request of {@link FakeTransport.request}'s. The response has status 200, since a program
   * cannot make one with status 101.
   */
  handle(request: Request, gate: Gate): Response | Promise<Response> {
    const id = request.headers.get(CONNECTION_HEADER);
    if (id === null) {
      const message = "the request was not made by FakeTransport.request";
      return gate.refuse({ status: 400, reason: "bad_handshake", details: { message } });
    }
    return gate.admit(({ connect }) => {
      this.#accepted.set(id, new FakeConnection(connect()));
      return new Response(null);
    });
  }
}
