import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

/** An upgrade request on its way through the app, and the raw socket that it came on. */
export class Upgrade {
  readonly incoming: IncomingMessage;
  readonly socket: Duplex;
  /** What the client has sent behind its request. */
  readonly head: Uint8Array;
  /** Whether the socket speaks another protocol by now: no HTTP response may be written to it. */
  taken = false;

  constructor(incoming: IncomingMessage, socket: Duplex, head: Uint8Array) {
    this.incoming = incoming;
    this.socket = socket;
    this.head = head;
  }
}

/** Where transports find the upgrade of a request: by its identity, for as long as somebody holds it. */
const UPGRADES = new WeakMap<Request, Upgrade>();

/** `request` stands for `upgrade`. */
export function registerUpgrade(request: Request, upgrade: Upgrade): void {
  UPGRADES.set(request, upgrade);
}

/** The upgrade that `request` stands for; `null` if it came from another listener, or is a copy. */
export function upgradeOf(request: Request): Upgrade | null {
  return UPGRADES.get(request) ?? null;
}
