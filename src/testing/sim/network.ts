import type { Random } from "../../base/random.ts";
import type { Platform } from "./globals.ts";
import { Host } from "./host.ts";
import { type HttpListener, HttpWire } from "./http_wire.ts";
import type { Passes } from "./passes.ts";
import { type Party, randomFor } from "./party.ts";
import { type ClientEnd, WebSocketWire, type WirePorts } from "./web_socket_wire.ts";
import type { World } from "./world.ts";

/** What answers requests: one life of the server. */
export interface Serving {
  readonly party: Party;
  /** Whether its end has begun. */
  readonly isEnding: boolean;
  answer(request: Request): Promise<Response>;
}

/** A server that is being drained. */
interface Drained {
  readonly sinceMs: number;
  readonly overMs: number;
  /** How many connections it had. */
  readonly all: number;
  /** Those that were open, of which so many are closed. */
  readonly wires: ReadonlySet<unknown>;
  closed: number;
}

/** Everything between clients and the server. */
export class Network implements WirePorts {
  readonly world: World;
  readonly passes: Passes;
  readonly #hosts = new Map<Party, Host>();
  readonly #wires = new Map<string, WebSocketWire>();
  #serving: Serving | null = null;
  /** What is being drained: who was connected when that began, and how many of them are closed. */
  #drained: Drained | null = null;
  #lastWire = 0;

  constructor(world: World, passes: Passes) {
    this.world = world;
    this.passes = passes;
  }

  /** A machine for a client. */
  host(party: Party): Host {
    const host = new Host(party);
    this.#hosts.set(party, host);
    return host;
  }

  server(): Serving | null {
    return this.#serving;
  }

  /** Who answers requests from now on; `null`: nobody. */
  serve(serving: Serving | null): void {
    this.#serving = serving;
  }

  /** The server is drained from now on, of `all` its connections. */
  drains(overMs: number, all: number): void {
    const wires = new Set<unknown>();
    for (const { open } of this.#hosts.values()) {
      for (const wire of open) if (wire instanceof WebSocketWire && wire.isOpen) wires.add(wire);
    }
    this.#drained = { sinceMs: this.world.clock.elapsedMs(), overMs, all, wires, closed: 0 };
  }

  closing(wire: WebSocketWire): void {
    const drained = this.#drained;
    if (drained === null || !drained.wires.has(wire)) return;
    const { sinceMs, overMs, all } = drained;
    const atMs = this.world.clock.elapsedMs() - sinceMs;
    // Some are no WebSockets, and some go by themselves: it takes as long all the same.
    const soonestMs = overMs * drained.closed++ / all;
    if (atMs + 1 < soonestMs) {
      this.world.fail("a drain takes its time", `${wire.id} is closed after ${atMs} ms, not ${soonestMs}`);
    }
  }

  /** A life of the server's has died: what is open breaks. */
  died(party: Party): void {
    if (this.#serving?.party === party) this.#serving = null;
    this.#drained = null;
    for (const host of this.#hosts.values()) {
      for (const wire of [...host.open]) {
        if (wire instanceof WebSocketWire) wire.serverDied(party);
        else if (wire instanceof HttpWire) wire.serverDied();
      }
    }
  }

  /** Who was revoked just now is out. */
  checkOut(host: Host, name: string): void {
    for (const wire of host.open) if (wire instanceof WebSocketWire) wire.checkOut(name);
  }

  /** Sends a request of `host`'s. */
  request(host: Host, listener: HttpListener, request: () => Request): HttpWire {
    const wire = new HttpWire(this, host, this.#randomOf(host), listener);
    wire.send(request);
    return wire;
  }

  /** What the code that runs takes for the platform. */
  get platform(): Platform {
    // deno-lint-ignore no-this-alias
    const network = this;
    class SimWebSocket implements ClientEnd {
      static readonly CONNECTING = 0;
      static readonly OPEN = 1;
      static readonly CLOSING = 2;
      static readonly CLOSED = 3;
      readyState = 0;
      binaryType = "blob";
      bufferedAmount = 0;
      onopen: ((event: unknown) => void) | null = null;
      onmessage: ((event: unknown) => void) | null = null;
      onerror: ((event: unknown) => void) | null = null;
      onclose: ((event: unknown) => void) | null = null;
      readonly #wire: WebSocketWire;

      constructor(url: string, protocols: string | readonly string[] = []) {
        const host = network.#hosts.get(network.world.current)!;
        const id = `${host.party.name}/ws${++network.#lastWire}`;
        this.#wire = new WebSocketWire(network, id, host, this, network.#randomOf(host));
        network.#wires.set(id, this.#wire);
        this.#wire.connect(url, typeof protocols === "string" ? [protocols] : protocols);
      }

      send(data: string | ArrayBuffer | Uint8Array<ArrayBuffer>): void {
        if (this.readyState === 0) throw new DOMException("Still in CONNECTING state", "InvalidStateError");
        if (this.readyState === 1) this.#wire.fromClient(data);
      }

      close(code = 1000, reason = ""): void {
        if (this.readyState >= 2) return;
        this.readyState = 2;
        this.#wire.closedByClient(code, reason);
      }

      opened(): void {
        this.onopen?.({ type: "open" });
      }

      received(data: string | ArrayBuffer): void {
        this.onmessage?.({ type: "message", data });
      }

      failed(): void {
        this.onerror?.({ type: "error" });
      }

      ended(code: number, reason: string): void {
        this.onclose?.({ type: "close", code, reason, wasClean: code !== 1006 });
      }
    }
    return {
      WebSocket: SimWebSocket,
      fetch: (input, init) => this.#fetch(String(input), init ?? {}),
      upgradeWebSocket: (request) => {
        const wire = this.#wires.get(request.headers.get("x-sim-wire")!)!;
        this.#wires.delete(wire.id);
        return { socket: wire.server as unknown as WebSocket, response: new Response(null) };
      },
    };
  }

  #fetch(url: string, { signal, ...init }: RequestInit): Promise<Response> {
    const host = this.#hosts.get(this.world.current)!;
    return new Promise((resolve, reject) => {
      let status = 0;
      let type = "";
      const chunks: Uint8Array<ArrayBuffer>[] = [];
      const wire = this.request(host, {
        head: (code, headers) => {
          status = code;
          type = headers.get("content-type") ?? "";
        },
        chunk: (bytes) => chunks.push(bytes),
        end: () => {
          const text = new TextDecoder().decode(joined(chunks));
          resolve(new Response(status === 204 ? null : text, { status, headers: { "content-type": type } }));
        },
        failed: () => reject(new TypeError("the connection broke")),
      }, () => new Request(url, init));
      signal?.addEventListener("abort", () => {
        wire.abort();
        reject(new DOMException("aborted", "AbortError"));
      });
    });
  }

  #randomOf(host: Host): Random {
    return randomFor(this.world.seed, `${host.party.name} ${host.party.random.integer(1e9)}`);
  }
}

function joined(chunks: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(chunks.reduce((size, { length }) => size + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
