import { WebSocketServer } from "ws";
import { TroupeError } from "../../base/errors.ts";
import { Closings } from "../closings.ts";
import { handshakeFault } from "../handshake.ts";
import type { Admission, Gate, MountedTransport, Refusal, Transport, TransportPorts } from "../transport.ts";
import { deflatedTurn, plainTurn, type TurnBytes } from "./framing.ts";
import { Liveness } from "./liveness.ts";
import { nodeServe } from "./node_server.ts";
import { type Upgrade, upgradeOf } from "./upgrade.ts";
import { ServerWebSocket, WsSocket, type WsSocketPorts } from "./ws_socket.ts";

/** What {@link ws} takes. Everything has a default. */
export interface WsOptions {
  /**
   * How often a connection is looked at, in milliseconds: one from which nothing came since the last look is pinged, and
   * one that has not answered by the next is cut off (`connections.unresponsive`). Default: 30,000. 0: never.
   */
  readonly pingMs?: number;
  /**
   * Compresses messages for clients that offer permessage-deflate (RFC 7692), without context takeover: each message is
   * compressed once, on the engine's own thread, and its bytes are shared by all subscribers. Default: none.
   */
  readonly perMessageDeflate?: {
    /** The least size of a message that is compressed, in bytes. Default: 1,024. */
    readonly thresholdBytes?: number;
  };
}

/** Longer than anything: the engine's own clock bounds a close. 2³¹ − 1 ms is what a timer can hold. */
const NEVER_MS = 0x7fff_ffff;

/**
 * WebSocket by the package `ws` on a `node:http` server: what a turn has for a connection leaves in one write, and the
 * bytes are made once for all subscribers. That is many times the fan-out of the default transport to stock clients.
 * It also pings, cuts off what does not answer, counts the fragments of a message before it holds them, and can
 * compress. It brings its own listener, since the raw sockets are needed: use `app.listen`, or {@link Transport.serve}
 * with any handler that passes requests on to `app.fetch` as they are; `deno serve` cannot be used.
 *
 * Its name and its paths are those of the default transport, and it takes its place.
 *
 * @throws {TroupeError} `invalid_options`, naming the option.
 *
 * @example
 * ```ts
 * import { App } from "@troupe/core";
 * import { ws } from "@troupe/core/transports/ws";
 * import { assertEquals } from "@std/assert";
 *
 * const app = new App({ transports: [ws({ pingMs: 20_000 })] })
 *   .component("/echo", { message: (conn, data) => conn.send(data) });
 * const server = app.listen({ port: 0 });
 *
 * const client = new WebSocket(`ws://127.0.0.1:${server.port}/echo`);
 * client.onopen = () => client.send("hello");
 * assertEquals(await new Promise((resolve) => client.onmessage = ({ data }) => resolve(data)), "hello");
 *
 * const closed = new Promise((resolve) => client.onclose = resolve);
 * client.close();
 * await closed;
 * await server.close();
 * ```
 */
export function ws(options: WsOptions = {}): Transport {
  checkOptions(options);
  const { pingMs = 30_000, perMessageDeflate } = options;
  const deflated = perMessageDeflate === undefined
    ? null
    : deflatedTurn(perMessageDeflate.thresholdBytes ?? 1_024);
  return {
    name: "websocket",
    segment: "websocket",
    raw: true,
    serve: nodeServe,
    mount: (ports) => new Mounted(ports, pingMs, deflated),
  };
}

class Mounted implements MountedTransport {
  readonly #ports: WsSocketPorts;
  readonly #deflated: TurnBytes | null;
  readonly #server: WebSocketServer;
  #fault: string | null = null;

  constructor(transport: TransportPorts, pingMs: number, deflated: TurnBytes | null) {
    const { clock, counters } = transport;
    this.#ports = {
      transport,
      liveness: new Liveness(clock, counters, pingMs),
      closings: new Closings(transport),
    };
    this.#deflated = deflated;
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      closeTimeout: NEVER_MS,
      perMessageDeflate: deflated !== null &&
        { serverNoContextTakeover: true, clientNoContextTakeover: true },
      WebSocket: ServerWebSocket,
    });
    this.#server.on("wsClientError", ({ message }) => this.#fault = message);
  }

  get held(): number {
    return this.#ports.liveness.size + this.#ports.closings.size;
  }

  handle(request: Request, gate: Gate): Response | Promise<Response> {
    const fault = handshakeFault(request);
    if (fault !== null) return gate.refuse(fault);
    const upgrade = upgradeOf(request);
    if (upgrade === null) return gate.refuse(NO_SOCKET);
    return gate.admit((admission) => this.#accept(upgrade, admission));
  }

  end(): void {
    this.#ports.closings.clear();
  }

  /** Throws for what `ws` finds unfit, before anything is written. */
  #accept(upgrade: Upgrade, { protocol, connect }: Admission): Response {
    const { incoming: { headers }, socket } = upgrade;
    if (socket.destroyed || !socket.readable || !socket.writable) throw new Error("the client has gone");
    // What was chosen is all that `ws` is to choose from.
    if (protocol === null) delete headers["sec-websocket-protocol"];
    else headers["sec-websocket-protocol"] = protocol;
    const deflates = this.#deflated !== null && canShare(headers["sec-websocket-extensions"]);
    if (!deflates) delete headers["sec-websocket-extensions"];
    this.#server.options.maxPayload = this.#ports.transport.maxMessageBytes;
    this.#fault = null;
    this.#server.handleUpgrade(upgrade.incoming, socket, upgrade.head, (made) => {
      upgrade.taken = true;
      this.#connect(made as ServerWebSocket, upgrade, deflates ? this.#deflated! : plainTurn, connect);
    });
    if (this.#fault !== null) throw new Error(this.#fault);
    return new Response(null);
  }

  #connect(
    made: ServerWebSocket,
    { socket }: Upgrade,
    bytes: TurnBytes,
    connect: Admission["connect"],
  ): void {
    try {
      new WsSocket(made, socket, bytes, connect(), this.#ports).open();
    } catch (error) {
      made.terminate();
      throw error;
    }
  }
}

/** Without the raw socket there is nothing to speak WebSocket on. */
const NO_SOCKET: Refusal = {
  status: 500,
  reason: "no_raw_socket",
  details: {
    message: "the request did not come from the listener of the transport ws, or it is a copy: " +
      "listen by app.listen or the transport's serve, and hand on the very same Request to app.fetch",
  },
};

/** Whether the client takes messages that are compressed for everybody: a smaller window would be for it alone. */
function canShare(extensions: string | undefined): boolean {
  return extensions !== undefined && !extensions.includes("server_max_window_bits");
}

const OPTIONS = ["pingMs", "perMessageDeflate"];
const DEFLATE_OPTIONS = ["thresholdBytes"];

function checkOptions(options: WsOptions): void {
  checkKeys("", options, OPTIONS);
  checkNumber("pingMs", options.pingMs);
  if (options.perMessageDeflate === undefined) return;
  checkKeys("perMessageDeflate", options.perMessageDeflate, DEFLATE_OPTIONS);
  checkNumber("perMessageDeflate.thresholdBytes", options.perMessageDeflate.thresholdBytes);
}

function checkKeys(at: string, value: unknown, accepted: readonly string[]): void {
  if (typeof value !== "object" || value === null) throw refused(at, "expected an object", accepted);
  const unknown = Object.keys(value).find((key) => !accepted.includes(key));
  if (unknown !== undefined) throw refused(at, `there is no option ${JSON.stringify(unknown)}`, accepted);
}

function checkNumber(at: string, value: unknown): void {
  if (value === undefined || (typeof value === "number" && value >= 0 && value < Infinity)) return;
  throw refused(at, "expected a number of 0 or more", null);
}

function refused(at: string, fault: string, accepted: readonly string[] | null): TroupeError {
  return new TroupeError(
    "invalid_options",
    `Cannot use the options of ws: ${at === "" ? "" : `at ${at}: `}${fault}` +
      (accepted === null ? "" : `. Accepted: ${accepted.join(", ")}`),
    { details: { taker: "ws", at, ...(accepted !== null && { accepted }) } },
  );
}
