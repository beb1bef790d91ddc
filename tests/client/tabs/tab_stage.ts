/**
 * Tabs without a browser: clients of ours that share a hub.
 *
 * @module
 */

import type { Transport } from "phoenix";
import type { App } from "../../../mod.ts";
import { systemClock } from "../../../src/base/clock.ts";
import type { Client, ConnectOptions } from "../../../src/client/mod.ts";
import { TabHub } from "../../../src/client/tabs/tab_hub.ts";
import type { TabPort } from "../../../src/client/tabs/tab_port.ts";
import { TabTransport } from "../../../src/client/tabs/tab_transport.ts";
import { ClientStage } from "../stage.ts";

/** Two ends of a way; what is posted arrives in a turn of its own. */
export function pair(): [TabPort, TabPort] {
  const { port1, port2 } = new MessageChannel();
  return [port1 as unknown as TabPort, port2 as unknown as TabPort];
}

/** An app that listens, a hub that connects to it, and tabs. */
export class TabStage implements AsyncDisposable {
  readonly hub: TabHub;
  /** The connections of the hub, in the order in which they were made. */
  readonly sockets: WebSocket[] = [];
  /** Called with the lock of a tab that goes without a word. */
  readonly lost: Map<string, () => void> = new Map();
  readonly #stage: ClientStage;
  #lastTab = 0;

  constructor(app: App) {
    this.#stage = new ClientStage(app);
    this.hub = new TabHub({
      clock: systemClock,
      connect: (url, protocols) => {
        const socket = new WebSocket(url, protocols);
        this.sockets.push(socket);
        return socket;
      },
      gone: (lock) => new Promise((resolve) => this.lost.set(lock, resolve)),
    });
  }

  get app(): App {
    return this.#stage.app;
  }

  /** A client in a tab of its own, whose lock is its number, from 1. */
  tab(options: ConnectOptions = {}): Client {
    const lock = String(++this.#lastTab);
    const connect = (): TabPort => {
      const [own, other] = pair();
      this.hub.attach(other);
      return own;
    };
    class Tab extends TabTransport {
      constructor(url: string, protocols?: string[]) {
        super({ connect, lock }, url, protocols);
      }
    }
    return this.#stage.connect({ transport: Tab as Transport, ...options });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stage[Symbol.asyncDispose]();
  }
}
