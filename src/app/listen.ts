import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { refusalResponse } from "../http/refusal_response.ts";
import type { Serve, ServeHandler, Server } from "../transport/serve.ts";

/** Where and how an app listens. */
export interface ListenOptions {
  /** The address. Default: `127.0.0.1`. */
  hostname?: string;
  /** The port; 0 picks a free one. Default: 8000. */
  port?: number;
  /** Closes the app when it fires; at once if it has fired already. */
  signal?: AbortSignal;
  /**
   * Closes the app on SIGTERM and SIGINT; a second signal ends the process at once. After the close the process ends
   * by itself; if something keeps it alive for `deadlineMs` more, e.g. a client that does not answer the close, it is
   * ended with code 0. Default: `true`.
   */
  signals?: boolean;
  /** How long a close by a signal may take, in milliseconds: see `App.close`. Default: 10,000. */
  deadlineMs?: number;
}

/** A server that runs. */
export interface Listening extends AsyncDisposable {
  /** Where it listens. */
  readonly hostname: string;
  /** The port that it got. */
  readonly port: number;
  /** Resolves when the app is closed and the port is free. */
  readonly finished: Promise<void>;
  /** Closes the app: see `App.close`. Resolves when the port is free. */
  close(options?: { deadlineMs?: number }): Promise<void>;
}

/** What a listener needs of its app. */
export interface ListenerPorts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** How to listen. */
  readonly serve: Serve;
  /** The app's own `fetch`. */
  readonly fetch: ServeHandler;
}

/** Listens by `Deno.serve`. */
export const denoServe: Serve = (options, handler) => Deno.serve({ ...options, onListen() {} }, handler);

/** One listening port of an app. */
export class Listener {
  readonly hostname: string;
  readonly port: number;
  /** Resolves when the port is free. */
  readonly finished: Promise<void>;
  readonly #server: Server;
  readonly #clock: Clock;
  #finish: () => void = () => {};

  /** Throws what `serve` throws, e.g. `Deno.errors.AddrInUse`. */
  constructor(ports: ListenerPorts, hostname: string, port: number) {
    this.#clock = ports.clock;
    this.finished = new Promise((resolve) => this.#finish = resolve);
    const onError = (error: unknown): Response => {
      ports.logger.log("error", "a request could not be answered", { error: messageOf(error) });
      return refusalResponse(500, "internal_error");
    };
    this.#server = ports.serve({ hostname, port, onError }, ports.fetch);
    this.hostname = this.#server.addr.hostname;
    this.port = this.#server.addr.port;
  }

  /**
   * Frees the port, and waits for the requests that are being answered, `withinMs` at the most. A client that does not
   * answer a close would keep the runtime's server waiting for ever: it is left to itself then.
   */
  async stop(withinMs: number): Promise<void> {
    let timer: ReturnType<Clock["setTimer"]> | null = null;
    const late = new Promise<void>((resolve) => timer = this.#clock.setTimer(resolve, withinMs));
    await Promise.race([this.#server.shutdown(), late]);
    if (timer !== null) this.#clock.clearTimer(timer);
    this.#finish();
  }
}
