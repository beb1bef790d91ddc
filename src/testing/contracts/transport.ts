/**
 * What every transport keeps, as tests.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Frame, type WireData } from "../../protocol/frame.ts";
import { Turn } from "../../protocol/turn.ts";
import type { Transport } from "../../transport/transport.ts";
import { type ContractClient, refusedHandshake, vanish, WebSocketClient } from "./contract_client.ts";
import { type RecordingSink, STAGE_MESSAGE_BYTES, type Told, TransportStage } from "./transport_stage.ts";

/** What {@link testTransport} needs. */
export interface TransportContract {
  /** Registers a test: `Deno.test`, or the like of another runner. */
  readonly test: (name: string, fn: () => Promise<void>) => void;
  /** What the tests' names begin with: the transport's. */
  readonly name: string;
  /** Makes a transport that carries whatever messages it is given. Called once in each test. */
  open(): Transport;
  /**
   * Connects to a stage on which the transport is mounted; rejects if it is refused. Default: the platform's own
   * `WebSocket`; then what a handshake of RFC 6455 is answered is tested, too.
   */
  connect?(stage: TransportStage): Promise<ContractClient>;
  /**
   * Whether the transport itself closes a connection whose message is over `maxMessageBytes` with 1009, before it holds
   * the whole. Default: `false`, since the engine looks at every message again.
   */
  readonly limitsMessages?: boolean;
}

const TEXTS = ["", "a", "hé", "🙂", "x".repeat(125), "x".repeat(126), "é".repeat(200), "x".repeat(65_536)];
const BYTES = [0, 1, 125, 126, 65_535, 65_536].map((length) =>
  Uint8Array.from({ length }, (_, i) => i % 251)
);
const MESSAGES: readonly WireData[] = [...TEXTS, ...BYTES, "last"];

const turn = (...data: WireData[]): Turn => new Turn(data.map((each) => new Frame(each)));

/**
 * Tests that a transport keeps what `Transport`, `Socket` and `SocketSink` promise.
 *
 * @example
 * ```ts
 * import { websocket } from "@troupe/core";
 * import { testTransport } from "@troupe/core/testing";
 *
 * const tests: (() => Promise<void>)[] = [];
 * testTransport({
 *   test: (_name, fn) => void tests.push(fn), // Deno.test, in a test file
 *   name: "websocket",
 *   open: () => websocket,
 * });
 * for (const run of tests) await run();
 * ```
 */
export function testTransport(contract: TransportContract): void {
  const isWebSocket = contract.connect === undefined;
  const connect = contract.connect ?? ((stage) => WebSocketClient.connect(stage));
  const onStage = (what: string, run: (stage: TransportStage) => Promise<void>): void =>
    contract.test(`${contract.name}: ${what}`, async () => {
      const stage = new TransportStage(contract.open());
      try {
        await run(stage);
      } finally {
        await stage.end();
      }
    });
  const pair = async (stage: TransportStage): Promise<[ContractClient, RecordingSink]> => {
    const client = await connect(stage);
    const sink = await stage.accepted();
    assertEquals(await sink.next(), { kind: "opened" });
    return [client, sink];
  };
  const connected = (
    what: string,
    run: (client: ContractClient, sink: RecordingSink, stage: TransportStage) => Promise<void>,
  ): void => onStage(what, async (stage) => await run(...await pair(stage), stage));
  const leave = async (client: ContractClient, sink: RecordingSink): Promise<void> => {
    client.close(1000, "done");
    assertEquals(await sink.next(), { kind: "closed", code: 1000, reason: "done" });
    await client.closed;
  };

  connected("messages arrive whole, in order, as text or as bytes", async (client, sink) => {
    for (const data of MESSAGES) client.send(data);
    for (const data of MESSAGES) assertEquals(await sink.next(), { kind: "received", data });
    await leave(client, sink);
  });

  connected(
    "the frames of a turn arrive whole, in order, and one turn behind the other",
    async (client, sink) => {
      sink.socket.send(turn(...MESSAGES));
      for (const data of MESSAGES) sink.socket.send(turn(data));
      for (const data of [...MESSAGES, ...MESSAGES]) assertEquals(await client.next(), data);
      await leave(client, sink);
    },
  );

  onStage("one turn can go to many connections", async (stage) => {
    const pairs = [await pair(stage), await pair(stage), await pair(stage)];
    const shared = turn("one", new Uint8Array([2]), "three");
    for (const [, sink] of pairs) sink.socket.send(shared);
    for (const [client, sink] of pairs) {
      assertEquals(await client.next(), "one");
      assertEquals(await client.next(), new Uint8Array([2]));
      assertEquals(await client.next(), "three");
      await leave(client, sink);
    }
  });

  connected("what was sent can be sent from within received", async (client, sink) => {
    sink.onReceived = (data) => sink.socket.send(turn(data));
    for (let i = 0; i < 100; i++) client.send(String(i));
    for (let i = 0; i < 100; i++) assertEquals(await client.next(), String(i));
    sink.onReceived = null;
    for (let i = 0; i < 100; i++) await sink.next();
    await leave(client, sink);
  });

  connected("bytes that were received belong to the receiver", async (client, sink) => {
    client.send(new Uint8Array([1, 2, 3]));
    client.send(new Uint8Array([4, 5, 6]));
    const first = await sink.next() as Told & { data: Uint8Array };
    first.data.fill(0);
    assertEquals(first.data.buffer.byteLength, 3);
    assertEquals(await sink.next(), { kind: "received", data: new Uint8Array([4, 5, 6]) });
    await leave(client, sink);
  });

  connected("bufferedBytes comes back to 0 when all has left", async (client, sink) => {
    const big = turn(...new Array(16).fill("x".repeat(65_536)));
    sink.socket.send(big);
    for (let i = 0; i < 16; i++) await client.next();
    while (sink.socket.bufferedBytes > 0) { // each round brings I/O, in which a transport may notice
      client.send("?");
      await sink.next();
    }
    assertEquals(sink.socket.bufferedBytes, 0);
    await leave(client, sink);
  });

  connected("a close of ours reaches the client, behind what was sent", async (client, sink) => {
    sink.socket.send(turn("before"));
    sink.socket.close(4001, "enough");
    assertEquals(await client.next(), "before");
    assertEquals(await client.closed, { code: 4001, reason: "enough" });
  });

  connected("after a close of ours nothing is sent, received or told any more", async (client, sink) => {
    client.send("a");
    assertEquals(await sink.next(), { kind: "received", data: "a" });
    sink.socket.close(1012, "the server restarts");
    client.send("b");
    sink.socket.send(turn("too late"));
    sink.socket.close(4000, "a second one");
    assertEquals(await client.closed, { code: 1012, reason: "the server restarts" });
    assertEquals(sink.untaken, []);
    sink.socket.send(turn("much too late"));
    assert(sink.socket.bufferedBytes >= 0);
  });

  connected("a close within received ends it there", async (client, sink) => {
    sink.onReceived = () => sink.socket.close(4002, "no more");
    client.send("a");
    client.send("b");
    assertEquals((await client.closed).code, 4002);
    assertEquals(sink.untaken, [{ kind: "received", data: "a" }]);
  });

  connected("a close of the client's is told once, with its code and reason", async (client, sink) => {
    client.close(4321, "grüße");
    assertEquals(await sink.next(), { kind: "closed", code: 4321, reason: "grüße" });
    sink.socket.send(turn("nobody is there"));
    sink.socket.close(1000, "neither");
    await client.closed;
    assertEquals(sink.untaken, []);
  });

  onStage("a close without a code is 1005", async (stage) => {
    const [client, sink] = await pair(stage);
    client.close();
    assertEquals(await sink.next(), { kind: "closed", code: isWebSocket ? 1005 : 1000, reason: "" });
    await client.closed;
  });

  connected("a sink that throws ends its own connection at the most", async (client, sink, stage) => {
    const [bystander, other] = await pair(stage);
    sink.onReceived = () => {
      throw new Error("a sink must not throw");
    };
    client.send("a");
    assertEquals((await sink.next()).kind, "received");
    bystander.send("b");
    assertEquals(await other.next(), { kind: "received", data: "b" });
    client.close(1000, "");
    await client.closed;
    await leave(bystander, other);
  });

  onStage("a refusal of the gate's becomes no connection", async (stage) => {
    stage.refusal = { status: 403, reason: "not_today" };
    await assertRejects(() => connect(stage));
    stage.refusal = null;
    const [client, sink] = await pair(stage);
    await leave(client, sink);
  });

  onStage("whatever is no handshake is answered, and nothing rejects", async (stage) => {
    for (const method of ["GET", "POST", "DELETE"]) {
      const { status } = await stage.handle(new Request("http://localhost/", { method }));
      assert(status >= 400 && status < 500, `${method} was answered with ${status}`);
    }
  });

  if (contract.limitsMessages) {
    connected("a message over the limit closes with 1009, and is counted", async (client, sink, stage) => {
      const largest = "x".repeat(STAGE_MESSAGE_BYTES);
      client.send(largest);
      assertEquals(await sink.next(), { kind: "received", data: largest });
      client.send(`${largest}x`);
      const told = await sink.next();
      assertEquals(told.kind === "closed" && told.code, 1009);
      assertEquals((await client.closed).code, 1009);
      assertEquals(stage.counters.get("connections.too_big"), 1);
    });
  }

  if (!isWebSocket) return;

  onStage("a refused handshake is answered as HTTP, and the connection ends", async (stage) => {
    stage.refusal = { status: 403, reason: "not_today", headers: { "x-why": "rain" } };
    const answer = await refusedHandshake(stage);
    assert(/^HTTP\/1\.1 403 /.test(answer), answer);
    assertStringIncludes(answer.toLowerCase(), "x-why: rain");
    assertStringIncludes(answer, '{"reason":"not_today"}');
  });

  onStage("a client that vanishes is told once, as 1006", async (stage) => {
    await vanish(stage);
    const sink = await stage.accepted();
    const told = [await sink.next()];
    if (told[0].kind === "opened") told.push(await sink.next());
    assertEquals(told.at(-1), { kind: "closed", code: 1006, reason: "" });
    assertEquals(sink.untaken, []);
  });
}
