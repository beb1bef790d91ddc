import { assert, assertEquals, assertThrows } from "@std/assert";
import { longpoll } from "../../mod.ts";
import { TroupeError } from "../../src/base/errors.ts";
import type { Limits } from "../../src/app/options.ts";
import type { User } from "../../src/sessions/user.ts";
import { AppKit } from "../../src/testing/app_kit.ts";
import type { FakeConnection } from "../../src/testing/fake_transport.ts";

const SOCKET = "/socket/websocket?vsn=2.0.0";

function stage(limits: Limits): { kit: AppKit; heard: unknown[] } {
  const heard: unknown[] = [];
  const kit = new AppKit({ limits });
  kit.app.topic("room:*", { on: { say: (_ctx, payload) => void heard.push(payload) } })
    .component("/raw", { message: (_connection, data) => void heard.push(data) });
  return { kit, heard };
}

async function refusal(kit: AppKit, from: string | undefined, path = SOCKET): Promise<unknown[]> {
  const response = await kit.tryConnect(path, {}, from);
  assert(response instanceof Response, "it was let in");
  const { reason } = await response.json();
  return [response.status, reason, response.headers.get("retry-after")];
}

function say(client: FakeConnection, count: number, event = "say"): void {
  for (let i = 0; i < count; i++) client.send(`["1","${i}","room:1","${event}",${i}]`);
}

/** What has come: event, and limit or reason. */
function told(client: FakeConnection): string[] {
  return client.take().map((frame) => {
    const [, , topic, event, payload] = JSON.parse(frame as string);
    return event === "phx_reply"
      ? `${payload.status} ${payload.response.reason ?? ""} ${payload.response.limit ?? ""}`.trim()
      : `${topic} ${event} ${payload.limit}`;
  });
}

async function joined(kit: AppKit): Promise<FakeConnection> {
  const client = await kit.connect(SOCKET);
  client.send('["1","1","room:1","phx_join",{}]');
  await kit.settle();
  client.take();
  return client;
}

Deno.test("Limits: an address that asks for connections too often gets 429, and is let in later", async () => {
  await using kit = stage({ upgradesPerSecond: 1, upgradeBurst: 2 }).kit;
  for (let i = 0; i < 2; i++) await kit.connect(SOCKET, {}, "192.0.2.1");
  assertEquals(await refusal(kit, "192.0.2.1"), [429, "too_many_upgrades", "1"]);
  await kit.connect(SOCKET, {}, "192.0.2.2");
  await kit.advance(1_000);
  await kit.connect(SOCKET, {}, "192.0.2.1");
  assertEquals(kit.app.system.counters.get("upgrades.refused.too_many_upgrades"), 1);
});

Deno.test("Limits: connections of one address, of one user and in all; a place is free when one has ended", async () => {
  await using kit = new AppKit({
    authenticate: ({ params }) => ({ id: params.user }),
    limits: { maxConnectionsPerAddress: 2, maxConnectionsPerUser: 3, maxConnections: 5 },
  });
  const as = (user: string): string => `${SOCKET}&user=${user}`;
  const first = await kit.connect(as("a"), {}, "192.0.2.1");
  await kit.connect(as("b"), {}, "192.0.2.1");
  assertEquals(await refusal(kit, "192.0.2.1", as("c")), [429, "too_many_from_address", "10"]);
  await kit.connect(as("b"), {}, "192.0.2.2");
  await kit.connect(as("b"), {}, "192.0.2.3");
  assertEquals(await refusal(kit, "192.0.2.4", as("b")), [429, "too_many_of_user", "10"]);
  await kit.connect(as("c"), {}, "192.0.2.4");
  assertEquals(await refusal(kit, "192.0.2.5", as("d")), [503, "too_many_connections", "1"]);
  first.close();
  await kit.settle();
  await kit.connect(as("a"), {}, "192.0.2.1");
  const { counters } = kit.app.system;
  for (const reason of ["too_many_from_address", "too_many_of_user", "too_many_connections"]) {
    assertEquals(counters.get(`upgrades.refused.${reason}`), 1, reason);
  }
});

Deno.test("Limits: a handshake that is pending has its place at its address", async () => {
  const waiting: (() => void)[] = [];
  await using kit = new AppKit({
    authenticate: () => new Promise<User>((resolve) => waiting.push(() => resolve({ id: "u" }))),
    limits: { maxConnectionsPerAddress: 1 },
  });
  const pending = kit.tryConnect(SOCKET, {}, "192.0.2.1");
  await kit.settle();
  assertEquals(await refusal(kit, "192.0.2.1"), [429, "too_many_from_address", "10"]);
  waiting[0]();
  assert(!(await pending instanceof Response));
});

Deno.test("Limits: warned by a push, then refused with a reply, then closed with 1008", async () => {
  const { kit, heard } = stage({ messagesPerSecond: 1, messageBurst: 8, maxThrottledMessages: 2 });
  await using _ = kit;
  const client = await joined(kit);
  say(client, 7);
  await kit.settle();
  assertEquals(told(client), ["troupe troupe:limit messages"]);
  assertEquals(heard.length, 7);
  client.send('["1","9","room:1","say",9]');
  await kit.settle();
  assertEquals(client.take(), [
    '["1","9","room:1","phx_reply",{"response":{"reason":"rate_limited","limit":"messages","retryAfterMs":1000},"status":"error"}]',
  ]);
  client.send('["1",null,"room:1","say",9]');
  await kit.settle();
  assertEquals([client.take(), client.closed], [[], null], "who wants no reply gets none");
  say(client, 1);
  assertEquals(client.closed, { code: 1008, reason: "too many messages" });
  assertEquals(heard.length, 7);
  const { counters } = kit.app.system;
  const counted = ["warned", "throttled", "closed"].map((each) => counters.get(`limits.messages.${each}`));
  assertEquals(counted, [1, 2, 1]);
});

Deno.test("Limits: heartbeats and leaves go on while everything else is refused", async () => {
  const { kit } = stage({ messagesPerSecond: 1, messageBurst: 2 });
  await using _ = kit;
  const client = await joined(kit);
  say(client, 2);
  client.send('[null,"7","phoenix","heartbeat",{}]');
  client.send('["1","8","room:1","phx_leave",{}]');
  await kit.settle();
  assertEquals(told(client), [
    "troupe troupe:limit messages",
    "error rate_limited messages",
    "ok",
    "ok",
    "room:1 phx_close undefined",
  ]);
});

Deno.test("Limits: a batch of a 2.1.0 client is charged message by message", async () => {
  const { kit, heard } = stage({ messagesPerSecond: 1, messageBurst: 3 });
  await using _ = kit;
  const client = await kit.connect("/socket/websocket?vsn=2.1.0");
  const batch = ["a", "b", "c"].map((payload, i) => ["1", `${i}`, "room:1", "say", payload]);
  client.send(JSON.stringify([["1", "9", "room:1", "phx_join", {}], ...batch]));
  await kit.settle();
  assertEquals(heard, ["a", "b"]);
  assertEquals(kit.app.system.counters.get("limits.messages.throttled"), 1);
});

Deno.test("Limits: endless joins are refused, and reach no handler", async () => {
  let joins = 0;
  await using kit = new AppKit({ limits: { joinsPerSecond: 1, joinBurst: 4 } });
  kit.app.topic("room:*", { join: () => void joins++, on: {} });
  const client = await kit.connect(SOCKET);
  for (let i = 0; i < 6; i++) client.send(`["${i}","${i}","room:1","phx_join",{}]`);
  await kit.settle();
  assertEquals(joins, 4);
  assertEquals(
    told(client).filter((each) => each.startsWith("error")),
    Array(2).fill("error rate_limited joins"),
  );
});

Deno.test("Limits: bytes are charged as they come, whatever is in them", async () => {
  const { kit, heard } = stage({ bytesPerSecond: 10, byteBurst: 1_000 });
  await using _ = kit;
  const client = await joined(kit);
  const long = "x".repeat(450);
  for (let i = 0; i < 3; i++) client.send(`["1","${i}","room:1","say","${long}"]`);
  await kit.settle();
  assertEquals(told(client), ["troupe troupe:limit bytes", "error rate_limited bytes"]);
  assertEquals(heard.length, 2);
});

Deno.test("Limits: raw data over a limit is dropped, then the connection is closed with 1008", async () => {
  const { kit, heard } = stage({ messagesPerSecond: 1, messageBurst: 3, maxThrottledMessages: 2 });
  await using _ = kit;
  const client = await kit.connect("/raw");
  for (let i = 0; i < 5; i++) client.send(`${i}`);
  await kit.settle();
  assertEquals([heard, client.take(), client.closed], [["0", "1", "2"], [], null]);
  client.send("5");
  assertEquals(client.closed, { code: 1008, reason: "too many messages" });
  assertEquals(kit.app.system.counters.get("limits.messages.throttled"), 2);
});

Deno.test("Limits: a flood of one client takes nothing from another", async () => {
  const { kit, heard } = stage({ messagesPerSecond: 1, messageBurst: 5, maxThrottledMessages: 10 });
  await using _ = kit;
  const [flood, calm] = [await joined(kit), await joined(kit)];
  say(flood, 500);
  calm.send('["1","1","room:1","say","calm"]');
  await kit.settle();
  assertEquals([flood.closed?.code, heard.at(-1)], [1008, "calm"]);
  assertEquals(told(calm), []);
});

Deno.test("app.limits.set holds for connections that are open", async () => {
  const { kit, heard } = stage({});
  await using _ = kit;
  const client = await joined(kit);
  kit.app.limits.set({ messageBurst: 2, messagesPerSecond: 1, maxMessageBytes: 100, maxChannels: 1 });
  say(client, 4);
  await kit.settle();
  assert(heard.length <= 2, `${heard.length} came through`);
  kit.app.limits.set({ messageBurst: 1_000 });
  client.send('["2","2","room:2","phx_join",{}]');
  await kit.settle();
  assertEquals(told(client).at(-1), "error too many channels joined");
  client.send("x".repeat(101));
  assertEquals(client.closed?.code, 1009);
  const { messageBurst, maxChannels, maxMessageBytes } = kit.app.limits.current;
  assertEquals([messageBurst, maxChannels, maxMessageBytes], [1_000, 1, 100]);
});

Deno.test("app.limits.set holds for handshakes: upgrades, connections, time to authenticate", async () => {
  await using kit = new AppKit({ authenticate: () => new Promise<never>(() => {}) });
  kit.app.limits.set({ authenticateTimeoutMs: 50 });
  kit.app.limits.set({ upgradeBurst: 1, upgradesPerSecond: 1, maxConnections: 1 });
  const pending = kit.tryConnect(SOCKET, {}, "192.0.2.1");
  await kit.settle();
  assertEquals((await refusal(kit, "192.0.2.1"))[1], "too_many_upgrades");
  assertEquals((await refusal(kit, "192.0.2.2"))[1], "too_many_connections");
  await kit.advance(50);
  assertEquals(await (await pending as Response).json(), { reason: "authenticate_timeout" });
});

Deno.test("app.limits.set leaves what a mount says by itself", async () => {
  const { kit } = stage({});
  await using _ = kit;
  kit.app.socket("/strict", { limits: { maxChannels: 1 } });
  kit.app.limits.set({ maxChannels: 3 });
  const client = await kit.connect("/strict/websocket?vsn=2.0.0");
  for (const i of [1, 2]) client.send(`["${i}","${i}","room:${i}","phx_join",{}]`);
  await kit.settle();
  assertEquals(told(client), ["ok", "error too many channels joined"]);
});

Deno.test("app.limits.set refuses what it cannot change, and then changes nothing", () => {
  const { app } = new AppKit();
  const before = app.limits.current;
  const faults: [object, string][] = [
    [{ maxChannels: 5, outboxBytes: 1 }, "outboxBytes"],
    [{ maxChannels: 5, maxChanels: 1 }, "maxChanels"],
    [{ maxChannels: 0 }, "maxChannels"],
    [{ messagesPerSecond: "many" }, "messagesPerSecond"],
  ];
  for (const [changes, name] of faults) {
    const error = assertThrows(() => app.limits.set(changes), TroupeError, name);
    assertEquals(error.code, "invalid_options");
    assertEquals(app.limits.current, before);
  }
});

Deno.test("Limits: every one of them is finite by default", () => {
  const { current } = new AppKit().app.limits;
  assertEquals(Object.values(current).filter((value) => !Number.isFinite(value)), []);
});

Deno.test("Limits: whoever is over a limit is refused before its cookies are looked at, and takes no place in the row", async () => {
  await using kit = new AppKit({
    origin: "any",
    authenticate: () => ({ id: "ada" }),
    limits: { upgradesPerSecond: 1, upgradeBurst: 1, handshakesPerTurn: 1, maxWaitingHandshakes: 2 },
  });
  kit.app.socket("/lp", { transports: [longpoll()] });
  const statusFor = async (hostname: string): Promise<number> => {
    const request = new Request("http://app.example/lp/longpoll?vsn=2.0.0", { headers: { cookie: "a=b" } });
    const remoteAddr: Deno.NetAddr = { transport: "tcp", hostname, port: 0 };
    return (await (await kit.app.fetch(request, { remoteAddr })).json()).status;
  };
  const flood = [1, 2, 3, 4, 5].map(() => statusFor("192.0.2.1"));
  const others = ["192.0.2.2", "192.0.2.3"].map(statusFor); // there is room for two in the row
  await kit.settle();
  assertEquals(await Promise.all([...flood, ...others]), [410, 403, 403, 403, 403, 410, 410]); // 410: a session
  const { counters } = kit.app.system;
  assertEquals([
    counters.get("upgrades.refused.too_many_upgrades"),
    counters.get("handshakes.waited"),
    counters.get("upgrades.refused.too_many_handshakes"),
  ], [4, 2, 0]);
  assertEquals(counters.get("cookies.withheld"), 3);
});
