import { systemClock } from "../../base/clock.ts";
import { Counters } from "../../base/inspect.ts";
import { silentLogger } from "../../base/log.ts";
import { systemRandom } from "../../base/random.ts";
import { hmacSigner } from "../../http/hmac_signer.ts";
import { refusalResponse } from "../../http/refusal_response.ts";
import type { WireData } from "../../protocol/frame.ts";
import type { Socket, SocketSink } from "../../sessions/socket.ts";
import type { Server } from "../../transport/serve.ts";
import type { Admission, Gate, MountedTransport, Refusal, Transport } from "../../transport/transport.ts";

/** How many bytes a message may have on a {@link TransportStage}. */
export const STAGE_MESSAGE_BYTES = 100_000;

/** What a transport has told: each entry once, in order. */
export type Told =
  | { readonly kind: "opened" }
  | { readonly kind: "received"; readonly data: WireData }
  | { readonly kind: "closed"; readonly code: number; readonly reason: string };

/** The connection behind a transport's socket: it remembers what it is told. */
export class RecordingSink implements SocketSink {
  /** What a tool of a test does when a message comes; it may throw, though a sink must not. */
  onReceived: ((data: WireData) => void) | null = null;
  readonly #told: Told[] = [];
  #socket: Socket | null = null;
  #wake: () => void = () => {};

  /** The socket, once the connection is open. */
  get socket(): Socket {
    if (this.#socket === null) throw new Error("the transport has not told that the connection is open");
    return this.#socket;
  }

  /** What was told and not asked for yet. */
  get untaken(): readonly Told[] {
    return this.#told;
  }

  /** The next of what was told. */
  async next(): Promise<Told> {
    while (this.#told.length === 0) await new Promise<void>((resolve) => this.#wake = resolve);
    return this.#told.shift()!;
  }

  /** For transports. */
  opened(socket: Socket): void {
    this.#socket = socket;
    this.#tell({ kind: "opened" });
  }

  /** For transports. */
  received(data: WireData): void {
    this.#tell({ kind: "received", data });
    this.onReceived?.(data);
  }

  /** For transports. */
  closed(code: number, reason: string): void {
    this.#tell({ kind: "closed", code, reason });
  }

  #tell(told: Told): void {
    this.#told.push(told);
    this.#wake();
  }
}

/** One mount of a transport, with nothing of an app behind it but a gate that lets everybody in, or nobody. */
export class TransportStage {
  /** Says no to everybody from now on; `null`: lets them in. */
  refusal: Refusal | null = null;
  /** What the transport counts. */
  readonly counters: Counters = new Counters();
  /** What is mounted. */
  readonly transport: Transport;
  readonly #mounted: MountedTransport;
  readonly #sinks: RecordingSink[] = [];
  #wake: () => void = () => {};
  #server: Server | null = null;

  /** Mounts `transport`. */
  constructor(transport: Transport) {
    this.transport = transport;
    this.#mounted = transport.mount({
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      counters: this.counters,
      signer: hmacSigner("a secret of 32 bytes for testing"),
      maxMessageBytes: STAGE_MESSAGE_BYTES,
      limits: { longpollSessions: 10, longpollBodyBytes: 1_000_000, closeTimeoutMs: 60_000 },
    });
  }

  /** Listens, at the first call, as an app with this transport would. The port is on 127.0.0.1. */
  get port(): number {
    const serve = this.transport.serve ??
      ((options, handler) => Deno.serve({ ...options, onListen() {} }, handler));
    this.#server ??= serve({
      hostname: "127.0.0.1",
      port: 0,
      onError: () => new Response("the transport has failed", { status: 500 }),
    }, (request, { remoteAddr }) => this.handle(request, remoteAddr.hostname));
    return this.#server.addr.port;
  }

  /** Hands a request to the transport. */
  async handle(request: Request, remoteAddress = ""): Promise<Response> {
    return await this.#mounted.handle(request, this.#gate(request, remoteAddress));
  }

  /** The server's end of the next connection. */
  async accepted(): Promise<RecordingSink> {
    while (this.#sinks.length === 0) await new Promise<void>((resolve) => this.#wake = resolve);
    return this.#sinks.shift()!;
  }

  /** Ends it all. */
  async end(): Promise<void> {
    this.#mounted.end?.();
    await this.#server?.shutdown();
  }

  #gate(request: Request, remoteAddress: string): Gate {
    const refuse = ({ status, reason, details, headers }: Refusal): Response =>
      refusalResponse(status, reason, details, headers);
    return {
      url: new URL(request.url),
      remoteAddress,
      originFault: () => null,
      refuse,
      admit: async (accept, refused = (refusal) => refuse(refusal)) => {
        await Promise.resolve(); // an app asks around first
        if (this.refusal !== null) return refused(this.refusal, null);
        const connect: Admission["connect"] = () => {
          const sink = new RecordingSink();
          this.#sinks.push(sink);
          this.#wake();
          return sink;
        };
        try {
          return accept({ protocol: null, expiresAtMs: null, connect });
        } catch (error) {
          return refused({ status: 400, reason: "bad_handshake", details: { message: String(error) } }, null);
        }
      },
    };
  }
}
