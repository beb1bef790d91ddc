/**
 * The port for transports: how requests become connections.
 *
 * @module
 */

import type { Clock } from "../base/clock.ts";
import type { Counters } from "../base/inspect.ts";
import type { Logger } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { Signer } from "../base/signer.ts";
import type { Codec } from "../protocol/codec.ts";
import type { SocketSink } from "../sessions/socket.ts";
import type { Serve } from "./serve.ts";

/** A kind of transport, e.g. WebSocket. It is a value without state: what it has to remember belongs to a mount. */
export interface Transport {
  /** Its name, for logs and inspection. */
  readonly name: string;
  /** The last part of its path below a mount: `websocket` in `/socket/websocket`. */
  readonly segment: string;
  /** Whether it carries any message, text or bytes, as it is: then raw components can be reached by it. */
  readonly raw: boolean;
  /** What all of its channel connections speak, whatever their `vsn`. Left out: the app's codecs, by `vsn`. */
  readonly codec?: Codec;
  /**
   * What a client's codec becomes where the transport cannot carry all that it sends, e.g. no bytes and no batches. It
   * MUST give the same for the same codec. Left out: it stays as it is.
   */
  adapt?(codec: Codec): Codec;
  /** Whether its clients say nothing by themselves, so that `limits.idleMs` means nothing to it. Default: `false`. */
  readonly silent?: boolean;
  /**
   * Whether its clients, when they come again, cannot give back what the server has told them: then their sessions end
   * with their connections, whatever `limits.graceMs` says. Default: `false`.
   */
  readonly forgetful?: boolean;
  /** The query parameter in which the user's token may come, where clients can set no headers. Default: none. */
  readonly tokenParam?: string;
  /** How an app listens that uses this transport. Left out: `Deno.serve`. */
  readonly serve?: Serve;
  /** Begins to serve one mount of one app. MUST NOT throw, and MUST start nothing that keeps a process alive. */
  mount(ports: TransportPorts): MountedTransport;
}

/** Bounds of the app's that transports keep. They are read when they are needed: they may change meanwhile. */
export interface TransportLimits {
  /** Long-poll sessions of one mount. */
  readonly longpollSessions: number;
  /** Bytes of the body of one long-poll POST. */
  readonly longpollBodyBytes: number;
  /** How long the close of a socket may take before it is cut off or, where that cannot be, given up, in milliseconds. */
  readonly closeTimeoutMs: number;
}

/** What an app lends to a mounted transport. */
export interface TransportPorts {
  /** Time. */
  readonly clock: Clock;
  /** Randomness. */
  readonly random: Random;
  /** Log lines. */
  readonly logger: Logger;
  /** The app's counters. */
  readonly counters: Counters;
  /** Bytes of one message from a client: `limits.maxMessageBytes`, as it is now. */
  readonly maxMessageBytes: number;
  /** Further bounds. */
  readonly limits: TransportLimits;
  /** Signs what is handed out and has to be recognised when it comes back. */
  readonly signer: Signer;
}

/** A transport at work below one path. */
export interface MountedTransport {
  /** Answers a request at its path, whatever its method. It MUST NOT throw or reject. */
  handle(request: Request, gate: Gate): Response | Promise<Response>;
  /**
   * Puts a refusal that was made before {@link MountedTransport.handle} was asked, for clients that need a form of their
   * own. It was counted already. Left out: the common form, JSON with the reason. MUST NOT throw.
   */
  refusal?(refusal: Refusal): Response;
  /** How much it holds for its clients, as told by `app.gauges`: 0 when all have gone. Left out: nothing. */
  readonly held?: number;
  /** The app has ended, and all its connections are closed: forgets what still keeps the process alive. MUST NOT throw. */
  end?(): void;
}

/** Why a request becomes no connection: what the answer says. */
export interface Refusal {
  /** The HTTP status. */
  readonly status: number;
  /** A stable code in snake_case. */
  readonly reason: string;
  /** What came, and what is accepted. Never secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Headers of the answer. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What stands between one request and a connection: origin, version, limits, and who it is. */
export interface Gate {
  /** The request's URL. */
  readonly url: URL;
  /** Where it comes from; empty if the server did not say. */
  readonly remoteAddress: string;
  /**
   * Asks for a connection. `accept` is called once, if nothing speaks against it, and returns the response; it MAY
   * throw for a request that turns out to be unfit, which then is refused with status 400. Otherwise `refused` says
   * no; left out, it is {@link Gate.refuse}. A refusal is counted before. `response` is what the application itself
   * answered in `authenticate`. It does not reject.
   */
  admit(
    accept: (admission: Admission) => Response,
    refused?: (refusal: Refusal, response: Response | null) => Response,
  ): Promise<Response>;
  /** Why a page of this request's origin may not use the transport; `null` if it may. */
  originFault(): Refusal | null;
  /** Says no in the common way, JSON with the reason, and counts it under its name. */
  refuse(refusal: Refusal): Response;
}

/** A connection that may be made. */
export interface Admission {
  /** The sub-protocol that was offered by the client and chosen for it; `null` for none. */
  readonly protocol: string | null;
  /**
   * When the authorization ends, in milliseconds since the Unix epoch; `null`: never. The connection is closed then by
   * itself; nothing that a transport hands out for it may be valid any longer. A client can refresh it, so that it moves: read it when it is needed.
   */
  readonly expiresAtMs: number | null;
  /** Makes the connection, which gets the socket's events. Called once, when nothing can fail any more. */
  connect(): SocketSink;
}
