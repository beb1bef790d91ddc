/**
 * The published client's socket, with a token that may take its time, and one more thought on falling back.
 *
 * @module
 */

import { Socket, type SocketOptions, type Transport } from "phoenix";
import { PositionedLongPoll } from "./long_poll.ts";
import type { TokenSource } from "./token.ts";

/** What a {@link PhoenixSocket} takes. */
export interface PhoenixSocketOptions extends SocketOptions {
  readonly transport: Transport;
  readonly token: TokenSource;
  /** Is told of a token that cannot be had. The next try is by itself. */
  readonly failed: (error: unknown) => void;
}

/**
 * The published `phoenix` socket. Before it connects, each time, it asks for the token, which may be a promise. It falls
 * back to long-poll as the published one does, with two differences: who once was connected over the first transport
 * stays with it, since a server that restarts is no reason to leave it; and a fallback that never worked is given up
 * again, since then the server was away.
 */
export class PhoenixSocket extends Socket {
  readonly #primary: Transport;
  readonly #token: TokenSource;
  readonly #failed: (error: unknown) => void;
  #hasWorked = false;
  /** Counts what makes a token that is on its way superfluous. */
  #attempt = 0;
  #isAsking = false;

  /** Connects to nothing yet. */
  constructor(endPoint: string, { token, failed, ...options }: PhoenixSocketOptions) {
    super(endPoint, options);
    this.#primary = options.transport;
    this.#token = token;
    this.#failed = failed;
    this.onOpen(() => this.#hasWorked = true);
  }

  /** Whether it talks over long-poll that it has fallen back to. */
  get hasFallenBack(): boolean {
    return this.transport === PositionedLongPoll && this.#primary !== PositionedLongPoll;
  }

  override connect(): void {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const attempt = ++this.#attempt;
    // At once where it can be: who connects and then joins has the join sent first.
    try {
      const token = this.#token();
      if (!(token instanceof Promise)) return this.#connectWith(token);
      token.then(
        (given) => attempt === this.#attempt && this.#connectWith(given),
        (error) => attempt === this.#attempt && this.#retry(error),
      );
    } catch (error) {
      this.#retry(error);
    }
  }

  override disconnect(callback?: () => void, code?: number, reason?: string): void {
    this.#attempt++;
    this.#isAsking = false;
    super.disconnect(callback, code, reason);
  }

  override connectWithFallback(_: Transport, afterMs: number): void {
    if (this.#hasWorked) return this.transportConnect();
    this.transport = this.#primary;
    super.connectWithFallback(PositionedLongPoll, afterMs);
  }

  /** The network is there again: what waits for the next try does not wait longer than for a first one. */
  networkReturned(): void {
    if (this.isConnected() || this.closeWasClean) return;
    this.reconnectTimer.reset();
    this.reconnectTimer.scheduleTimeout();
  }

  #connectWith(token: string | null | undefined): void {
    this.#isAsking = false;
    this.authToken = token ? () => token : undefined;
    super.connect();
  }

  #retry(error: unknown): void {
    this.#isAsking = false;
    this.#failed(error);
    this.reconnectTimer.scheduleTimeout();
  }
}
