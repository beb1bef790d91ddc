/**
 * The port for listeners: where requests come from.
 *
 * @module
 */

/** Where to listen. */
export interface ServeOptions {
  /** The address. */
  readonly hostname: string;
  /** The port; 0 picks a free one. */
  readonly port: number;
  /** A certificate chain in PEM, for TLS. */
  readonly cert?: string;
  /** Its private key in PEM. */
  readonly key?: string;
  /** Answers what the handler failed to answer. */
  onError(error: unknown): Response | Promise<Response>;
}

/** What a server knows of a request. */
export interface ServeInfo {
  /** The other end of its TCP connection. */
  readonly remoteAddr: Deno.NetAddr;
  /** Settles when its answer has gone out, or has failed to. Left out: the server does not know. */
  readonly completed?: Promise<void>;
}

/** Answers one request. */
export type ServeHandler = (request: Request, info: ServeInfo) => Response | Promise<Response>;

/** A server that listens. */
export interface Server {
  /** Where. */
  readonly addr: Deno.NetAddr;
  /** Takes nothing new, and resolves when what is being answered has been. */
  shutdown(): Promise<void>;
}

/** Listens, synchronously: the port is bound when it returns. Throws e.g. `Deno.errors.AddrInUse`. */
export type Serve = (options: ServeOptions, handler: ServeHandler) => Server;
