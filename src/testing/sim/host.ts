import type { Random } from "../../base/random.ts";
import { between, type Party } from "./party.ts";

/** What can be cut: a connection, or a request that is under way. */
export interface Cuttable {
  /** It breaks, and both ends are told. */
  cut(): void;
  /** It breaks, and the client alone is told. */
  cutHalf(): void;
  /** The client reads again. */
  resumed(): void;
}

/** A client's machine, as the network sees it. */
export class Host {
  /** Who runs on it. */
  readonly party: Party;
  /** Whether its cable is plugged in. Without, what it sends is lost, and what is sent to it. */
  online = true;
  /** Whether WebSockets get through to it. */
  webSockets = true;
  /** Whether it reads nothing of what arrives. */
  stalled = false;
  /** How long a message takes, in milliseconds: from, to. */
  latency: readonly [number, number] = [0, 3];
  /** What has happened to it, so that a connection of its own may break. */
  faults = 0;
  readonly open = new Set<Cuttable>();

  constructor(party: Party) {
    this.party = party;
  }

  /** How long one message takes. */
  delayMs(random: Random): number {
    return between(random, this.latency[0], this.latency[1]);
  }
}
