/**
 * Tabs that have no shared worker: one of them leads, and has the connection for all.
 *
 * @module
 */

import type { Random } from "../../base/random.ts";
import { CLOSE_ABNORMAL } from "../../protocol/close_codes.ts";
import { BroadcastPort, type PortMessage } from "./broadcast_port.ts";
import type { TabHub } from "./tab_hub.ts";
import type { HubMessage, TabPort } from "./tab_port.ts";

/** The part of `navigator.locks` that is used. */
export interface Locks {
  request(name: string, held: () => unknown): Promise<unknown>;
}

/** The part of a `BroadcastChannel` that is used. */
export interface Broadcasts {
  onmessage: ((event: never) => void) | null;
  postMessage(message: unknown): void;
}

/** What tabs tell each other. */
type Notice =
  /** Who leads? */
  | { readonly kind: "who" }
  /** I lead. */
  | { readonly kind: "leader"; readonly id: string }
  /** I want a port to the leader. */
  | { readonly kind: "hello"; readonly to: string; readonly port: string }
  | PortMessage;

/** What a {@link TabLeader} needs. */
export interface LeaderPorts {
  readonly locks: Locks;
  readonly broadcasts: Broadcasts;
  readonly random: Random;
  /** Makes the hub, when this tab begins to lead. */
  readonly makeHub: () => TabHub;
  /** A pair of ports within this tab. */
  readonly makePair: () => readonly [TabPort, TabPort];
}

/**
 * One tab among those of a name. Who holds the lock leads; when that tab goes, however it goes, the next in the queue of
 * the lock does, and the others, whose connection has broken with it, come to that one.
 */
export class TabLeader {
  readonly #ports: LeaderPorts;
  readonly #id: string;
  readonly #ends = new Map<string, BroadcastPort>();
  readonly #waiting: (() => void)[] = [];
  #hub: TabHub | null = null;
  #leader: string | null = null;
  #lastPort = 0;

  /** Begins to wait for the lock `name`. */
  constructor(name: string, ports: LeaderPorts) {
    this.#ports = ports;
    this.#id = ports.random.uuid();
    ports.broadcasts.onmessage = ({ data }: { data: Notice }) => this.#heard(data);
    void ports.locks.request(name, () => {
      this.#lead();
      return new Promise(() => {}); // held as long as this tab lives
    });
    this.#post({ kind: "who" });
  }

  /** Whether this tab has the connection. */
  get isLeading(): boolean {
    return this.#hub !== null;
  }

  /** A new way to the hub, as soon as it is known who leads. */
  async connect(): Promise<TabPort> {
    while (this.#leader === null) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#hub !== null) {
      const [own, other] = this.#ports.makePair();
      this.#hub.attach(other);
      return own;
    }
    const port = `${this.#id}/${++this.#lastPort}`;
    const end = this.#open(`${port}/tab`, `${port}/hub`, (byOther) => {
      const closed: HubMessage = { kind: "closed", code: CLOSE_ABNORMAL, reason: "the leading tab is gone" };
      if (byOther) end.onmessage?.({ data: closed });
    });
    this.#post({ kind: "hello", to: this.#leader, port });
    return end;
  }

  #lead(): void {
    this.#hub = this.#ports.makeHub();
    this.#follow(this.#id);
    this.#post({ kind: "leader", id: this.#id });
  }

  #heard(notice: Notice): void {
    if (notice.kind === "port") return this.#ends.get(notice.to)?.receive(notice);
    if (notice.kind === "leader") return this.#follow(notice.id);
    if (this.#hub === null) return;
    if (notice.kind === "who") this.#post({ kind: "leader", id: this.#id });
    else if (notice.to === this.#id) {
      this.#hub.attach(this.#open(`${notice.port}/hub`, `${notice.port}/tab`, () => {}));
    }
  }

  #follow(leader: string): void {
    if (leader === this.#leader) return;
    this.#leader = leader;
    // Whoever led before is gone, and the ports to it with it.
    for (const end of [...this.#ends.values()]) end.receive(LOST);
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #open(own: string, other: string, ended: (byOther: boolean) => void): BroadcastPort {
    const end = new BroadcastPort(other, (message) => this.#post(message), (byOther) => {
      this.#ends.delete(own);
      ended(byOther);
    });
    this.#ends.set(own, end);
    return end;
  }

  #post(notice: Notice): void {
    this.#ports.broadcasts.postMessage(notice);
  }
}

const LOST: PortMessage = { kind: "port", to: "", number: 0, acknowledged: 0, isEnd: true, message: null };
