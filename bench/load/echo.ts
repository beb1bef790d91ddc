import { type Connection, Connections } from "./connections.ts";
import { Latencies } from "./latencies.ts";
import { Measure } from "./measure.ts";
import type { EchoOrder, Throughput } from "./order.ts";
import { SEQUENCE, Template } from "./template.ts";
import { joinMessage, PAD } from "./words.ts";

/** Sends on every connection, expects the same back in order, and answers each message with the next. */
export function echo(order: EchoOrder): Throughput {
  const { topic, inFlight } = order;
  const text = SEQUENCE + PAD.slice(0, order.payloadBytes - SEQUENCE.length);
  const sent = new Template(
    topic === null ? text : `["1","${SEQUENCE}","${topic}","echo",{"text":"${text}"}]`,
  );
  const expected = topic === null ? sent : new Template(
    `["1","${SEQUENCE}","${topic}","phx_reply",{"response":{"text":"${text}"},"status":"ok"}]`,
  );
  const connections = new Connections({ ...order, join: topic === null ? null : joinMessage(topic) });
  const measure = new Measure(order.serverPid);
  const out = new Uint8Array((sent.length + 8) * inFlight);
  const latencies = measure.latencies = new Latencies();
  const sentMs = new Map<Connection, Float64Array>();
  let running = true;
  const sendNext = (connection: Connection, count: number): void => {
    const times = sentMs.get(connection)!;
    const nowMs = performance.now();
    let length = 0;
    while (count-- > 0) {
      times[connection.next % inFlight] = nowMs;
      length = sent.writeFrame(connection.next++, out, length);
    }
    connections.send(connection, out, length);
  };
  let arrived = 0;
  connections.handle((connection, bytes, start, end) => {
    const sequence = connection.expected++;
    measure.frames++;
    if (
      end - start !== expected.length || expected.sequenceAt(bytes, start) !== sequence || measure.count()
    ) {
      expected.check(bytes, start, sequence);
      measure.compared++;
    }
    arrived++;
  }, (connection) => {
    if (arrived === 0) return;
    const times = sentMs.get(connection)!;
    const nowMs = performance.now();
    for (let i = arrived; i > 0; i--) latencies.add(nowMs - times[(connection.expected - i) % inFlight]);
    if (running) sendNext(connection, arrived);
    arrived = 0;
  });
  connections.open(order.connections);
  for (const connection of connections.all) {
    sentMs.set(connection, new Float64Array(inFlight));
    sendNext(connection, inFlight);
  }
  connections.runUntil(performance.now() + order.warmUpMs);
  const result = measure.during(order.durationMs, connections);
  running = false;
  connections.close();
  return result;
}
