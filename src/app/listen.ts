import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Counters } from "../base/inspect.ts";
import type { Logger } from "../base/log.ts";
import { refusalResponse } from "../http/refusal_response.ts";
import type { Serve, ServeHandler, Server } from "../transport/serve.ts";
import type { DrainOptions } from "./drain.ts";
import { endProcess, onTerminationSignals } from "./signals.ts";

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
  /**
   * Over how long connections are closed after SIGTERM or SIGINT, in milliseconds, before the app is: see `App.drain`.
   * Default: 0, all at once.
   */
  drainMs?: number;
  /** A certificate chain in PEM, for TLS: `https` and `wss`. Goes with {@link ListenOptions.key}. */
  cert?: string;
  /** The certificate's private key in PEM. */
  key?: string;
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

/** What listeners need of their app. */
export interface ListenerPorts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly counters: Counters;
  readonly limits: { readonly bodyLingerMs: number };
  /** How to listen. */
  readonly serve: Serve;
  /** The app's own `fetch`. */
  readonly fetch: ServeHandler;
  /** `App.drain`. */
  drain(options: DrainOptions): Promise<void>;
  /** `App.close`. */
  close(options?: { deadlineMs?: number }): Promise<void>;
}

/** The listening ports of an app. */
export class Listeners {
  readonly #ports: ListenerPorts;
  readonly #listeners: Listener[] = [];
  readonly #undo: (() => void)[] = [];

  constructor(ports: ListenerPorts) {
    this.#ports = ports;
  }

  /** Listens on one more port. Throws what `serve` throws, e.g. `Deno.errors.AddrInUse`. */
  start(options: ListenOptions): Listening {
    const { signal, signals = true, deadlineMs, drainMs = 0 } = options;
    const { clock } = this.#ports;
    const listener = new Listener(this.#ports, options);
    this.#listeners.push(listener);
    const close: Listening["close"] = (bounds) => this.#ports.close(bounds);
    const end = (): Promise<void> => close({ deadlineMs });
    const drainAndEnd = async (): Promise<void> => {
      if (drainMs > 0) await this.#ports.drain({ overMs: drainMs });
      await end();
    };
    if (signals) {
      this.#undo.push(onTerminationSignals(() => void endProcess(drainAndEnd, { clock, deadlineMs })));
    }
    if (signal?.aborted) void end();
    else if (signal !== undefined) {
      const aborted = (): void => void end();
      signal.addEventListener("abort", aborted, { once: true });
      this.#undo.push(() => signal.removeEventListener("abort", aborted));
    }
    const { hostname, port, finished } = listener;
    return { hostname, port, finished, close, [Symbol.asyncDispose]: close };
  }

  /** Frees all ports: see {@link Listener.stop}. Signals mean nothing any more. */
  async stop(withinMs: number): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => listener.stop(withinMs)));
    for (const undo of this.#undo) undo();
  }
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
  readonly #ports: ListenerPorts;
  /** How many answers are on their way out. */
  #answering = 0;
  #onAnswered: () => void = () => {};
  #finish: () => void = () => {};

  /** Throws what `serve` throws, e.g. `Deno.errors.AddrInUse`. */
  constructor(ports: ListenerPorts, options: ListenOptions) {
    const { hostname = "127.0.0.1", port = 8000, cert, key } = options;
    this.#ports = ports;
    this.finished = new Promise((resolve) => this.#finish = resolve);
    const onError = (error: unknown): Response => {
      ports.logger.log("error", "a request could not be answered", { error: messageOf(error) });
      return refusalResponse(500, "internal_error");
    };
    this.#server = ports.serve({ hostname, port, cert, key, onError }, (request, info) => {
      this.#answering++;
      info.completed?.then(this.#answered, this.#answered);
      return ports.fetch(request, info);
    });
    this.hostname = this.#server.addr.hostname;
    this.port = this.#server.addr.port;
  }

  readonly #answered = (): void => {
    if (--this.#answering === 0) this.#onAnswered();
  };

  /**
   * Frees the port, and waits for the requests that are being answered, `withinMs` at the most. The runtime's server also
   * waits for clients that have been answered and go on sending, e.g. a body that never ends, and would do so for ever:
   * after `bodyLingerMs` they are left to themselves, and so is whatever is left after `withinMs`.
   */
  async stop(withinMs: number): Promise<void> {
    const { counters, limits: { bodyLingerMs } } = this.#ports;
    const late = this.#wait(withinMs);
    let linger: Wait | null = null;
    const lingering = async (): Promise<"left"> => {
      if (this.#answering > 0) await new Promise<void>((resolve) => this.#onAnswered = resolve);
      await (linger = this.#wait(bodyLingerMs)).over;
      return "left";
    };
    const outcome = await Promise.race([this.#server.shutdown(), late.over, lingering()]);
    if (outcome === "left") counters.add("listeners.left_behind");
    for (const wait of [late, linger as Wait | null]) wait?.end();
    this.#finish();
  }

  #wait(delayMs: number): Wait {
    const { clock } = this.#ports;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = clock.setTimer(resolve, delayMs);
    return { over: promise, end: () => clock.clearTimer(timer) };
  }
}

/** Some time, which can be cut short. */
interface Wait {
  readonly over: Promise<void>;
  /** It is not waited for any more. */
  end(): void;
}
