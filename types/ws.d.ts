/**
 * Types for what we use of the `ws` package, 8.x, which carries none. From its documentation (`doc/ws.md`); what stands
 * there as internal, `WebSocket.close` being called for the other side's close and for faults, is said at its method.
 */

declare module "ws" {
  import type { Buffer } from "node:buffer";
  import type { EventEmitter } from "node:events";
  import type { IncomingMessage } from "node:http";
  import type { Duplex } from "node:stream";

  /** The server's end of a connection. */
  export class WebSocket extends EventEmitter {
    /** For `WebSocketServer` alone. */
    constructor(address: null, protocols: undefined, options: ServerOptions);
    /**
     * Sends a close frame and waits for the other side's. The package itself calls it too: without arguments, or with a
     * code and bytes, when the other side's close frame has come; with a code alone when it broke a rule.
     */
    close(code?: number, reason?: string | Buffer): void;
    /** Sends a ping. */
    ping(): void;
    /** Drops the connection. */
    terminate(): void;
    on(event: "message", listener: (this: this, data: Buffer, isBinary: boolean) => void): this;
    on(event: "close", listener: (this: this, code: number, reason: Buffer) => void): this;
    on(event: "error", listener: (this: this, error: Error) => void): this;
    on(event: "ping" | "pong", listener: (this: this, data: Buffer) => void): this;
  }

  /** How messages are compressed (RFC 7692). */
  export interface PerMessageDeflateOptions {
    serverNoContextTakeover?: boolean;
    clientNoContextTakeover?: boolean;
  }

  /** How a server makes connections. */
  export interface ServerOptions {
    /** Upgrades come from outside, by `handleUpgrade`. */
    noServer?: boolean;
    /** Whether the server keeps a set of its connections. */
    clientTracking?: boolean;
    /** Bytes of one message, all fragments together and after decompression. Beyond: close 1009. */
    maxPayload?: number;
    /** How long a close may take, in milliseconds; then the connection is dropped. */
    closeTimeout?: number;
    perMessageDeflate?: false | PerMessageDeflateOptions;
    /** What connections are made of. */
    WebSocket?: typeof WebSocket;
  }

  /** Makes connections of upgrade requests. */
  export class WebSocketServer extends EventEmitter {
    /** What it was made with. It is read at each upgrade. */
    readonly options: ServerOptions;
    constructor(options: ServerOptions);
    /** Answers a handshake with 101 and calls `done`, synchronously; or emits `wsClientError` for one that is unfit. */
    handleUpgrade(
      request: IncomingMessage,
      socket: Duplex,
      head: Uint8Array,
      done: (socket: WebSocket, request: IncomingMessage) => void,
    ): void;
    /** A handshake is unfit. With a listener, the package answers nothing itself. */
    on(
      event: "wsClientError",
      listener: (error: Error, socket: Duplex, request: IncomingMessage) => void,
    ): this;
  }
}
