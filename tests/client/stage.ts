/**
 * Our client against an app on a free port.
 *
 * @module
 */

import { deadline } from "@std/async/deadline";
import type { App, Listening } from "../../mod.ts";
import {
  type Client,
  connect,
  type ConnectOptions,
  withAnswers,
  withPresence,
  withRefresh,
  withState,
} from "../../src/client/mod.ts";

/** Only a broken server or client is that slow. */
export const PATIENCE_MS = 20_000;

/** A promise that must not take for ever. */
export function soon<T>(promise: Promise<T>): Promise<T> {
  return deadline(promise, PATIENCE_MS);
}

/** An app that listens, and clients that are closed before it goes. */
export class ClientStage implements AsyncDisposable {
  readonly app: App;
  readonly #server: Listening;
  readonly #clients: Client[] = [];

  constructor(app: App) {
    this.app = app;
    this.#server = app.listen({ port: 0, signals: false });
  }

  /** Where it listens. */
  get url(): string {
    return `ws://127.0.0.1:${this.#server.port}/socket`;
  }

  /** A client. It comes back without a pause. */
  connect(options: ConnectOptions = {}): Client {
    const client = connect(this.url, {
      use: [withAnswers, withPresence, withRefresh, withState],
      reconnect: { baseMs: 1, maxMs: 5 },
      failed: (error, event) => {
        throw new Error(`a listener of ${event} has failed`, { cause: error });
      },
      ...options,
    });
    this.#clients.push(client);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await soon(Promise.all(this.#clients.map((client) => client.close())));
    await this.#server.close();
  }
}

/** The next state of a client that is `state`; at once if it is that now. */
export function becomes(client: Client, state: Client["state"]): Promise<void> {
  if (client.state === state) return Promise.resolve();
  return soon(
    new Promise((resolve) => {
      const off = client.on("state", (now) => {
        if (now !== state) return;
        off();
        resolve();
      });
    }),
  );
}
