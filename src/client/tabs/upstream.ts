/**
 * The one connection of all tabs.
 *
 * @module
 */

import type { Clock, TimerId } from "../../base/clock.ts";
import { type ClientMessage, createCodec, type OutgoingMessage } from "../../protocol/client_codec.ts";
import { CLOSE_ABNORMAL, type Closed, normalizeClose } from "../../protocol/close_codes.ts";

/** The part of a WebSocket that is used. */
export interface UpstreamSocket {
  binaryType: string;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  send(data: string | ArrayBuffer): void;
  close(code?: number, reason?: string): void;
}

/** Makes a WebSocket. */
export type MakeSocket = (url: string, protocols: string[]) => UpstreamSocket;

/** How often it shows that it is there, in milliseconds: half of what servers wait at the least. */
const HEARTBEAT_MS = 30_000;

/** Is told what becomes of it. */
export interface UpstreamListener {
  opened(): void;
  /** The messages of one frame. */
  received(messages: readonly { readonly message: ClientMessage; readonly offset: number | null }[]): void;
  /** Once, and nothing behind it. */
  closed(closed: Closed): void;
}

/** One WebSocket to the server, with heartbeats. */
export class Upstream {
  isOpen = false;
  readonly #socket: UpstreamSocket;
  readonly #clock: Clock;
  readonly #listener: UpstreamListener;
  // Two, so that what is sent has no effect on what is read: positions are the tabs' own.
  readonly #encode = createCodec().encode;
  readonly #decode = createCodec().decode;
  #timer: TimerId | null = null;
  #isHeard = true;
  #isClosed = false;

  constructor(socket: UpstreamSocket, clock: Clock, listener: UpstreamListener) {
    this.#socket = socket;
    this.#clock = clock;
    this.#listener = listener;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.isOpen = true;
      this.#beatLater();
      listener.opened();
    };
    socket.onmessage = ({ data }: { data: string | ArrayBuffer }) => this.#received(data);
    socket.onclose = ({ code, reason }: Closed) => this.#end(normalizeClose(code, reason));
  }

  send(message: OutgoingMessage): void {
    this.#encode(message, (data) => this.#socket.send(data));
  }

  close(code?: number, reason?: string): void {
    this.#socket.close(code, reason);
    this.#end({ code: code ?? CLOSE_ABNORMAL, reason: reason ?? "" });
  }

  #received(data: string | ArrayBuffer): void {
    this.#isHeard = true;
    const messages: { message: ClientMessage; offset: number | null }[] = [];
    this.#decode(data, (message, offset) => {
      if (message.topic !== "phoenix") messages.push({ message, offset });
    });
    if (messages.length > 0) this.#listener.received(messages);
  }

  #beatLater(): void {
    this.#timer = this.#clock.setTimer(() => {
      if (!this.#isHeard) return this.close(undefined, "heartbeat timeout");
      this.#isHeard = false;
      this.send({ join_ref: null, ref: "hub", topic: "phoenix", event: "heartbeat", payload: {} });
      this.#beatLater();
    }, HEARTBEAT_MS);
  }

  #end(closed: Closed): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.isOpen = false;
    if (this.#timer !== null) this.#clock.clearTimer(this.#timer);
    this.#listener.closed(closed);
  }
}
