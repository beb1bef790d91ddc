/**
 * The port between a connection and its transport: how frames go out, and what comes in.
 *
 * @module
 */

import type { WireData } from "../protocol/frame.ts";
import type { Turn } from "../protocol/turn.ts";

/** The write side of one transport connection. */
export interface Socket {
  /**
   * How many bytes were handed over and have not left yet, as far as the transport can tell. It MUST come back to 0
   * when all have left; it is read at every flush, so it MUST be cheap.
   */
  readonly bufferedBytes: number;
  /** Whether the frames of a turn leave in one write, so that all of a turn is worth waiting for. It MUST NOT change. */
  readonly coalesces: boolean;
  /**
   * Hands over what one turn of the event loop has for this connection, in order. Called at most once per connection
   * and turn, except while a backlog drains. `turn` is shared between connections: a transport MUST NOT change it, and
   * may keep its own wire form of the whole in `turn.wire`. MUST NOT throw; after a close it does nothing.
   */
  send(turn: Turn): void;
  /**
   * Begins the close: nothing is received any more, and what was handed over before may still leave. `code` can be
   * sent (RFC 6455, section 7.4), `reason` has at most 123 bytes. What has not ended after `limits.closeTimeoutMs` MUST
   * be cut off or, where that cannot be, be counted (`connections.abandoned`) and forgotten. MUST NOT throw; a second
   * call does nothing.
   */
  close(code: number, reason: string): void;
}

/**
 * What a transport tells its connection. The transport calls {@link SocketSink.opened} once, then `received` for each
 * whole message in order, then `closed` exactly once. None of these throws.
 */
export interface SocketSink {
  /** The connection is open. */
  opened(socket: Socket): void;
  /** A whole message has arrived. Bytes belong to the receiver. */
  received(data: WireData): void;
  /** The other side has gone, or the transport has failed. Not called after {@link Socket.close}. `1006`: no close frame. */
  closed(code: number, reason: string): void;
}
