import { type Connection, Connections } from "./connections.ts";
import { LEAD_MS, Measure } from "./measure.ts";
import type { EchoOrder, Throughput } from "./order.ts";
import { SEQUENCE, Template } from "./template.ts";
import { type Wire, wireOf } from "./wire.ts";
import { PAD } from "./words.ts";

/** How long to wait for what is in flight, in milliseconds: a busy machine may need it. */
const PATIENCE_MS = 120_000;

/**
 * Sends on every connection, expects the same back in order, and answers each message with the next: open and warm, it
 * runs one turn in the window that it is given, and measures it.
 */
export function echo(order: EchoOrder): (window: number) => Throughput {
  const wire = wireOf(order.wire);
  const connections = new Connections({ port: order.port, wire });
  connections.open(order.connections);
  const measure = new Measure(order.serverPid);
  const run = (window: number, leadMs: number): Throughput => {
    const turn = new Echo(connections, measure, wire, order.windows[window]);
    turn.start();
    connections.runUntil(performance.now() + leadMs);
    const result = measure.during(order.durationMs, connections);
    turn.stop();
    return result;
  };
  run(0, order.warmUpMs); // all windows run the same code
  return (window) => run(window, LEAD_MS);
}

/** One window of it: a size, and so many in flight. */
class Echo {
  readonly #connections: Connections;
  readonly #measure: Measure;
  readonly #inFlight: number;
  readonly #sent: Template;
  readonly #expected: Template;
  readonly #out: Uint8Array<ArrayBuffer>;
  /** When what is in flight was sent, by connection. */
  readonly #sentMs = new Map<Connection, Float64Array>();
  #running = true;
  /** How many came with the read that is being handled. */
  #arrived = 0;

  constructor(connections: Connections, measure: Measure, wire: Wire, window: EchoOrder["windows"][number]) {
    const { inFlight, payloadBytes } = window;
    const { sent, expected } = wire.echo(SEQUENCE + PAD.slice(0, payloadBytes - SEQUENCE.length));
    this.#connections = connections;
    this.#measure = measure;
    this.#inFlight = inFlight;
    this.#sent = new Template(sent);
    this.#expected = new Template(expected);
    this.#out = new Uint8Array((this.#sent.length + 8) * inFlight);
    connections.handle(this.#receive, this.#answer);
  }

  start(): void {
    for (const connection of this.#connections.all) {
      this.#sentMs.set(connection, new Float64Array(this.#inFlight));
      this.#send(connection, this.#inFlight);
    }
  }

  /** Lets what is in flight come back. */
  stop(): void {
    this.#running = false;
    const deadline = performance.now() + PATIENCE_MS;
    const isQuiet = (): boolean => this.#connections.all.every(({ next, expected }) => next === expected);
    while (!isQuiet() && performance.now() < deadline) this.#connections.wait(5);
    if (!isQuiet()) throw new Error("Not all that was sent came back");
  }

  #send(connection: Connection, count: number): void {
    const times = this.#sentMs.get(connection)!;
    const nowMs = performance.now();
    let length = 0;
    while (count-- > 0) {
      times[connection.next % this.#inFlight] = nowMs;
      length = this.#sent.writeFrame(connection.next++, this.#out, length);
    }
    this.#connections.send(connection, this.#out, length);
  }

  readonly #receive = (connection: Connection, bytes: Uint8Array, start: number, end: number): void => {
    const sequence = connection.expected++;
    const expected = this.#expected;
    this.#measure.frames++;
    const isSample = this.#measure.count();
    if (isSample || end - start !== expected.length || expected.sequenceAt(bytes, start) !== sequence) {
      expected.check(bytes, start, end, sequence);
    }
    this.#arrived++;
  };

  readonly #answer = (connection: Connection): void => {
    const count = this.#arrived;
    if (count === 0) return;
    this.#arrived = 0;
    const times = this.#sentMs.get(connection)!;
    const nowMs = performance.now();
    for (let i = count; i > 0; i--) {
      this.#measure.latencies.add(nowMs - times[(connection.expected - i) % this.#inFlight]);
    }
    if (this.#running) this.#send(connection, count);
  };
}
