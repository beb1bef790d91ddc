/**
 * The ready server: a chat with a page of its own, and raw components to try a WebSocket with. Run it, or start it from
 * a program of your own; importing this module starts nothing.
 *
 *     deno run --allow-net --allow-env src/server/main.ts --port 8000
 *
 * | path | what |
 * |---|---|
 * | `/` | the chat page |
 * | `/socket/websocket` | Phoenix Channels: the topics `room:{id}` |
 * | `/echo` | a raw WebSocket: every message comes back |
 * | `/shout` | a raw WebSocket: every message goes to all others |
 * | `/healthz` | status 200, as long as the process serves |
 * | `/readyz` | status 200 if new clients are welcome, else 503; JSON with the reasons |
 *
 * @module
 */

import {
  App,
  type Listening,
  type ListenOptions,
  type Log,
  type LogFields,
  type Logger,
  type LogLevel,
  longpoll,
  silentLogger,
  sse,
  type Transport,
} from "../../mod.ts";
import { addChat } from "./chat.ts";
import { CertificateFault, readCertificate } from "./certificate.ts";
import { DataFault, openData } from "./data.ts";
import { type Config, type Environment, HELP, readConfig } from "./config.ts";
import { streamLogger } from "./logging.ts";
import { answerReadiness } from "./readyz.ts";
import { answerSite } from "./site.ts";

export type { Environment, Log, LogFields, Logger, LogLevel, Transport };

/** How long handlers may take to end, in milliseconds; and then again, how long clients may take to answer a close. */
const CLOSE_DEADLINE_MS = 4_000;

/** How {@link startServer} starts. */
export interface ServerOptions {
  /** The addresses of the proxies in front of it, and their networks (CIDR). Default: none. */
  readonly trustedProxies?: readonly string[];
  /** The address to listen on. Default: `127.0.0.1`. */
  readonly host?: string;
  /** The port; 0 picks a free one. Default: 8000. */
  readonly port?: number;
  /** Takes the log lines. Default: nobody. */
  readonly logger?: Logger;
  /** Closes the server on SIGTERM and SIGINT, and then ends the process. Default: `false`. */
  readonly signals?: boolean;
  /**
   * Over how long connections are closed after SIGTERM or SIGINT, in milliseconds: see `App.drain`. `/readyz` turns to
   * 503 at its beginning. Default: 0.
   */
  readonly drainMs?: number;
  /** What WebSockets are made of, e.g. `ws()` of `@troupe/core/transports/ws`. Default: the runtime's own. */
  readonly transport?: Transport;
  /** Keeps the histories of rooms, e.g. `sqliteLog()` of `@troupe/core/stores/sqlite`. Default: in memory. */
  readonly log?: Log;
  /** A certificate chain in PEM, for TLS. Goes with {@link ServerOptions.key}. Default: none. */
  readonly cert?: string;
  /** Its private key in PEM. */
  readonly key?: string;
}

/** The ready server, running. */
export interface RunningServer {
  /** The address that it listens on. */
  readonly host: string;
  /** The port that it got. */
  readonly port: number;
  /** Where a browser finds the page, e.g. `http://127.0.0.1:8000/`. */
  readonly url: string;
  /**
   * Ends the server: new requests are answered with 503, connections are closed with 1012, so that their clients come
   * back to whoever is there then. Resolves when the port is free, after 4 seconds at the latest.
   */
  close(): Promise<void>;
  /** Resolves when the server is closed, whoever closed it. */
  readonly finished: Promise<void>;
}

/**
 * Starts the ready server in this process. It reads no environment: {@link main} does.
 *
 * @throws What `Deno.serve` throws: `Deno.errors.AddrInUse` for a port that somebody has, for example.
 *
 * @example
 * ```ts
 * import { startServer } from "@troupe/core/server";
 * import { assertEquals } from "@std/assert";
 *
 * const server = startServer({ port: 0 });
 * const response = await fetch(`${server.url}healthz`);
 * assertEquals([response.status, await response.text()], [200, "ok\n"]);
 * await server.close();
 * ```
 */
export function startServer(options: ServerOptions = {}): RunningServer {
  const { host = "127.0.0.1", port = 8000, logger = silentLogger, signals = false } = options;
  const { drainMs, transport, log, cert, key, trustedProxies = [] } = options;
  const app: App = new App({
    logger,
    guardRejections: true,
    transports: transport && [transport, longpoll(), sse()],
    addresses: { trustedProxies },
    log,
    fallback: (request) => answerReadiness(request, app) ?? answerSite(request),
  });
  addChat(app);
  app.component("/echo", { message: (conn, data) => conn.send(data) });
  app.component("/shout", {
    open: (conn) => conn.subscribe("shout"),
    message: (conn, data) => conn.publish("shout", data),
  });
  const listening = listenOrClose(app, {
    hostname: host,
    port,
    signals,
    drainMs,
    cert,
    key,
    deadlineMs: CLOSE_DEADLINE_MS,
  });
  return {
    host: listening.hostname,
    port: listening.port,
    url: `${cert === undefined ? "http" : "https"}://${reachable(host)}:${listening.port}/`,
    close: () => listening.close({ deadlineMs: CLOSE_DEADLINE_MS }),
    finished: listening.finished,
  };
}

/**
 * The ready server as a program. Prints one line with its URLs on stdout once it listens, logs to stderr (pretty on a
 * terminal, else JSON lines), and serves until SIGTERM or SIGINT; a second signal ends the process at once.
 *
 * @param args what `--help` says.
 * @param env Where variables are read, for what no flag says. Default: the process's own.
 * @returns The exit code: 0 after a signal or `--help`; 1, and one line on stderr that says what is wrong, if an
 * argument is not accepted or the address cannot be listened on.
 */
export async function main(args: readonly string[], env: Environment = Deno.env): Promise<number> {
  let config: Config | "help";
  let server: RunningServer;
  let logger: Logger;
  try {
    config = readConfig(args, env);
    if (config === "help") {
      print(Deno.stdout, HELP);
      return 0;
    }
    logger = streamLogger(config.logLevel);
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
  try {
    const { host, port, drainMs, trustedProxies } = config;
    const transport = await transportOf(config);
    const certificate = readCertificate(config);
    const log = await openData(config.dataDir);
    server = startServer({
      host,
      port,
      drainMs,
      trustedProxies,
      transport,
      log,
      ...certificate,
      logger,
      signals: true,
    });
  } catch (error) {
    return fail(listenFault(config, error));
  }
  const ws = server.url.replace("http", "ws");
  logger.log("info", "configuration", { ...config });
  logger.log("info", "listening", { host: server.host, port: server.port });
  print(
    Deno.stdout,
    `Troupe is ready: chat ${server.url} · channels ${ws}socket/websocket · raw ${ws}echo ${ws}shout\n`,
  );
  await server.finished;
  logger.log("info", "closed");
  return 0;
}

/** The transport that is asked for, loaded only then: its package wants permissions that the default does not need. */
async function transportOf({ transport }: Config): Promise<Transport | undefined> {
  if (transport === "websocket") return undefined;
  const { ws } = await import("../transport/ws/mod.ts");
  return ws();
}

function listenOrClose(app: App, options: ListenOptions): Listening {
  try {
    return app.listen(options);
  } catch (error) {
    void app.close();
    throw error;
  }
}

/** How a browser on this machine calls `host`. */
function reachable(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "localhost";
  return host.includes(":") ? `[${host}]` : host;
}

function listenFault({ host, port, tlsCert }: Config, error: unknown): string {
  if (error instanceof CertificateFault || error instanceof DataFault) return error.message;
  const place = `Cannot listen on ${host.includes(":") ? `[${host}]` : host}:${port}`;
  if (error instanceof Deno.errors.AddrInUse) {
    return `${place}: the port is in use. Choose another with --port or PORT; 0 picks a free one`;
  }
  const message = (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, " ");
  const certificate = tlsCert === "" ? "" : "check --tls-cert and --tls-key, or ";
  const advice = `${certificate}choose another address with --host and --port`;
  return `${place}: ${message}. ${advice[0].toUpperCase()}${advice.slice(1)}`;
}

function fail(message: string): number {
  print(Deno.stderr, `${message}\n`);
  return 1;
}

function print(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  try {
    stream.writeSync(new TextEncoder().encode(text));
  } catch {
    // Nobody reads it, and nothing depends on it.
  }
}

// Not Deno.exit: the process ends by itself, once its clients have their close frames.
if (import.meta.main) Deno.exitCode = await main(Deno.args);
