/**
 * The port for transports: how a request becomes a connection.
 *
 * @module
 */

import type { SocketSink } from "../sessions/socket.ts";

/** A kind of transport, e.g. WebSocket. It holds no state of any connection beyond the sockets that it has made. */
export interface Transport {
  /** Its name, for logs and inspection. */
  readonly name: string;
  /** The last part of its path below a mount: `websocket` in `/socket/websocket`. */
  readonly segment: string;
  /**
   * Why this transport cannot serve `request`, for the answer with status 400; `null` if it can. MUST NOT throw, and
   * MUST NOT read the body.
   */
  fault(request: Request): string | null;
  /**
   * Turns `request` into a connection and returns the response. `protocol` was offered by the client and chosen for it;
   * `null` for none. `connect` makes the connection, which gets the socket's events: it is called once, when nothing
   * can fail any more. MAY throw before, if the request turns out to be unfit.
   */
  accept(request: Request, protocol: string | null, connect: () => SocketSink): Response;
}
