import { createServer, type IncomingMessage, type Server as HttpServer, ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Serve, ServeHandler, ServeOptions } from "../serve.ts";
import { bind } from "./bind.ts";
import { requestOf } from "./node_request.ts";
import { writeResponse } from "./node_response.ts";
import { registerUpgrade, Upgrade } from "./upgrade.ts";

/** How long the headers of a request may take, in milliseconds, and how often that is looked at. */
const PATIENCE = { headersTimeout: 10_000, connectionsCheckingInterval: 5_000 };

/**
 * Listens by `node:http`, or `node:https` with a certificate: every request goes to the handler as a `Request`, those
 * that ask for an upgrade included, so that all routes of an app work on the same port.
 */
export const nodeServe: Serve = (options, handler) => {
  const { cert, key } = options;
  const isSecure = cert !== undefined && key !== undefined;
  const server: HttpServer = isSecure
    ? createSecureServer({ ...PATIENCE, cert, key })
    : createServer(PATIENCE);
  const answers = new Answers(options, handler, isSecure ? "https" : "http");
  const connections = new Connections();
  server.on("connection", (socket) => connections.add(socket));
  server.on("request", (incoming, out) => {
    connections.asked(incoming.socket, out);
    void answers.request(incoming, out);
  });
  server.on("upgrade", (incoming, socket, head) => {
    connections.delete(incoming.socket);
    void answers.upgrade(incoming, socket, head);
  });
  server.on("error", ignore); // it has been thrown
  const addr = bind(server, options.hostname, options.port);
  return {
    addr,
    shutdown: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        connections.dropIdle();
      }),
  };
};

/**
 * The TCP connections, and how many requests of each are being answered. The server itself, when it closes, waits for
 * those on which no request, or half of one, has come. By their addresses: under TLS a request has another socket.
 */
class Connections {
  readonly #open = new Map<string, { readonly socket: Socket; requests: number }>();

  add(socket: Socket): void {
    const key = keyOf(socket);
    const entry = { socket, requests: 0 };
    this.#open.set(key, entry);
    socket.once("close", () => {
      if (this.#open.get(key) === entry) this.#open.delete(key);
    });
  }

  /** A request has come on it, which `out` answers. */
  asked(socket: Socket, out: ServerResponse): void {
    const entry = this.#open.get(keyOf(socket));
    if (entry === undefined) return;
    entry.requests++;
    out.once("close", () => entry.requests--);
  }

  /** It speaks another protocol from now on. */
  delete(socket: Socket): void {
    this.#open.delete(keyOf(socket));
  }

  /** Drops those on which nothing is being answered. */
  dropIdle(): void {
    for (const { socket, requests } of [...this.#open.values()]) if (requests === 0) socket.destroy();
  }
}

function keyOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

class Answers {
  readonly #options: ServeOptions;
  readonly #handler: ServeHandler;
  readonly #scheme: "http" | "https";

  constructor(options: ServeOptions, handler: ServeHandler, scheme: "http" | "https") {
    this.#options = options;
    this.#handler = handler;
    this.#scheme = scheme;
  }

  async request(incoming: IncomingMessage, out: ServerResponse): Promise<void> {
    const gone = new AbortController();
    out.on("close", () => {
      if (!out.writableFinished) gone.abort();
    });
    incoming.on("error", ignore); // who reads the body is told; nobody may
    out.on("error", ignore);
    const request = this.#requestOf(incoming, gone.signal);
    const response = request === null ? badRequest() : await this.#answer(request, incoming);
    await writeResponse(response, out, incoming.method === "HEAD");
    if (!incoming.complete) incoming.resume(); // the rest of a body that nobody wants
  }

  async upgrade(incoming: IncomingMessage, socket: Duplex, head: Uint8Array): Promise<void> {
    socket.on("error", ignore); // the close that follows tells the rest
    const gone = new AbortController();
    socket.once("close", () => gone.abort());
    const request = this.#requestOf(incoming, gone.signal);
    const upgrade = new Upgrade(incoming, socket, head);
    if (request !== null) registerUpgrade(request, upgrade);
    const response = request === null ? badRequest() : await this.#answer(request, incoming);
    if (!upgrade.taken) await refuse(incoming, socket as Socket, response);
  }

  #requestOf(incoming: IncomingMessage, signal: AbortSignal): Request | null {
    try {
      return requestOf(incoming, this.#scheme, signal);
    } catch {
      return null;
    }
  }

  async #answer(request: Request, { socket }: IncomingMessage): Promise<Response> {
    const { remoteAddress = "", remotePort = 0 } = socket;
    const remoteAddr: Deno.NetAddr = { transport: "tcp", hostname: remoteAddress, port: remotePort };
    try {
      return await this.#handler(request, { remoteAddr });
    } catch (error) {
      try {
        return await this.#options.onError(error);
      } catch {
        return new Response("Internal Server Error", { status: 500 });
      }
    }
  }
}

/** Writes `response` to the socket of an upgrade that does not happen, and closes the socket behind it. */
async function refuse(incoming: IncomingMessage, socket: Socket, response: Response): Promise<void> {
  if (socket.destroyed) return void response.body?.cancel().catch(ignore);
  const out = new ServerResponse(incoming);
  out.shouldKeepAlive = false;
  out.on("error", ignore);
  socket.once("close", () => out.destroy());
  out.assignSocket(socket);
  out.once("finish", () => {
    out.detachSocket(socket);
    socket.destroySoon();
  });
  await writeResponse(response, out, incoming.method === "HEAD");
}

function badRequest(): Response {
  return Response.json({ reason: "bad_url" }, { status: 400, headers: { "cache-control": "no-store" } });
}

function ignore(): void {}
