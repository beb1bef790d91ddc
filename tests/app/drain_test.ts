import { assertEquals, assertLess, assertLessOrEqual, assertThrows } from "@std/assert";
import { TroupeError, type User } from "../../mod.ts";
import { AppKit } from "../../src/testing/app_kit.ts";
import type { FakeConnection } from "../../src/testing/fake_transport.ts";

const PATH = "/socket/websocket?vsn=2.0.0";

/** `count` connections on a channel protocol. */
async function connected(kit: AppKit, count: number): Promise<FakeConnection[]> {
  const clients: FakeConnection[] = [];
  for (let i = 0; i < count; i++) clients.push(await kit.connect(PATH));
  return clients;
}

/** When a client is asked to come back, in milliseconds after its close; `null` if it was told nothing. */
function reconnectAfterMs(client: FakeConnection): number | null {
  for (const frame of client.take()) {
    const [joinRef, ref, topic, event, payload] = JSON.parse(frame as string);
    if (event === "troupe:going-away") {
      assertEquals([joinRef, ref, topic], [null, null, "troupe"]);
      return payload.reconnectAfterMs;
    }
  }
  return null;
}

/** How many of `values` fall into each of `buckets` equal parts of the time up to `overMs`. */
function histogram(values: readonly number[], overMs: number, buckets: number): number[] {
  const counts = new Array(buckets).fill(0);
  for (const value of values) counts[Math.floor(value * buckets / overMs)]++;
  return counts;
}

Deno.test("drain: 10,000 clients are told to come back at times that are spread evenly, and so they do", async () => {
  await using kit = new AppKit({ limits: { idleMs: 0 } });
  const clients = await connected(kit, 10_000);
  const overMs = 20_000;
  const closedAtMs = new Map<FakeConnection, number>();
  const startMs = kit.clock.elapsedMs();
  let done = false;
  const drained = kit.app.drain({ overMs }).then(() => done = true);
  while (!done) {
    await kit.advance(200);
    for (const client of clients) {
      if (client.closed !== null && !closedAtMs.has(client)) {
        closedAtMs.set(client, kit.clock.elapsedMs() - startMs - 200);
      }
    }
  }
  await drained;
  const waits = clients.map((client) => reconnectAfterMs(client)!);
  for (const count of histogram(waits, overMs, 20)) assertLessOrEqual(count, 1.5 * 10_000 / 20);
  const returns = clients.map((client, i) => closedAtMs.get(client)! + waits[i]);
  for (const count of histogram(returns, 2 * overMs, 20)) assertLessOrEqual(count, 1.5 * 10_000 / 20);
  const closes = clients.map((client) => closedAtMs.get(client)!);
  for (const count of histogram(closes, overMs, 20)) assertLessOrEqual(count, 1.5 * 10_000 / 20);
  assertEquals(new Set(clients.map(({ closed }) => closed?.code)), new Set([1012]));
  assertEquals([kit.app.connections.size, kit.app.system.counters.get("connections.drained")], [0, 10_000]);
});

Deno.test("drain: all are told first, then closed in batches over the time given", async () => {
  await using kit = new AppKit({ limits: { idleMs: 0 } });
  const clients = await connected(kit, 10);
  const open = (): number => clients.filter(({ closed }) => closed === null).length;
  const drained = kit.app.drain({ overMs: 1_000, batch: 4, reconnectOverMs: 100 });
  await kit.settle();
  assertEquals(open(), 6);
  for (const client of clients) assertLess(reconnectAfterMs(client)!, 100);
  await kit.advance(399);
  assertEquals(open(), 6);
  await kit.advance(1);
  assertEquals(open(), 2);
  await kit.advance(400);
  assertEquals(open(), 0);
  await drained;
});

Deno.test("drain: the app is not ready first, and new handshakes are answered with 503 and Retry-After", async () => {
  await using kit = new AppKit({ limits: { idleMs: 0 } });
  assertEquals([kit.app.ready, kit.app.readiness], [true, { ready: true, reasons: [] }]);
  await connected(kit, 3);
  kit.app.drain({ overMs: 1_000 });
  assertEquals([kit.app.ready, kit.app.readiness.reasons], [false, ["draining"]]);
  const response = await kit.tryConnect(PATH) as Response;
  assertEquals([response.status, response.headers.get("retry-after"), await response.json()], [
    503,
    "1",
    { reason: "draining" },
  ]);
  await kit.advance(1_000);
  assertEquals([kit.app.connections.size, kit.app.ready], [0, false]);
});

Deno.test("drain: a handshake that is pending is refused, and one that was accepted is closed", async () => {
  let answer: (user: User | null) => void = () => {};
  let asked = 0;
  await using kit = new AppKit({
    authenticate: () =>
      asked++ === 0 ? { id: "ada" } : new Promise<User | null>((resolve) => answer = resolve),
  });
  const client = await kit.connect(PATH);
  const pending = kit.tryConnect(PATH);
  await kit.settle();
  const drained = kit.app.drain({ overMs: 0 });
  await kit.settle();
  answer({ id: "eve" });
  assertEquals((await pending as Response).status, 503);
  await drained;
  assertEquals(client.closed?.code, 1012);
});

Deno.test("drain: raw components are told nothing, and closed with 1012", async () => {
  await using kit = new AppKit();
  kit.app.component("/raw", {});
  const client = await kit.connect("/raw");
  const drained = kit.app.drain({ overMs: 0 });
  await kit.settle();
  await drained;
  assertEquals([client.take(), client.closed?.code], [[], 1012]);
});

Deno.test("drain: channels leave with the reason shutdown", async () => {
  await using kit = new AppKit();
  const left: string[] = [];
  kit.app.topic("room:{id}", { leave: (_ctx, { kind }) => void left.push(kind) });
  const client = await kit.connect(PATH);
  client.send('["1","1","room:1","phx_join",{}]');
  await kit.settle();
  const drained = kit.app.drain({ overMs: 0 });
  await kit.settle();
  await drained;
  assertEquals(left, ["shutdown"]);
});

Deno.test("drain: an app without connections is empty at once; further calls are the same drain", async () => {
  await using kit = new AppKit();
  const drained = kit.app.drain();
  assertEquals(kit.app.drain({ overMs: 1 }), drained);
  await kit.settle();
  await drained;
  assertEquals(kit.clock.pending, 0);
});

Deno.test("drain: when the last client has gone by itself, there is nothing to wait for", async () => {
  await using kit = new AppKit({ limits: { idleMs: 0 } });
  const clients = await connected(kit, 3);
  const drained = kit.app.drain({ overMs: 1_000_000 });
  await kit.settle();
  for (const client of clients) client.close();
  await kit.settle();
  await drained;
  assertEquals(kit.clock.pending, 0);
});

Deno.test("drain: a close in the middle takes over, and leaves no timer", async () => {
  const kit = new AppKit({ limits: { idleMs: 0 } });
  const clients = await connected(kit, 10);
  const drained = kit.app.drain({ overMs: 1_000_000 });
  await kit.settle();
  await kit[Symbol.asyncDispose]();
  await drained;
  assertEquals(new Set(clients.map(({ closed }) => closed?.code)), new Set([1012]));
  assertEquals([kit.clock.pending, kit.app.readiness.reasons], [0, ["shutting_down", "draining"]]);
  await kit.app.drain();
});

Deno.test("drain: options that make no sense are refused", () => {
  const { app } = new AppKit();
  for (const bad of [{ over: 1 }, { overMs: -1 }, { batch: 0 }, { reconnectOverMs: "1" }]) {
    assertEquals(assertThrows(() => app.drain(bad as never), TroupeError).code, "invalid_options");
  }
});

Deno.test("drain: a connection that goes by itself meanwhile is not counted as drained", async () => {
  await using kit = new AppKit();
  const clients = await connected(kit, 4);
  const drained = kit.app.drain({ overMs: 400, batch: 1 });
  await kit.settle();
  clients[1].close(1006);
  for (let i = 0; i < 4; i++) await kit.advance(100);
  await drained;
  assertEquals(clients.map(({ closed }) => closed?.code), [1012, undefined, 1012, 1012]);
  assertEquals(kit.app.system.counters.get("connections.drained"), 3);
});
