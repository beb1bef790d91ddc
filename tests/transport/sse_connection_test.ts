import { assert, assertEquals } from "@std/assert";
import { sse } from "../../mod.ts";
import type { Codec } from "../../src/protocol/codec.ts";
import { SseStage, StreamClient } from "./sse_stage.ts";

function stage(...args: ConstructorParameters<typeof SseStage>): SseStage {
  const made = new SseStage(...args);
  made.app.topic("room:*", {
    on: {
      silent() {},
      say: (ctx, payload) => ctx.broadcast("said", payload),
    },
  });
  return made;
}

Deno.test("A publication is encoded once for all streams, and a turn of them is one piece", async () => {
  const events: string[] = [];
  const transport = sse();
  const base = transport.codec!;
  const codec: Codec = {
    ...base,
    publication(topic, event, payload, position) {
      events.push(event);
      return base.publication(topic, event, payload, position);
    },
  };
  await using kit = stage({ transports: [{ ...transport, codec }] });
  const readers = [];
  for (let i = 0; i < 5; i++) {
    const response = await kit.request("?topic=room:1");
    const reader = response.body!.getReader();
    await reader.read();
    readers.push(reader);
  }
  kit.app.broadcast("room:1", "one", {});
  kit.app.broadcast("room:1", "two", {});
  await kit.time.settle();
  const pieces = [];
  for (const reader of readers) pieces.push((await reader.read()).value!);
  assertEquals(new TextDecoder().decode(pieces[0]), "event: one\ndata: {}\n\nevent: two\ndata: {}\n\n");
  for (const piece of pieces) assert(piece === pieces[0], "the same bytes for all");
  assertEquals(events, ["one", "two"]);
  for (const reader of readers) await reader.cancel();
});

Deno.test("A client that goes ends its connection, and leaves its topic; nothing is left behind", async () => {
  await using kit = stage();
  const clients = [await kit.open("room:1"), await kit.open("room:1")];
  assertEquals(kit.app.connections.size, 2);
  await clients[0].cancel();
  await kit.time.settle();
  assertEquals(kit.app.connections.inTopic("room:1").length, 1);
  await clients[1].cancel();
  await kit.time.settle();
  assertEquals(kit.app.connections.size, 0);
  await kit.time.advance(20_000); // the topic idles out
  assertEquals(kit.time.clock.pending, 0);
  assertEquals([kit.count("connections.opened"), kit.count("connections.closed")], [2, 2]);
});

Deno.test("disconnect ends the stream at once, and whoever waits for a reply is told", async () => {
  await using kit = stage();
  const client = await kit.open("room:1");
  client.take();
  const waiting = kit.say(client.token, "silent");
  await kit.time.settle();
  kit.app.broadcast("room:1", "said", { last: "words" });
  assertEquals(kit.app.disconnect("all", "maintenance"), 1);
  await kit.time.settle();
  assertEquals(client.take(), [
    { event: "said", data: { last: "words" } },
    { event: "troupe:close", data: { code: 1001, reason: "maintenance" } },
  ]);
  assert(client.ended);
  assertEquals(await waiting, [410, { reason: "connection_closed", code: 1001, message: "maintenance" }]);
  assertEquals((await kit.say(client.token, "silent"))[0], 410);
});

Deno.test("What ends an authorization ends the stream: revocation at once, expiry at its time, unless it is refreshed", async () => {
  await using kit: SseStage = new SseStage({
    authenticate: ({ token }) => ({
      user: { id: token!.slice(0, 3) },
      expiresAt: kit.time.clock.now() + Number(token!.slice(4)) * 1_000,
    }),
  });
  kit.app.topic("room:*", { on: {} });
  const ada = await kit.open("room:1", "&token=ada-3600");
  const bob = await kit.open("room:1", "&token=bob-3600");
  const eve = await kit.open("room:1", "&token=eve-3600");
  for (const client of [ada, bob, eve]) client.take();
  assertEquals(kit.app.revoke({ user: "eve" }), 1);
  await kit.time.settle();
  assertEquals(eve.take(), [{ event: "troupe:close", data: { code: 4401, reason: "revoked" } }]);
  const refresh = { topic: "troupe", event: "troupe:refresh", payload: { token: "ada-7200" } };
  const refreshed = await kit.post(ada.token, refresh);
  assertEquals([refreshed.status, (await refreshed.json()).status], [200, "ok"]);
  await kit.time.advance(3_700_000);
  assertEquals([ada.ended, bob.ended, eve.ended], [false, true, true]);
  const told = bob.take().filter(({ event }) => event !== undefined);
  assertEquals(told.map(({ event }) => event), ["troupe:expiring", "troupe:close"]);
  assertEquals(told[1].data, { code: 4401, reason: "expired" });
  assertEquals((await kit.say(bob.token, "anything"))[0], 410);
});

Deno.test("A drain tells each client when to come back, in a way that EventSource keeps to by itself", async () => {
  const kit = stage();
  const client = await kit.open("room:1");
  client.take();
  await kit.time.passUntil(kit.app.drain({ overMs: 5_000 }));
  const [going, closed] = client.take();
  const { reconnectAfterMs } = going.data as { reconnectAfterMs: number };
  assertEquals([going.event, going.retry], ["troupe:going-away", Math.round(reconnectAfterMs)]);
  assertEquals(closed.data, { code: 1012, reason: (closed.data as { reason: string }).reason });
  assert(client.ended);
  await kit.time.passUntil(kit.app.close());
});

Deno.test("A shutdown ends all streams at once, with a code after which clients come back", async () => {
  const kit = stage();
  const clients = [await kit.open("room:1"), await kit.open("room:2")];
  for (const client of clients) client.take();
  const waiting = kit.say(clients[0].token, "silent");
  await kit.time.settle();
  const atMs = kit.time.clock.elapsedMs();
  await kit.time.passUntil(kit.app.close());
  for (const client of clients) {
    assertEquals(client.take(), [
      { event: "troupe:close", data: { code: 1012, reason: "the server restarts" } },
    ]);
    assert(client.ended);
  }
  assertEquals((await waiting)[0], 503);
  assertEquals(kit.time.clock.elapsedMs(), atMs);
  assertEquals((await kit.request("?topic=room:1")).status, 503);
});

Deno.test("A client that does not read is kept up to the outbox's bound, then let go of, and costs nothing more", async () => {
  await using kit = stage({ limits: { outboxBytes: 20_000, transportBytes: 5_000 } }, { lingerMs: 3_000 });
  const response = await kit.request("?topic=room:1"); // nobody reads its body
  const reader = await kit.open("room:1");
  reader.take();
  const payload = "x".repeat(1_000);
  let published = 0;
  for (; published < 100 && kit.count("connections.slow") === 0; published++) {
    kit.app.broadcast("room:1", "said", payload);
    await kit.time.settle();
  }
  assert(published > 20 && published < 30, `closed after ${published}`);
  assertEquals(reader.takeNames().length, published);
  assertEquals(kit.app.connections.size, 1);
  await kit.time.advance(2_999);
  assertEquals(kit.count("connections.abandoned"), 0);
  await kit.time.advance(1);
  assertEquals(kit.count("connections.abandoned"), 1);
  const rest = await response.text();
  assertEquals(rest, "", "what waited is dropped");
});

Deno.test("A client that reads again in time gets all of it, the close as well", async () => {
  await using kit = stage({ limits: { outboxBytes: 20_000, transportBytes: 5_000 } });
  const response = await kit.request("?topic=room:1");
  for (let i = 0; i < 15; i++) {
    kit.app.broadcast("room:1", "said", { i, more: "x".repeat(1_000) });
    await kit.time.settle();
  }
  const client = new StreamClient(response);
  await kit.time.advance(100);
  assertEquals(client.takeNames().length, 16);
  kit.app.disconnect("all");
  await kit.time.settle();
  assertEquals(client.takeNames(), ["troupe:close"]);
  assertEquals(kit.count("connections.abandoned"), 0);
});

Deno.test("A quiet topic's client that reads nothing is let go of, too", async () => {
  await using kit = stage({}, { keepAliveMs: 10_000, stalledMs: 40_000, lingerMs: 1_000 });
  await kit.request("?topic=room:1"); // nobody reads its body
  await kit.time.advance(39_000);
  assertEquals(kit.app.connections.size, 1);
  await kit.time.advance(12_000);
  assertEquals([kit.app.connections.size, kit.count("sse.stalled")], [0, 1]);
  await kit.time.advance(20_000);
  assertEquals(kit.time.clock.pending, 0);
});

Deno.test("A comment keeps the stream alive", async () => {
  await using kit = stage({}, { keepAliveMs: 10_000 });
  const client = await kit.open("room:1");
  client.take();
  await kit.time.advance(30_000);
  assertEquals(client.take(), Array.from({ length: 3 }, () => ({ comment: " keep-alive" })));
});

Deno.test("A client that goes while its join is pending leaves nothing behind", async () => {
  await using kit = new SseStage({}, { joinTimeoutMs: 1_000 });
  const gate = Promise.withResolvers<void>();
  kit.app.topic("slow", { join: () => gate.promise, on: {} });
  const request = kit.request("?topic=slow");
  await kit.time.advance(1_000);
  await (await request).body!.cancel();
  await kit.time.settle();
  assertEquals(kit.app.connections.size, 0);
  gate.resolve();
  await kit.time.advance(20_000);
  assertEquals(kit.time.clock.pending, 0);
});

Deno.test("A server that ends while a join is pending answers with a status", async () => {
  const kit = new SseStage();
  kit.app.topic("slow", { join: () => new Promise<void>(() => {}), on: {} });
  const request = kit.request("?topic=slow");
  await kit.time.settle();
  await kit.time.passUntil(kit.app.close());
  const response = await request;
  assertEquals([response.status, response.headers.get("retry-after")], [503, "1"]);
  assertEquals((await response.json()).code, 1012);
});
