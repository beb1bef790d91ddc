import type { Random } from "../../base/random.ts";
import type { Cuttable, Host } from "./host.ts";
import { between, type Party } from "./party.ts";
import type { Passes } from "./passes.ts";
import type { World } from "./world.ts";

const [CONNECTING, OPEN, CLOSING, CLOSED] = [0, 1, 2, 3];
/** How long a client waits for the end of its close, in milliseconds. */
const CLOSE_WAIT_MS = 3_000;
/** How long it takes until a connection is given up that nobody answers. */
const CONNECT_WAIT_MS = 20_000;

type Data = string | ArrayBuffer | Uint8Array<ArrayBuffer>;

interface Handling {
  handleEvent(event: Event): void;
}

/** What the server has of a WebSocket: as much of the platform's class as the transport uses. */
export class ServerEnd {
  readyState = CONNECTING;
  binaryType = "blob";
  bufferedAmount = 0;
  readonly #wire: WebSocketWire;
  readonly #listeners = new Map<string, Set<Handling>>();

  constructor(wire: WebSocketWire) {
    this.#wire = wire;
  }

  addEventListener(type: string, listener: Handling): void {
    this.#listeners.set(type, (this.#listeners.get(type) ?? new Set()).add(listener));
  }

  removeEventListener(type: string, listener: Handling): void {
    this.#listeners.get(type)?.delete(listener);
  }

  /** Tells the transport. */
  emit(event: Event): void {
    for (const listener of [...this.#listeners.get(event.type) ?? []]) listener.handleEvent(event);
  }

  send(data: Data): void {
    if (this.readyState !== OPEN) throw new DOMException("readyState not OPEN", "InvalidStateError");
    this.#wire.fromServer(data);
  }

  close(code: number, reason: string): void {
    if (this.readyState >= CLOSING) return;
    this.readyState = CLOSING;
    this.#wire.closedByServer(code, reason);
  }
}

/** What a client has of it: a class like the platform's. */
export interface ClientEnd {
  readyState: number;
  opened(): void;
  received(data: string | ArrayBuffer): void;
  failed(): void;
  ended(code: number, reason: string): void;
}

/** What wires need of their surroundings. */
export interface WirePorts {
  readonly world: World;
  readonly passes: Passes;
  /** The server closes a connection, since it goes away. */
  closing(wire: WebSocketWire): void;
  /** The life of the server that takes connections now; `null`: none does. */
  server():
    | { readonly party: Party; answer(request: Request): Promise<Response>; readonly isEnding: boolean }
    | null;
}

/** One WebSocket connection: in each direction what is sent arrives in order, if it arrives. */
export class WebSocketWire implements Cuttable {
  readonly id: string;
  readonly host: Host;
  readonly server: ServerEnd;
  readonly #ports: WirePorts;
  readonly #client: ClientEnd;
  readonly #random: Random;
  #party: Party | null = null;
  /** Whether nothing gets through any more, up and down. */
  #deadUp = false;
  #deadDown = false;
  #lastUpMs = 0;
  #lastDownMs = 0;
  readonly #unread: Data[] = [];
  readonly #faultsBefore: number;

  constructor(ports: WirePorts, id: string, host: Host, client: ClientEnd, random: Random) {
    this.#ports = ports;
    this.id = id;
    this.host = host;
    this.#client = client;
    this.#random = random;
    this.server = new ServerEnd(this);
    this.#faultsBefore = host.faults;
    host.open.add(this);
  }

  /** Whether the server takes it for open. */
  get isOpen(): boolean {
    return this.server.readyState === OPEN;
  }

  // ── The handshake ────────────────────────────────────────────────────────────────────────────────────────────────

  connect(url: string, protocols: readonly string[]): void {
    const { world } = this.#ports;
    const refuse = (afterMs: number): void => this.#toClient(afterMs, () => this.#endClient(1006, "", true));
    world.after(this.host.party, CONNECT_WAIT_MS, () => {
      if (this.#client.readyState === CONNECTING) this.#endClient(1006, "", true);
    });
    if (!this.host.online) return;
    if (!this.host.webSockets) return refuse(this.host.delayMs(this.#random));
    world.after(world.nobody, this.host.delayMs(this.#random), () => {
      const server = this.#ports.server();
      if (server === null || this.#client.readyState >= CLOSING) return refuse(0);
      this.#party = server.party;
      const askedMs = world.clock.elapsedMs();
      world.as(server.party, () => {
        const headers = new Headers({
          upgrade: "websocket",
          connection: "Upgrade",
          "sec-websocket-version": "13",
          "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
          "x-sim-wire": this.id,
        });
        if (protocols.length > 0) headers.set("sec-websocket-protocol", protocols.join(", "));
        server.answer(new Request(url.replace(/^ws/, "http"), { headers })).then(({ status }) => {
          world.note(this.id, `handshake ${status}`);
          if (status !== 200) return refuse(this.host.delayMs(this.#random));
          this.#ports.passes.checkLetIn(this.id, askedMs);
          world.after(
            server.party,
            this.#random.float() < 0.5 ? 0 : between(this.#random, 1, 60),
            () => this.#opened(askedMs),
          );
        });
      });
    });
  }

  #opened(askedMs: number): void {
    if (this.#deadUp || this.#client.readyState >= CLOSING) { // the client has gone meanwhile
      this.#endServer(1006, "", true);
      return;
    }
    this.server.readyState = OPEN;
    this.server.emit(new Event("open"));
    if (this.server.readyState === OPEN) this.#ports.passes.checkLetIn(this.id, askedMs);
    this.#down(() => {
      if (this.#client.readyState !== CONNECTING) return;
      this.#client.readyState = OPEN;
      this.#client.opened();
    });
  }

  // ── What is sent ─────────────────────────────────────────────────────────────────────────────────────────────────

  fromClient(data: Data): void {
    if (this.#deadUp || !this.host.online) return void (this.#deadUp = true); // what is lost is never sent again
    this.#up(() => {
      if (this.server.readyState !== OPEN) return;
      const message = typeof data === "string"
        ? data
        : data instanceof ArrayBuffer
        ? data
        : data.slice().buffer;
      this.server.emit(new MessageEvent("message", { data: message }));
    });
  }

  fromServer(data: Data): void {
    this.#ports.passes.checkTalk(this.id);
    if (this.#deadDown) return;
    if (this.host.stalled) {
      this.#unread.push(data);
      this.server.bufferedAmount += data instanceof ArrayBuffer ? data.byteLength : data.length;
    } else this.#deliver(data);
  }

  #deliver(data: Data): void {
    if (!this.host.online) return void (this.#deadDown = true);
    this.#down(() => {
      if (this.#client.readyState !== OPEN) return;
      this.#client.received(
        typeof data === "string" || data instanceof ArrayBuffer ? data : data.slice().buffer,
      );
    });
  }

  resumed(): void {
    this.server.bufferedAmount = 0;
    for (const data of this.#unread.splice(0)) this.#deliver(data);
  }

  // ── The end ──────────────────────────────────────────────────────────────────────────────────────────────────────

  closedByClient(code: number, reason: string): void {
    const { world } = this.#ports;
    if (!this.#deadUp && this.host.online) {
      this.#up(() => {
        this.#endServer(code, reason, false);
        this.#down(() => this.#endClient(code, reason, false));
      });
    }
    world.after(this.host.party, CLOSE_WAIT_MS, () => this.#endClient(1006, "", false));
  }

  closedByServer(code: number, reason: string): void {
    this.#checkClose(code, reason);
    if (code === 1012) this.#ports.closing(this);
    if (this.#deadDown || !this.host.online || this.host.stalled) return; // nobody sees it
    this.#down(() => {
      this.#endClient(code, reason, false);
      this.#up(() => this.#endServer(code, reason, false));
    });
  }

  cut(): void {
    if (this.#deadUp && this.#deadDown) return;
    this.#deadUp = this.#deadDown = true;
    const party = this.#party;
    this.#toClient(this.host.delayMs(this.#random), () => this.#endClient(1006, "", true));
    if (party === null) return;
    this.#ports.world.after(party, this.host.delayMs(this.#random), () => this.#endServer(1006, "", true));
  }

  cutHalf(): void {
    this.#deadUp = this.#deadDown = true;
    this.#toClient(this.host.delayMs(this.#random), () => this.#endClient(1006, "", true));
  }

  /** The server has died. */
  serverDied(party: Party): void {
    if (this.#party !== party) return;
    this.#deadUp = this.#deadDown = true;
    if (this.host.online) {
      this.#toClient(this.host.delayMs(this.#random), () => this.#endClient(1006, "", true));
    }
  }

  /** Who was revoked just now, and comes in by this one, is out. */
  checkOut(name: string): void {
    const isServed = this.#party !== null && this.#party === this.#ports.server()?.party;
    if (isServed && this.server.readyState === OPEN) this.#ports.passes.checkOut(this.id, name);
  }

  #endServer(code: number, reason: string, isError: boolean): void {
    const { server } = this;
    if (server.readyState === CLOSED) return;
    if (isError && server.readyState !== CLOSING) {
      server.emit(new ErrorEvent("error", { message: "connection reset" }));
    }
    server.readyState = CLOSED;
    server.emit(new CloseEvent("close", { code, reason, wasClean: !isError }));
  }

  #endClient(code: number, reason: string, isError: boolean): void {
    this.host.open.delete(this);
    if (this.#client.readyState === CLOSED) return;
    if (isError) this.#client.failed();
    this.#client.readyState = CLOSED;
    this.#client.ended(code, reason);
  }

  /** A connection is closed for its own faults, or since the server ends: never for another's. */
  #checkClose(code: number, reason: string): void {
    const { world } = this.#ports;
    world.note(this.id, `server closes ${code} ${reason}`);
    const server = this.#ports.server();
    if (server === null || server.party !== this.#party || server.isEnding) return;
    if (this.host.faults > 0 || this.host.stalled || this.#faultsBefore > 0) return;
    if (code === 4401 && this.#ports.passes.isOver(this.id)) return;
    if (this.#client.readyState >= CLOSING) return;
    world.fail("no connection is affected by another's fault", `${this.id} is closed with ${code} ${reason}`);
  }

  #up(task: () => void): void {
    const { world } = this.#ports;
    const nowMs = world.clock.elapsedMs();
    this.#lastUpMs = Math.max(this.#lastUpMs, nowMs + this.host.delayMs(this.#random));
    world.after(this.#party ?? world.nobody, this.#lastUpMs - nowMs, () => {
      if (!this.#deadUp && this.host.online) task();
      else this.#deadUp = true;
    });
  }

  #down(task: () => void): void {
    const { world } = this.#ports;
    const nowMs = world.clock.elapsedMs();
    this.#lastDownMs = Math.max(this.#lastDownMs, nowMs + this.host.delayMs(this.#random));
    world.after(this.host.party, this.#lastDownMs - nowMs, () => {
      if (!this.#deadDown && this.host.online) task();
      else this.#deadDown = true;
    });
  }

  #toClient(delayMs: number, task: () => void): void {
    this.#ports.world.after(this.host.party, delayMs, task);
  }
}
