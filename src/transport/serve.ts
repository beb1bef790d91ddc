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

/** Answers one request. `remoteAddr` is the other end of its TCP connection. */
export type ServeHandler = (
  request: Request,
  info: { readonly remoteAddr: Deno.NetAddr },
) => Response | Promise<Response>;

/** A server that listens. */
export interface Server {
  /** Where. */
  readonly addr: Deno.NetAddr;
  /** Takes nothing new, and resolves when what is being answered has been. */
  shutdown(): Promise<void>;
}

/** Listens, synchronously: the port is bound when it returns. Throws e.g. `Deno.errors.AddrInUse`. */
export type Serve = (options: ServeOptions, handler: ServeHandler) => Server;
