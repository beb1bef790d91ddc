import { Connections } from "./connections.ts";
import { Measure } from "./measure.ts";
import type { FanoutOrder, Throughput } from "./order.ts";
import { SEQUENCE, Template } from "./template.ts";
import { joinMessage, PAD } from "./words.ts";

const BRACKET = 0x5b;

/** One connection publishes and all receive, itself included: every one everything, in order, exactly once. */
export function fanout(order: FanoutOrder): Throughput {
  const { topic, inFlight } = order;
  const name = topic ?? "none";
  const text = SEQUENCE + PAD.slice(0, order.payloadBytes - SEQUENCE.length);
  const sent = new Template(`["1","2","${name}","say",{"text":"${text}"}]`);
  const expected = order.verbatim ? sent : new Template(`[null,null,"${name}","said",{"text":"${text}"}]`);
  const connections = new Connections({ ...order, join: topic === null ? null : joinMessage(topic) });
  const measure = new Measure(order.serverPid);
  // A publication is in flight until everybody has got it. What went first is complete first: order is checked below.
  const receivers = new Uint32Array(inFlight);
  const everybody = order.connections + 1;
  let complete = 0;
  connections.handle((connection, bytes, start, end) => {
    // A batch is `[message,message,…]`, and all messages have the same length.
    const batched = bytes[start + 1] === BRACKET;
    const count = batched ? (end - start - 1) / (expected.length + 1) : 1;
    measure.frames++;
    if (batched ? !Number.isInteger(count) : end - start !== expected.length) {
      throw new Error(`A frame of ${end - start} bytes holds no whole messages of ${expected.length} bytes`);
    }
    for (let at = batched ? start + 1 : start; at < end; at += expected.length + 1) {
      const sequence = connection.expected++;
      if (expected.sequenceAt(bytes, at) !== sequence || measure.count()) {
        expected.check(bytes, at, sequence);
        measure.compared++;
      }
      if (++receivers[sequence % inFlight] === everybody) {
        receivers[sequence % inFlight] = 0;
        complete++;
      }
    }
  });
  connections.open(everybody);
  const [publisher] = connections.all;
  const out = new Uint8Array((sent.length + 8) * inFlight);
  const publish = (): void => {
    let length = 0;
    while (publisher.next - complete < inFlight) length = sent.writeFrame(publisher.next++, out, length);
    if (length > 0) connections.send(publisher, out, length);
  };
  publish();
  connections.runUntil(performance.now() + order.warmUpMs, publish);
  const result = measure.during(order.durationMs, connections, publish);
  const deadline = performance.now() + 30_000;
  while (complete < publisher.next && performance.now() < deadline) connections.wait(5);
  if (complete < publisher.next) {
    throw new Error(`${publisher.next} were published, but not everyone has got all of them`);
  }
  connections.close();
  return result;
}
