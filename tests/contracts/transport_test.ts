import { assert, assertEquals } from "@std/assert";
import { websocket } from "../../mod.ts";
import type { WireData } from "../../src/protocol/frame.ts";
import { testTransport } from "../../src/testing/contracts/transport.ts";
import {
  type ContractClient,
  type FakeConnection,
  FakeTransport,
  type TransportStage,
} from "../../src/testing/mod.ts";
import { ws } from "../../src/transport/ws/mod.ts";

testTransport({ test: Deno.test, name: "websocket", open: () => websocket });

testTransport({ test: Deno.test, name: "ws", open: () => ws(), limitsMessages: true });

testTransport({
  test: Deno.test,
  name: "ws with permessage-deflate",
  open: () => ws({ perMessageDeflate: { thresholdBytes: 100 } }),
  limitsMessages: true,
});

/** The client's end of a fake connection. What the server sends is there at once. */
class FakeClient implements ContractClient {
  readonly #connection: FakeConnection;
  readonly #arrived: WireData[] = [];
  #left: { code: number; reason: string } | null = null;

  constructor(connection: FakeConnection) {
    this.#connection = connection;
  }

  send(data: WireData): void {
    try {
      this.#connection.send(typeof data === "string" ? data : data.slice());
    } catch {
      // A sink that throws, throws here: there is no transport between.
    }
  }

  async next(): Promise<WireData> {
    await Promise.resolve();
    this.#arrived.push(...this.#connection.take());
    const data = this.#arrived.shift();
    assert(data !== undefined, "nothing has come");
    return data;
  }

  close(code = 1000, reason = ""): void {
    this.#left = { code, reason };
    this.#connection.close(code, reason);
  }

  get closed(): Promise<{ readonly code: number; readonly reason: string }> {
    const closed = this.#connection.closed ?? this.#left;
    return closed === null ? Promise.reject(new Error("it is open")) : Promise.resolve(closed);
  }
}

/** Connects to a stage with a `FakeTransport`. `prepare` gets at the connection before it is open. */
async function connectFake(
  stage: TransportStage,
  prepare: (connection: FakeConnection) => void = () => {},
): Promise<FakeClient> {
  const transport = stage.transport as FakeTransport;
  const request = transport.request("http://localhost/");
  const { status } = await stage.handle(request);
  if (status !== 200) throw new Error(`refused with ${status}`);
  const connection = transport.accepted(request)!;
  prepare(connection);
  connection.open();
  return new FakeClient(connection);
}

testTransport({
  test: Deno.test,
  name: "FakeTransport",
  open: () => new FakeTransport(),
  connect: (stage) => connectFake(stage),
});

Deno.test("testTransport: a transport that breaks a promise fails a test", async () => {
  const faults: Record<string, (connection: FakeConnection) => void> = {
    "none": () => {},
    "another code": ({ socket }) => {
      const { close } = socket;
      socket.close = (_code, reason) => close.call(socket, 1001, reason);
    },
    "drops what is empty": ({ socket }) => {
      const { send } = socket;
      socket.send = (turn) => turn.byteLength > 0 && send.call(socket, turn);
    },
    "is never empty": ({ socket }) => void (socket.bufferedBytes = -1),
  };
  for (const [fault, breakIt] of Object.entries(faults)) {
    const failed: string[] = [];
    const runs: Promise<void>[] = [];
    testTransport({
      test: (name, fn) => void runs.push(fn().catch(() => void failed.push(name))),
      name: "broken",
      open: () => new FakeTransport(),
      connect: (stage) => connectFake(stage, breakIt),
    });
    await Promise.all(runs);
    assertEquals(failed.length > 0, fault !== "none", `${fault}: ${failed.join("; ")}`);
  }
});
