/**
 * A port between two tabs that have no other way than a broadcast channel.
 *
 * @module
 */

import type { TabPort } from "./tab_port.ts";

/** The most messages that are on their way and not acknowledged. Some runtimes drop more than 256 in silence. */
export const WINDOW = 64;
/** The most messages that wait for the other side; beyond, the port is closed. */
export const MAX_WAITING = 4_096;

/** One message of a port's, on the broadcast channel. */
export interface PortMessage {
  readonly kind: "port";
  /** The end of the port that it is for. */
  readonly to: string;
  /** The message's number, from 1; 0 for one that only acknowledges or closes. */
  readonly number: number;
  /** The number of the last message that has arrived at the sender. */
  readonly acknowledged: number;
  /** Whether the sender has closed the port. */
  readonly isEnd: boolean;
  readonly message: unknown;
}

/** One end of a port. What is lost on the way ends it: then there is no port, but never a gap. */
export class BroadcastPort implements TabPort {
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  readonly #to: string;
  readonly #post: (message: PortMessage) => void;
  readonly #ended: (byOther: boolean) => void;
  readonly #waiting: unknown[] = [];
  #sent = 0;
  #acknowledged = 0;
  #arrived = 0;
  #told = 0;
  #isClosed = false;

  /** `ended` is called once, when it is closed: by the other side, by a loss, or by {@link BroadcastPort.close}. */
  constructor(to: string, post: (message: PortMessage) => void, ended: (byOther: boolean) => void) {
    this.#to = to;
    this.#post = post;
    this.#ended = ended;
  }

  postMessage(message: unknown): void {
    if (this.#isClosed) return;
    if (this.#sent - this.#acknowledged < WINDOW) return this.#send(message);
    if (this.#waiting.push(message) > MAX_WAITING) this.#end(true);
  }

  close(): void {
    this.#end(false);
  }

  /** A message for this end. */
  receive({ number, acknowledged, isEnd, message }: PortMessage): void {
    if (this.#isClosed) return;
    this.#acknowledged = Math.max(this.#acknowledged, acknowledged);
    if (number > 0) {
      if (number !== this.#arrived + 1) return this.#end(true);
      this.#arrived = number;
      this.onmessage?.({ data: message });
      if (this.#isClosed) return;
    }
    if (isEnd) return this.#end(true);
    while (this.#waiting.length > 0 && this.#sent - this.#acknowledged < WINDOW) {
      this.#send(this.#waiting.shift());
    }
    if (this.#arrived - this.#told >= WINDOW / 2) this.#write(0, null);
  }

  #send(message: unknown): void {
    this.#write(++this.#sent, message);
  }

  #write(number: number, message: unknown, isEnd = false): void {
    this.#told = this.#arrived;
    this.#post({ kind: "port", to: this.#to, number, acknowledged: this.#arrived, isEnd, message });
  }

  #end(byOther: boolean): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#write(0, null, true);
    this.#ended(byOther);
  }
}
