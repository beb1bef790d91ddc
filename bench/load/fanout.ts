import { type Connection, Connections } from "./connections.ts";
import { LEAD_MS, Measure } from "./measure.ts";
import type { FanoutOrder, Pace, Throughput } from "./order.ts";
import { SEQUENCE, Template } from "./template.ts";
import { wireOf, type WireSpec } from "./wire.ts";
import { PAD } from "./words.ts";

const BRACKET = 0x5b, COMMA = 0x2c;

/** How long to wait for what is in flight, in milliseconds: a busy machine may need it. */
const PATIENCE_MS = 120_000;

/** The most publications in flight. */
const MAX_IN_FLIGHT = 64;

/** As many as make the server's code hot soon. */
const WARM_UP_IN_FLIGHT = 8;

/** What a fan-out needs to know. */
export interface FanoutTask {
  readonly port: number;
  readonly serverPid: number;
  readonly wire: WireSpec;
  /** Those that receive, beside the one that publishes, which receives too. */
  readonly connections: number;
  readonly payloadBytes: number;
  /** Whether each publication has its offset behind it, from 1. Default: no. */
  readonly hasOffset?: boolean;
}

/** One connection publishes and all receive, itself included: every one everything, in order, exactly once. */
export class Fanout {
  readonly #measure: Measure;
  readonly #connections: Connections;
  readonly #publisher: Connection;
  readonly #sent: Template;
  /** A message, without what is behind its payload. */
  readonly #expected: Template;
  readonly #tail: number;
  readonly #hasOffset: boolean;
  readonly #out: Uint8Array<ArrayBuffer>;
  // A publication is in flight until everybody has got it. What went first is complete first: order is checked below.
  readonly #receivers = new Uint32Array(MAX_IN_FLIGHT);
  readonly #sentMs = new Float64Array(MAX_IN_FLIGHT);
  readonly #everybody: number;
  #complete = 0;
  /** Whether it matters how long each message took: not where there are millions a second. */
  #timed = false;
  /** How many may have been published by now. */
  #due: () => number = () => 0;

  constructor(task: FanoutTask) {
    const wire = wireOf(task.wire);
    const { sent, expected } = wire.publish(SEQUENCE + PAD.slice(0, task.payloadBytes - SEQUENCE.length));
    this.#sent = new Template(sent);
    this.#expected = new Template(expected);
    this.#tail = wire.tail;
    this.#hasOffset = task.hasOffset ?? false;
    this.#everybody = task.connections + 1;
    this.#out = new Uint8Array((this.#sent.length + 8) * MAX_IN_FLIGHT);
    this.#measure = new Measure(task.serverPid);
    this.#connections = new Connections({ port: task.port, wire });
    this.#connections.handle(this.#receive);
    this.#connections.open(this.#everybody);
    this.#publisher = this.#connections.all[0];
  }

  /** Publishes for `durationMs`, and lets what is in flight arrive. Tells how fast all that came. */
  during(durationMs: number, pace: Pace): Throughput {
    const first = this.#publisher.next;
    const startMs = performance.now();
    this.#timed = "perSecond" in pace;
    this.#due = "inFlight" in pace
      ? () => this.#complete + pace.inFlight
      : () => first + 1 + Math.floor((performance.now() - startMs) * pace.perSecond / 1_000);
    this.#publish();
    return this.#measure.during(durationMs, this.#connections, this.#publish, this.#settle);
  }

  /** Publishes once. How long it took until everybody had it, in milliseconds. */
  once(): number {
    const due = this.#publisher.next + 1;
    const startMs = performance.now();
    this.#due = () => due;
    this.#publish();
    this.#settle();
    return performance.now() - startMs;
  }

  close(): void {
    this.#connections.close();
  }

  readonly #publish = (): void => {
    const publisher = this.#publisher;
    const due = Math.min(this.#due(), this.#complete + MAX_IN_FLIGHT);
    let length = 0;
    while (publisher.next < due) {
      this.#sentMs[publisher.next % MAX_IN_FLIGHT] = performance.now();
      length = this.#sent.writeFrame(publisher.next++, this.#out, length);
    }
    if (length > 0) this.#connections.send(publisher, this.#out, length);
  };

  readonly #settle = (): void => {
    const publisher = this.#publisher;
    const deadline = performance.now() + PATIENCE_MS;
    while (this.#complete < publisher.next && performance.now() < deadline) this.#connections.wait(0);
    if (this.#complete < publisher.next) {
      throw new Error(`${publisher.next} were published, but not everyone has got all of them`);
    }
  };

  readonly #receive = (connection: Connection, bytes: Uint8Array, start: number, end: number): void => {
    // A batch is `[message,message,…]`.
    const batched = bytes[start] === BRACKET && bytes[start + 1] === BRACKET;
    const measure = this.#measure;
    const timed = this.#timed;
    const nowMs = timed ? performance.now() : 0;
    measure.frames++;
    let at = batched ? start + 1 : start;
    for (; at < end; at++) {
      const sequence = connection.expected++;
      const behind = at + this.#expected.length;
      const isSample = measure.count();
      if (isSample || this.#expected.sequenceAt(bytes, at) !== sequence) {
        this.#expected.check(bytes, at, behind, sequence);
      }
      const slot = sequence % MAX_IN_FLIGHT;
      if (timed) measure.latencies.add(nowMs - this.#sentMs[slot]);
      if (++this.#receivers[slot] === this.#everybody) {
        this.#receivers[slot] = 0;
        this.#complete++;
      }
      at = this.#hasOffset ? this.#behindOffset(bytes, behind, sequence) : behind + this.#tail;
    }
    // The comma or bracket behind a message of a batch is one more; a message alone has none.
    if (at !== (batched ? end : end + 1)) throw new Error("A frame holds no whole messages");
  };

  /** Where a message ends whose payload ends at `at`; its offset is right. */
  #behindOffset(bytes: Uint8Array, at: number, sequence: number): number {
    let offset = 0;
    let end = at + 1;
    while (bytes[end] >= 0x30 && bytes[end] <= 0x39) offset = offset * 10 + bytes[end++] - 0x30;
    if (bytes[at] !== COMMA || offset !== sequence + 1) {
      throw new Error(`Number ${sequence} has offset ${offset}`);
    }
    return end + 1;
  }
}

/** A fan-out that is open and warm: runs one turn in the window that it is given, and measures it. */
export function fanout(order: FanoutOrder): (window: number) => Throughput {
  const run = new Fanout(order);
  const { paces, warmUpMs, durationMs } = order;
  run.during(warmUpMs, { inFlight: WARM_UP_IN_FLIGHT });
  return (window) => {
    run.during(LEAD_MS, { inFlight: 1 });
    return run.during(durationMs, paces[window]);
  };
}
