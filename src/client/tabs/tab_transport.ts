/**
 * What a tab has in the place of a WebSocket.
 *
 * @module
 */

import type { TransportInstance } from "phoenix";
import { CLOSE_ABNORMAL, CLOSE_NO_STATUS } from "../../protocol/close_codes.ts";
import type { HubMessage, TabMessage, TabPort } from "./tab_port.ts";

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 3;

/** How a tab gets to its hub. */
export interface HubAddress {
  /** A new way to the hub. */
  connect(): TabPort | Promise<TabPort>;
  /** A lock that this tab holds as long as it lives; `null` if it holds none. */
  readonly lock: string | null;
}

/** A connection of one tab's, over that of all tabs: a transport for the `phoenix` client. The hub sends the heartbeats. */
export class TabTransport implements TransportInstance {
  readonly skipHeartbeat = true;
  readyState = CONNECTING;
  onopen: () => void = () => {};
  onerror: (error: unknown) => void = () => {};
  onmessage: (event: { data: string | ArrayBuffer }) => void = () => {};
  onclose: (event: { code: number; reason: string }) => void = () => {};
  #port: TabPort | null = null;

  /** Asks `hub` for a connection to `url`. */
  constructor(hub: HubAddress, url: string, protocols: readonly string[] = []) {
    // Its handlers are set behind this call.
    Promise.resolve().then(() => hub.connect()).then(
      (port) => this.#connected(port, { kind: "open", url, protocols, lock: hub.lock }),
      (error) => {
        this.onerror(error);
        this.#end(CLOSE_ABNORMAL, "no hub");
      },
    );
  }

  send(data: string | ArrayBuffer): void {
    if (this.readyState === OPEN) this.#post({ kind: "send", data });
  }

  close(code: number = CLOSE_NO_STATUS, reason = ""): void {
    this.#end(code, reason);
  }

  #connected(port: TabPort, open: TabMessage): void {
    if (this.readyState === CLOSED) return port.close();
    this.#port = port;
    port.onmessage = ({ data }) => this.#received(data as HubMessage);
    this.#post(open);
  }

  #received(message: HubMessage): void {
    if (message.kind === "closed") return this.#end(message.code, message.reason);
    if (message.kind === "opened") {
      this.readyState = OPEN;
      return this.onopen();
    }
    for (const frame of message.frames) {
      if (this.readyState !== OPEN) return;
      this.onmessage({ data: typeof frame === "string" ? frame : frame.buffer });
    }
  }

  #post(message: TabMessage): void {
    this.#port?.postMessage(message);
  }

  #end(code: number, reason: string): void {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    this.#post({ kind: "close" });
    this.#port?.close();
    this.onclose({ code, reason });
  }
}
