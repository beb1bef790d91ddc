import { onTerminationSignals } from "./signals.ts";

/** Where and how an app listens. */
export interface ListenOptions {
  /** The address. Default: `127.0.0.1`. */
  hostname?: string;
  /** The port; 0 picks a free one. Default: 8000. */
  port?: number;
  /** Ends the app when it fires. */
  signal?: AbortSignal;
  /** Ends the app on SIGTERM and SIGINT. Default: `true`. */
  signals?: boolean;
}

/** A server that runs. */
export interface Listening {
  /** Where it listens. */
  readonly hostname: string;
  /** The port that it got. */
  readonly port: number;
  /** Resolves when the app has ended and the port is free. */
  readonly finished: Promise<void>;
  /** Ends the app: see `App.close`. Resolves when the port is free. */
  close(): Promise<void>;
}

/** Serves `fetch` on a port; `close` ends the app behind it. Throws what `Deno.serve` throws, e.g. `AddrInUse`. */
export function listen(
  fetch: (request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>) => Promise<Response>,
  close: () => Promise<void>,
  options: ListenOptions,
): Listening {
  const { hostname = "127.0.0.1", port = 8000 } = options;
  const server = Deno.serve({ hostname, port, onListen() {} }, fetch);
  let ending: Promise<void> | null = null;
  const end = (): Promise<void> =>
    ending ??= (async () => {
      stopListening();
      await close();
      await server.shutdown();
    })();
  const stopListening = options.signals === false ? (): void => {} : onTerminationSignals(end);
  options.signal?.addEventListener("abort", () => void end(), { once: true });
  return { hostname: server.addr.hostname, port: server.addr.port, finished: server.finished, close: end };
}
