/**
 * The published phoenix client against an app on a free port.
 *
 * @module
 */

import { deadline } from "@std/async/deadline";
import { type Channel, type Push, Socket, type SocketOptions } from "phoenix";
import type { App, Listening } from "../../mod.ts";

/** Only a broken server or client is that slow. */
export const PATIENCE_MS = 20_000;

/** An app that listens, and clients that are disconnected before it goes. */
export class PhoenixStage implements AsyncDisposable {
  readonly app: App;
  readonly #server: Listening;
  readonly #sockets: Socket[] = [];

  constructor(app: App) {
    this.app = app;
    this.#server = app.listen({ port: 0, signals: false });
  }

  /** A client that is connected. It reconnects and rejoins without a pause. */
  async connected(options: SocketOptions = {}): Promise<Socket> {
    const socket = new Socket(`ws://127.0.0.1:${this.#server.port}/socket`, {
      reconnectAfterMs: () => 1,
      rejoinAfterMs: () => 1,
      ...options,
    });
    this.#sockets.push(socket);
    const opened = new Promise<void>((resolve) => socket.onOpen(resolve));
    socket.connect();
    await deadline(opened, PATIENCE_MS);
    return socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) {
      await deadline(new Promise<void>((resolve) => socket.disconnect(resolve)), PATIENCE_MS);
    }
    await this.#server.close();
  }
}

/** Joins, and resolves with the reply; rejects with what the join was refused with. */
export function join(channel: Channel): Promise<unknown> {
  return deadline(
    new Promise((resolve, reject) => {
      channel.join().receive("ok", resolve).receive("error", reject).receive("timeout", reject);
    }),
    PATIENCE_MS,
  );
}

/** The next event of a channel. */
export function next<T = unknown>(channel: Channel, event: string): Promise<T> {
  return deadline(
    new Promise((resolve) => {
      const ref = channel.on<T>(event, (payload) => {
        channel.off(event, ref);
        resolve(payload);
      });
    }),
    PATIENCE_MS,
  );
}

/** What a push was answered with: the status and the response. */
export function answer(push: Push): Promise<[status: string, response: unknown]> {
  const statuses = ["ok", "error", "timeout"];
  return new Promise((resolve) => {
    for (const status of statuses) push.receive(status, (response) => resolve([status, response]));
  });
}

/** Resolves when a channel is joined once more, by a rejoin of the client's own. */
export async function rejoined(channel: Channel): Promise<void> {
  const joinRef = channel.joinRef();
  await deadline(
    new Promise<void>((resolve) => {
      channel.joinPush.receive("ok", () => channel.joinRef() !== joinRef && resolve());
    }),
    PATIENCE_MS,
  );
}
