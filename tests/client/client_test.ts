import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { App, defineTopic } from "../../mod.ts";
import { connect, TroupeError } from "../../src/client/mod.ts";
import { seededRandom } from "../../src/base/random.ts";
import { VirtualClock } from "../../src/testing/mod.ts";
import { FakeServer } from "./fake_server.ts";
import { Room, roomApp } from "./room.ts";
import { becomes, ClientStage, soon } from "./stage.ts";

Deno.test("a client connects, comes back, and is closed for good", async () => {
  await using stage = new ClientStage(roomApp());
  const troupe = stage.connect();
  const states: string[] = [troupe.state];
  troupe.on("state", (state) => states.push(state));
  const room = troupe.join(Room, { id: "7" });
  await soon(room.joined);
  const back = room.next("troupe:joined");
  const [connection] = [...stage.app.connections];
  stage.app.disconnect({ connection: connection.id });
  await soon(back);
  await soon(troupe.close());
  assertEquals(states, ["connecting", "open", "reconnecting", "open", "closed"]);
  assertEquals(await troupe.closed, { code: 1000, reason: "closed by the client" });
  assertEquals((await room.ended).kind, "disconnected");
  assertEquals(troupe.counters["connection.drops"], 1);
  const error = assertThrows(() => troupe.join(Room, { id: "7" }), TroupeError);
  assertEquals(error.code, "client_closed");
  await troupe.close();
});

Deno.test("who closes has left: nothing waits for it at the server", async () => {
  const left: string[] = [];
  const app = new App({ authenticate: () => ({ id: "ada" }), limits: { graceMs: 60_000 } });
  const Quiet = defineTopic("quiet", {});
  app.topic(Quiet, { leave: (_ctx, { kind }) => void left.push(kind) });
  await using stage = new ClientStage(app);
  const troupe = stage.connect();
  await soon(troupe.join(Quiet, {}).joined);
  await soon(troupe.close());
  while (left.length === 0) await new Promise((resolve) => setTimeout(resolve));
  assertEquals(left, ["left"]);
});

Deno.test("a signal closes the client, also one that is aborted already", async () => {
  await using stage = new ClientStage(roomApp());
  const aborter = new AbortController();
  const troupe = stage.connect({ signal: aborter.signal });
  await becomes(troupe, "open");
  aborter.abort();
  assertEquals((await soon(troupe.closed)).code, 1000);
  assertEquals((await soon(stage.connect({ signal: aborter.signal }).closed)).code, 1000);
});

Deno.test("a server that goes away is come back to when it has said, not when the client would", async () => {
  await using first = new ClientStage(roomApp());
  await using second = new ClientStage(roomApp());
  const urls = [first.url, second.url];
  // What a load balancer does: the second connection is somebody else's.
  class Balanced extends WebSocket {
    constructor(url: string) {
      super(url.replace(first.url, urls.shift() as string));
    }
  }
  // By itself it would not be back within this test.
  const troupe = first.connect({ reconnect: { baseMs: 3_600_000, maxMs: 3_600_000 }, transport: Balanced });
  const room = troupe.join(Room, { id: "7" });
  await soon(room.joined);
  const notice = new Promise<number>((resolve) =>
    troupe.on("goingAway", ({ reconnectAfterMs }) => resolve(reconnectAfterMs))
  );
  const back = room.next("troupe:joined");
  await first.app.drain({ overMs: 1, reconnectOverMs: 50 });
  assert(await soon(notice) < 50);
  await soon(back);
  assertEquals([...second.app.connections].length, 1);
});

Deno.test("a client comes back as soon as the network does, and not before its jitter", async () => {
  await using server = new FakeServer();
  // The id's, an hour, and no time at all.
  const draws = [0.5, 1, 0];
  const random = { ...seededRandom(1), float: () => draws.shift() ?? 0 };
  const troupe = server.connect({ reconnect: { baseMs: 3_600_000, maxMs: 3_600_000 }, random });
  (await server.accept()).drop();
  assertEquals([troupe.state, draws], ["reconnecting", [0]]);
  globalThis.dispatchEvent(new Event("online"));
  assertEquals(draws, []);
  await server.accept();
  assertEquals(troupe.state, "open");
});

Deno.test("the network's return is nothing to a client that is connected, or closed", async () => {
  await using server = new FakeServer();
  const troupe = server.connect();
  const connection = await server.accept();
  globalThis.dispatchEvent(new Event("online"));
  await soon(troupe.close());
  globalThis.dispatchEvent(new Event("online"));
  const other = server.connect();
  await server.accept(); // of the other one: the first has made no other
  assertEquals([connection.readyState, troupe.state, other.state], [3, "closed", "open"]);
  assertEquals(troupe.counters, {});
});

Deno.test("a token that cannot be had is told, and asked for again", async () => {
  await using stage = new ClientStage(roomApp());
  let tries = 0;
  const told: string[] = [];
  const troupe = stage.connect({
    token() {
      if (++tries === 1) throw new Error("no network");
      return tries === 2 ? Promise.reject(new Error("no luck")) : null;
    },
  });
  troupe.on("failed", ({ error }) => told.push(String(error)));
  await becomes(troupe, "open");
  // The first failed before anybody could listen.
  assertEquals([tries, told, troupe.counters["connection.errors"]], [3, ["Error: no luck"], 2]);
});

Deno.test("a token that never comes does not hold the client up for ever", async () => {
  await using stage = new ClientStage(roomApp());
  const clock = new VirtualClock();
  let tries = 0;
  const token = (): Promise<string> => ++tries === 1 ? new Promise(() => {}) : Promise.resolve("t");
  const troupe = stage.connect({ token, clock, tokenTimeoutMs: 5_000 });
  const told = new Promise<unknown>((resolve) => troupe.on("failed", ({ error }) => resolve(error)));
  while (clock.step(4_999));
  assertEquals(tries, 1);
  while (clock.step(5_000));
  const { code, retryable } = await soon(told) as TroupeError;
  assertEquals([code, retryable], ["token_timeout", true]);
  await becomes(troupe, "open");
  assertEquals(tries, 2);
});

Deno.test("a client whose server throws it out for good does not come back", async () => {
  const limits = { maxThrottledMessages: 1, messagesPerSecond: 1, messageBurst: 2 };
  await using stage = new ClientStage(roomApp({ limits }));
  const troupe = stage.connect();
  const warned = new Promise<string>((resolve) => troupe.on("limit", ({ limit }) => resolve(limit)));
  const room = troupe.join(Room, { id: "7" });
  const sent = Array.from({ length: 20 }, () => room.send("typing").catch(() => {}));
  const { code } = await soon(troupe.closed);
  assertEquals([code, troupe.state, (await room.ended).kind], [1008, "closed", "disconnected"]);
  assertEquals(await warned, "messages");
  await soon(Promise.all(sent));
});

Deno.test("what is on its way is bounded, can be looked at, and can be given up", async () => {
  const clock = new VirtualClock();
  const troupe = connect("ws://127.0.0.1:1/socket", {
    maxQueued: 2,
    longPollFallbackMs: null,
    random: seededRandom(1),
  });
  const room = troupe.join(Room, { id: "7" });
  const first = room.send("say", { text: "a" });
  const second = room.send("say", { text: "b" });
  const full = await assertRejects(() => room.send("typing"), TroupeError, `"max":2`);
  assertEquals([full.code, full.retryable], ["queue_full", true]);
  const [{ id, topic, event, payload, status, attempts, at }, { id: secondId }] = [...troupe.queue];
  assertEquals({ topic, event, payload, status, attempts }, {
    topic: "room:7",
    event: "say",
    payload: { text: "a" },
    status: "waiting",
    attempts: 0,
  });
  assert(at > clock.now() - 1 && id !== secondId && id.length <= 64);
  assertEquals([troupe.queue.cancel(id), troupe.queue.cancel(id), troupe.queue.size], [true, false, 1]);
  assertEquals((await assertRejects(() => first, TroupeError)).code, "cancelled");
  const now = await assertRejects(() => room.send("typing", {}, { queue: false }), TroupeError);
  assertEquals([now.code, now.retryable], ["not_joined", true]);
  assertEquals(troupe.counters["queue.refused"], 1);
  const gone = assertRejects(() => second, TroupeError, "disconnected");
  await soon(troupe.close());
  await gone;
});

Deno.test("options that make no sense are refused at once", () => {
  for (
    const options of [
      { maxQueued: 0 },
      { token: () => "t", tokenTimeoutMs: 0 },
      { reconnect: { baseMs: 0 } },
      { reconnect: { maxMs: NaN } },
    ]
  ) {
    const error = assertThrows(() => connect("ws://127.0.0.1:1/socket", options), TroupeError);
    assertEquals(error.code, "invalid_option");
  }
});
