import type { BytesInput } from "../contract/schema.ts";
import type { ConnectionInfo } from "./connection_info.ts";
import type { User } from "./user.ts";

/** What a raw component sends and receives: text, or bytes. */
export type RawData = string | BytesInput;

/** Who gets what a component publishes. */
export interface PublishOptions {
  /** Whether the publisher gets it too, if it is subscribed. Default: `false`. */
  self?: boolean;
}

/** One connection, as a {@link Component} sees it. Calls after its end do nothing. */
export interface ComponentConnection<S, U extends User = User> {
  /** Its id, unique in this process and unguessable. */
  readonly id: string;
  /** Who is on the other side. */
  readonly user: U;
  /** The address it comes from; empty if the server did not say. */
  readonly remoteAddress: string;
  /** The URL of the handshake. */
  readonly url: URL;
  /** The headers of the handshake. */
  readonly headers: Headers;
  /** The whole handshake. */
  readonly info: ConnectionInfo;
  /** The parameters of the component's path. */
  readonly params: Readonly<Record<string, string>>;
  /** The connection's own state: what `open` returned. A handler may replace it. */
  state: S;
  /** Sends text as a text message, bytes as a binary one. */
  send(data: RawData): void;
  /**
   * Closes the connection.
   *
   * @param code A close code that can be sent (RFC 6455, section 7.4). Default: 1000.
   * @param reason At most 123 bytes of UTF-8; longer ones are cut.
   * @throws {TroupeError} `bad_close_code` for a code that cannot be sent.
   */
  close(code?: number, reason?: string): void;
  /**
   * Gets what is published in `topic` from now on. Topics of components and of channels are apart.
   *
   * @throws {TroupeError} `too_many_subscriptions`; `topic_overloaded`, `topic_unavailable`, `too_many_children` (all
   * retryable).
   */
  subscribe(topic: string): void;
  /** Takes {@link ComponentConnection.subscribe} back. */
  unsubscribe(topic: string): void;
  /**
   * Sends to all subscribers of `topic`; to itself only if asked to.
   *
   * @throws {TroupeError} `topic_overloaded` (retryable).
   */
  publish(topic: string, data: RawData, options?: PublishOptions): void;
}

/**
 * Raw open / message / close / error on a connection, without a protocol: what Ratchet's users know. All four are
 * optional; messages of one connection are handled one at a time, and an asynchronous handler holds that connection
 * alone.
 *
 * @typeParam S The connection's own state: what `open` returns.
 */
export interface Component<S = undefined, U extends User = User> {
  /** The connection is open. What it returns is the connection's state. */
  open?(conn: ComponentConnection<undefined, U>): S | Promise<S>;
  /** A message has arrived: a string for a text message, bytes for a binary one. */
  message?(conn: ComponentConnection<S, U>, data: string | Uint8Array<ArrayBuffer>): void | Promise<void>;
  /**
   * The connection has ended, whoever ended it. Called once if `open` was, and not before `open` has settled; messages
   * that wait are dropped, and a message handler that is pending goes on by itself. `code` is 1006 if there was no
   * close frame.
   */
  close?(conn: ComponentConnection<S, U>, code: number, reason: string): void | Promise<void>;
  /**
   * A handler of this connection threw. The connection stays open if this returns; it is closed with 1011 if this
   * throws, or is missing.
   */
  error?(conn: ComponentConnection<S, U>, error: unknown): void | Promise<void>;
}
