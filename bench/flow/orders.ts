/**
 * What the loads of `slow_consumer.ts` are asked to do, and what they answer: JSON, between two processes.
 *
 * @module
 */

import { Connections, type OnFrame } from "../load/connections.ts";
import { DIGITS, textFrame } from "../load/template.ts";
import { phoenix } from "../load/wires/phoenix.ts";
import { raw } from "../load/wires/raw.ts";
import { PAD } from "../load/words.ts";

/** A topic of a server. */
export interface Place {
  readonly port: number;
  /** The topic: its first part names the policy. */
  readonly topic: string;
}

/** One of those whose deliveries are compared, with a server of its own. */
export interface DelayContender extends Place {
  /** How many readers there are beside those that are looked at: they read, or they are stalled. */
  readonly others: number;
  readonly stalled: number;
}

/** How late do `readers` get what is published? The contenders take turns, so that what else the machine does harms all. */
export interface DelayOrder {
  readonly contenders: readonly DelayContender[];
  readonly readers: number;
  readonly payloadBytes: number;
  /** Of all contenders together. */
  readonly perSecond: number;
  readonly warmUpMs: number;
  readonly roundMs: number;
  readonly rounds: number;
}

/** What came of one contender: of all deliveries, in milliseconds, for each round. */
export interface Delays {
  readonly deliveries: number;
  readonly p50Ms: readonly number[];
  readonly p99Ms: readonly number[];
  /** At the end. */
  readonly state: ServerState;
}

/** What is published, how fast, and for how long. */
export interface Publishing extends Place {
  readonly serverPid: number;
  readonly payloadBytes: number;
  readonly perSecond: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
}

/** What do `stalled` readers add to the server's memory? */
export interface MemoryOrder extends Publishing {
  readonly stalled: number;
}

/** In KiB, for all that are stalled together. */
export interface Added {
  /** The most, with garbage collected. */
  readonly heldKib: number;
  /** The most, as it was. */
  readonly peakKib: number;
  readonly published: number;
  readonly state: ServerState;
}

/** What the server says of itself. */
export interface ServerState {
  /** Connections whose outbox keeps something. */
  readonly behind: number;
  readonly connections: number;
  readonly counters: Readonly<Record<string, number>>;
}

/** What a socket of a stalled reader takes in: as little as the system lets it be. */
const STALLED_RECEIVE_BYTES = 4_096;

/** Opens members of a topic. `stalled`: they will be stalled. */
export function openMembers(
  { port, topic }: Place,
  count: number,
  stalled: boolean,
  onFrame: OnFrame,
): Connections {
  const wire = phoenix("2.0.0", topic);
  const members = new Connections({
    port,
    wire: { ...wire, path: wire.path + (stalled ? "&stall=1" : "") },
    receiveBytes: stalled ? STALLED_RECEIVE_BYTES : 0,
  });
  members.handle(onFrame);
  members.open(count);
  return members;
}

/** Publishes in a topic. */
export class Publisher {
  /** How many were published. */
  count = 0;
  readonly #sockets: Connections;
  readonly #pad: string;

  constructor({ port, topic }: Place, payloadBytes: number) {
    this.#sockets = new Connections({ port, wire: raw(`/publish/${topic}`) });
    this.#sockets.open(1);
    this.#pad = PAD.repeat(Math.ceil(payloadBytes / PAD.length)).slice(DIGITS, payloadBytes);
  }

  /** Publishes the next; gives its number. */
  publish(): number {
    const frame = textFrame(String(this.count).padStart(DIGITS, "0") + this.#pad);
    this.#sockets.send(this.#sockets.all[0], frame, frame.length);
    return this.count++;
  }

  /** Sends what could not be sent at once. */
  wait(): void {
    this.#sockets.wait(0);
  }
}

/** Says how much is due at a fixed rate. */
export class Pace {
  readonly #perMs: number;
  readonly #sinceMs = performance.now();
  #done = 0;

  constructor(perSecond: number) {
    this.#perMs = perSecond / 1_000;
  }

  /** Whether one more is due. It counts as done. */
  isDue(): boolean {
    if (this.#done >= (performance.now() - this.#sinceMs) * this.#perMs) return false;
    this.#done++;
    return true;
  }
}

/** Asks the server for something that it does beside. */
export async function ask({ port }: Place, path: "state" | `stall${string}`): Promise<ServerState> {
  return await (await fetch(`http://127.0.0.1:${port}/${path}`)).json();
}

/** Lets the server collect its garbage. */
export async function collect({ port }: Place): Promise<void> {
  await (await fetch(`http://127.0.0.1:${port}/collect`)).text();
}
