import type { Random } from "../../base/random.ts";
import type { Cuttable, Host } from "./host.ts";
import type { WirePorts } from "./web_socket_wire.ts";

/** How long it takes until a request is given up that nobody answers. */
const REQUEST_WAIT_MS = 30_000;

/** Who waits for the answer to a request. Each is called as the client, in order. */
export interface HttpListener {
  /** The head of the answer. */
  head(status: number, headers: Headers): void;
  /** A piece of the body. */
  chunk(bytes: Uint8Array<ArrayBuffer>): void;
  /** All has come. */
  end(): void;
  /** The request has broken off. */
  failed(): void;
}

/** One HTTP request and its answer. */
export class HttpWire implements Cuttable {
  readonly #ports: WirePorts;
  readonly #host: Host;
  readonly #random: Random;
  readonly #listener: HttpListener;
  #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | null = null;
  #lastMs = 0;
  #isOver = false;
  /** Something of the answer is lost: what is behind it never comes. */
  #isLost = false;
  /** Nobody at the server hears any more that the client has gone. */
  #isHalf = false;
  #wake: (() => void) | null = null;

  constructor(ports: WirePorts, host: Host, random: Random, listener: HttpListener) {
    this.#ports = ports;
    this.#host = host;
    this.#random = random;
    this.#listener = listener;
    host.open.add(this);
  }

  /** Sends it. */
  send(request: () => Request): void {
    const { world } = this.#ports;
    world.after(this.#host.party, REQUEST_WAIT_MS, () => {
      if (this.#reader === null || this.#isLost) this.#fail();
    });
    if (!this.#host.online) return;
    world.after(world.nobody, this.#host.delayMs(this.#random), () => {
      const server = this.#ports.server();
      if (this.#isOver) return;
      if (server === null) return this.#later(() => this.#fail());
      world.as(server.party, () => server.answer(request()).then((response) => this.#answered(response)));
    });
  }

  /** The client does not want it any more. */
  abort(): void {
    if (this.#isOver) return;
    this.#over();
    if (this.#host.online) this.#hangUp();
  }

  cut(): void {
    this.#later(() => this.#fail(), true);
    this.#hangUp();
  }

  cutHalf(): void {
    this.#isHalf = true;
    this.#later(() => this.#fail());
  }

  serverDied(): void {
    this.#later(() => this.#fail());
  }

  resumed(): void {
    this.#wake?.();
  }

  async #answered(response: Response): Promise<void> {
    const { status, headers } = response;
    this.#later(() => this.#listener.head(status, headers));
    const reader = this.#reader = response.body?.getReader() ?? null;
    if (this.#isOver) return this.#hangUp();
    while (reader !== null) {
      if (this.#host.stalled) await new Promise<void>((resolve) => this.#wake = resolve);
      const { done, value } = await reader.read();
      if (done || this.#isOver) break;
      this.#later(() => this.#listener.chunk(value));
    }
    this.#later(() => {
      this.#over();
      this.#listener.end();
    });
  }

  #hangUp(): void {
    if (this.#isHalf) return;
    const { world } = this.#ports;
    world.after(
      world.nobody,
      this.#host.delayMs(this.#random),
      () => void this.#reader?.cancel().catch(() => {}),
    );
  }

  #fail(): void {
    if (this.#isOver) return;
    this.#over();
    this.#listener.failed();
  }

  #over(): void {
    this.#isOver = true;
    this.#host.open.delete(this);
  }

  /** As the client, behind all that is on its way. `breaks`: also where something of that is lost. */
  #later(task: () => void, breaks = false): void {
    const { world } = this.#ports;
    const nowMs = world.clock.elapsedMs();
    this.#lastMs = Math.max(this.#lastMs, nowMs + this.#host.delayMs(this.#random));
    world.after(this.#host.party, this.#lastMs - nowMs, () => {
      if (!this.#host.online) this.#isLost = true;
      else if (!this.#isOver && (breaks || !this.#isLost)) task();
    });
  }
}
