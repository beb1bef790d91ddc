import type { Figures } from "../figures.ts";
import { cpuSeconds } from "../proc.ts";
import { type Connection, Connections } from "./connections.ts";
import type { PopulationOrder } from "./order.ts";
import { textFrame } from "./template.ts";
import { raw } from "./wires/raw.ts";

/** How many messages wait for what they bring about, at the most. */
const MAX_WAITING = 256;
/** How long to wait for it, in milliseconds: a busy machine may need it. */
const PATIENCE_MS = 120_000;
/** Topics that are published in where it is patterns that grow. */
const TOPICS = 64;

const decoder = new TextDecoder();

/** Joins more and more topics or patterns, and at each size publishes, and leaves some for others. */
export function population(order: PopulationOrder): Figures[] {
  const run = new Population(order);
  const results = order.sizes.map((size) => {
    run.grow(size);
    run.publish(Math.ceil(order.operations / 4)); // warms up
    return {
      cpuMicros: run.micros(() => run.publish(order.operations)),
      joinMicros: run.micros(() => run.change(order.operations)),
    };
  });
  run.close();
  return results;
}

/** Clients that have joined many topics each. Each message has a number, and all that it brings about is waited for. */
class Population {
  readonly #order: PopulationOrder;
  readonly #connections: Connections;
  /** How many messages are still to come, by what they are about. */
  readonly #waiting = new Map<string, number>();
  #number = 0;
  /** What is joined: the numbers from here on, `#size` of them. */
  #first = 0;
  #size = 0;
  #published = 0;

  constructor(order: PopulationOrder) {
    this.#order = order;
    this.#connections = new Connections({ port: order.port, wire: raw("/socket/websocket?vsn=2.0.0") });
    this.#connections.handle(this.#receive);
    this.#connections.open(order.connections);
    if (order.grows === "topics") return;
    for (let i = 0; i < TOPICS; i++) this.#join(topic(i), i);
    this.#join("plain:*", 0);
    this.#settle();
  }

  grow(size: number): void {
    const { grows } = this.#order;
    // The one pattern that all topics match counts as one of them.
    const others = grows === "patterns" ? size - 1 : size;
    while (this.#size < others) this.#enter(this.#first + this.#size++);
    this.#settle();
  }

  publish(count: number): void {
    const { grows } = this.#order;
    for (; count > 0; count--) {
      const which = this.#published++;
      const at = grows === "topics" ? this.#first + which % this.#size : which % TOPICS;
      const text = `said ${which}`;
      // The topic's member gets it, and that of the pattern.
      this.#send(at, ["1", null, topic(at), "say", { text }], text, grows === "topics" ? 1 : 2);
    }
    this.#settle();
  }

  /** Leaves the oldest for a new one. */
  change(count: number): void {
    for (; count > 0; count--) {
      const ref = `${this.#number++}`;
      const left = this.#first++;
      this.#send(left, ["1", ref, this.#nameOf(left), "phx_leave", {}], ref, 1);
      this.#enter(this.#first + this.#size - 1);
    }
    this.#settle();
  }

  /** The server's processor time for each of the operations that `run` does. */
  micros(run: () => void): number {
    const before = cpuSeconds(this.#order.serverPid);
    run();
    return (cpuSeconds(this.#order.serverPid) - before) / this.#order.operations * 1e6;
  }

  close(): void {
    this.#connections.close();
  }

  #enter(number: number): void {
    this.#join(this.#nameOf(number), number);
  }

  #join(name: string, number: number): void {
    const ref = `${this.#number++}`;
    this.#send(number, ["1", ref, name, "phx_join", {}], ref, 1);
  }

  #nameOf(number: number): string {
    return this.#order.grows === "topics" ? topic(number) : `plain:cold${number}:*`;
  }

  #send(number: number, message: unknown, about: string, answers: number): void {
    while (this.#waiting.size >= MAX_WAITING) this.#wait();
    this.#waiting.set(about, answers);
    const { all } = this.#connections;
    const frame = textFrame(JSON.stringify(message));
    this.#connections.send(all[number % all.length], frame, frame.length);
  }

  #settle(): void {
    while (this.#waiting.size > 0) this.#wait();
  }

  #wait(): void {
    const deadline = performance.now() + PATIENCE_MS;
    const { size } = this.#waiting;
    while (this.#waiting.size === size) {
      this.#connections.wait(5);
      if (performance.now() > deadline) throw new Error(`${size} messages brought nothing about`);
    }
  }

  readonly #receive = (_connection: Connection, bytes: Uint8Array, start: number, end: number): void => {
    const text = decoder.decode(bytes.subarray(start, end));
    const [, ref, , event, payload] = JSON.parse(text);
    if (event === "phx_close") return;
    if (event === "phx_reply") {
      if (payload.status !== "ok") throw new Error(`Refused: ${text}`);
      return this.#answered(ref);
    }
    const about = event === "troupe:matched" ? payload.payload.text : payload.text;
    if (typeof about !== "string") throw new Error(`Nobody has asked for ${text}`);
    this.#answered(about);
  };

  #answered(about: string): void {
    const left = this.#waiting.get(about);
    if (left === undefined) throw new Error(`Nobody has asked for ${about}`);
    if (left === 1) this.#waiting.delete(about);
    else this.#waiting.set(about, left - 1);
  }
}

function topic(number: number): string {
  return `plain:${number}`;
}
