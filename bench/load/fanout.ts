import { type Connection, Connections } from "./connections.ts";
import { Measure } from "./measure.ts";
import type { FanoutOrder, Throughput } from "./order.ts";
import { SEQUENCE, Template } from "./template.ts";
import { joinMessage, PAD } from "./words.ts";

const BRACKET = 0x5b, COMMA = 0x2c;

/** How long to wait for what is in flight, in milliseconds: a busy machine may need it. */
const PATIENCE_MS = 30_000;

/** What a fan-out needs to know. */
export type FanoutTask = Omit<FanoutOrder, "kind" | "warmUpMs" | "durationMs">;

/** One connection publishes and all receive, itself included: every one everything, in order, exactly once. */
export class Fanout {
  readonly measure: Measure;
  readonly #connections: Connections;
  readonly #publisher: Connection;
  readonly #inFlight: number;
  readonly #sent: Template;
  /** A message, without what is behind its payload. */
  readonly #expected: Template;
  readonly #verbatim: boolean;
  readonly #hasOffset: boolean;
  readonly #out: Uint8Array<ArrayBuffer>;
  // A publication is in flight until everybody has got it. What went first is complete first: order is checked below.
  readonly #receivers: Uint32Array;
  readonly #everybody: number;
  #complete = 0;

  constructor(task: FanoutTask) {
    const { topic, inFlight } = task;
    const name = topic ?? "none";
    const text = SEQUENCE + PAD.slice(0, task.payloadBytes - SEQUENCE.length);
    this.#sent = new Template(`["1","2","${name}","say",{"text":"${text}"}]`);
    this.#verbatim = task.verbatim;
    this.#hasOffset = task.hasOffset ?? false;
    this.#expected = task.verbatim
      ? this.#sent
      : new Template(`[null,null,"${name}","said",{"text":"${text}"}`);
    this.#inFlight = inFlight;
    this.#receivers = new Uint32Array(inFlight);
    this.#everybody = task.connections + 1;
    this.#out = new Uint8Array((this.#sent.length + 8) * inFlight);
    this.measure = new Measure(task.serverPid);
    this.#connections = new Connections({ ...task, join: topic === null ? null : joinMessage(topic) });
    this.#connections.handle(this.#receive);
    this.#connections.open(this.#everybody);
    this.#publisher = this.#connections.all[0];
  }

  /** Publishes for `durationMs`, and lets what is in flight arrive. Tells how fast messages came meanwhile. */
  during(durationMs: number): Throughput {
    this.#publish();
    const result = this.measure.during(durationMs, this.#connections, this.#publish);
    this.#settle();
    return result;
  }

  close(): void {
    this.#connections.close();
  }

  readonly #publish = (): void => {
    const publisher = this.#publisher;
    let length = 0;
    while (publisher.next - this.#complete < this.#inFlight) {
      length = this.#sent.writeFrame(publisher.next++, this.#out, length);
    }
    if (length > 0) this.#connections.send(publisher, this.#out, length);
  };

  #settle(): void {
    const publisher = this.#publisher;
    const deadline = performance.now() + PATIENCE_MS;
    while (this.#complete < publisher.next && performance.now() < deadline) this.#connections.wait(5);
    if (this.#complete < publisher.next) {
      throw new Error(`${publisher.next} were published, but not everyone has got all of them`);
    }
  }

  readonly #receive = (connection: Connection, bytes: Uint8Array, start: number, end: number): void => {
    // A batch is `[message,message,…]`.
    const batched = bytes[start + 1] === BRACKET;
    const { measure } = this;
    measure.frames++;
    let at = batched ? start + 1 : start;
    for (; at < end; at++) {
      const sequence = connection.expected++;
      if (this.#expected.sequenceAt(bytes, at) !== sequence || measure.count()) {
        this.#expected.check(bytes, at, sequence);
        measure.compared++;
      }
      at = this.#behind(bytes, at + this.#expected.length, sequence);
      const slot = sequence % this.#inFlight;
      if (++this.#receivers[slot] === this.#everybody) {
        this.#receivers[slot] = 0;
        this.#complete++;
      }
    }
    // The comma or bracket behind a message of a batch is one more; a message alone has none.
    if (at !== (batched ? end : end + 1)) throw new Error("A frame holds no whole messages");
  };

  /** Where a message ends whose payload ends at `at`; its offset is right. */
  #behind(bytes: Uint8Array, at: number, sequence: number): number {
    if (this.#verbatim) return at;
    if (!this.#hasOffset) return at + 1;
    let offset = 0;
    let end = at + 1;
    while (bytes[end] >= 0x30 && bytes[end] <= 0x39) offset = offset * 10 + bytes[end++] - 0x30;
    if (bytes[at] === COMMA && offset === sequence + 1) return end + 1;
    throw new Error(`Publication ${sequence} has the offset ${offset}, or none`);
  }
}

/** Runs a fan-out once. */
export function fanout(order: FanoutOrder): Throughput {
  const run = new Fanout(order);
  run.during(order.warmUpMs);
  const result = run.during(order.durationMs);
  run.close();
  return result;
}
