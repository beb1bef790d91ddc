import { assertEquals, assertThrows } from "@std/assert";
import { App, type LeaveReason, TroupeError } from "../../mod.ts";
import { AppKit, type AppKitOptions, type FakeConnection } from "../../src/testing/mod.ts";
import { join, next, PhoenixStage } from "./phoenix_client.ts";

/** A kit with one topic, whose leaves are kept, and whose users are named by a parameter. */
function kitWithRoom(
  options: AppKitOptions = {},
): { kit: AppKit; left: [user: string, reason: LeaveReason][] } {
  const left: [string, LeaveReason][] = [];
  const kit = new AppKit({ authenticate: ({ params }) => ({ id: params.user }), ...options });
  kit.app.topic("room:{id}", {
    on: {
      say: (ctx, payload) => ctx.broadcast("said", payload),
      wait: (ctx) => new Promise((resolve) => ctx.signal.addEventListener("abort", resolve)),
    },
    leave: (ctx, reason) => void left.push([ctx.user.id, reason]),
  });
  return { kit, left };
}

/** Connects, and joins the topics; what was answered is taken. */
async function member(kit: AppKit, user: string, ...topics: readonly string[]): Promise<FakeConnection> {
  const client = await kit.connect(`/socket/websocket?vsn=2.0.0&user=${user}`);
  for (const topic of topics) client.send(JSON.stringify(["j", "j", topic, "phx_join", {}]));
  await kit.settle();
  client.take();
  return client;
}

const messages = (client: FakeConnection): unknown[] =>
  client.take().map((data) => JSON.parse(data as string));
const kicked = (topic: string, reason: string): unknown[] => [
  ["j", null, topic, "troupe:kicked", { reason }],
  ["j", "j", topic, "phx_close", {}],
];

Deno.test("app.topics lists what lives, with the number of members", async () => {
  const { kit } = kitWithRoom();
  await using _kit = kit;
  const { topics } = kit.app;
  assertEquals([topics.size, [...topics], topics.get("room:1")], [0, [], undefined]);
  const ada = await member(kit, "ada", "room:1", "room:2");
  await member(kit, "bob", "room:1");
  assertEquals([...topics].map(({ name, memberCount }) => [name, memberCount]), [["room:1", 2], [
    "room:2",
    1,
  ]]);
  ada.close();
  await kit.settle();
  assertEquals(topics.get("room:2"), { name: "room:2", memberCount: 0, presentCount: 0 });
  await kit.advance(10_000);
  assertEquals([topics.size, topics.get("room:2")], [1, undefined]);
});

Deno.test("app.topics tells who is in a topic: connection, user, since when, and what waits for them", async () => {
  const { kit } = kitWithRoom();
  await using _kit = kit;
  const { topics, connections } = kit.app;
  const startMs = kit.clock.now();
  await member(kit, "ada", "room:1");
  await kit.advance(5_000);
  const bob = await member(kit, "bob", "room:1", "room:2");
  bob.socket.bufferedBytes = 1_000_000;
  kit.app.broadcast("room:2", "said", {});
  await kit.settle();
  const [[adasId], [bobsId]] = ["ada", "bob"].map((user) => connections.ofUser(user).map(({ id }) => id));
  assertEquals(topics.members("room:1"), [
    { connectionId: adasId, userId: "ada", joinedAtMs: startMs, isAway: false, backlog: 0 },
    { connectionId: bobsId, userId: "bob", joinedAtMs: startMs + 5_000, isAway: false, backlog: 1 },
  ]);
  assertEquals(topics.members("room:9"), []);
});

Deno.test("kick tells the user's clients why, closes their channels, and leaves everything else as it is", async () => {
  const { kit, left } = kitWithRoom();
  await using _kit = kit;
  const phone = await member(kit, "ada", "room:1", "room:2");
  const tablet = await member(kit, "ada", "room:1");
  const bob = await member(kit, "bob", "room:1");
  assertEquals(kit.app.topics.kick({ user: "ada" }, "room:1", "spam"), 2);
  await kit.settle();
  assertEquals([messages(phone), messages(tablet)], [kicked("room:1", "spam"), kicked("room:1", "spam")]);
  assertEquals([phone.closed, messages(bob)], [null, []]);
  assertEquals(left, [["ada", { kind: "kicked", reason: "spam" }], ["ada", {
    kind: "kicked",
    reason: "spam",
  }]]);
  assertEquals(kit.app.topics.members("room:1").map(({ userId }) => userId), ["bob"]);
  assertEquals(kit.app.topics.members("room:2").map(({ userId }) => userId), ["ada"]);
  assertEquals(kit.app.system.counters.get("channels.kicked"), 2);
  phone.send('["k","k","room:1","phx_join",{}]'); // it may come back, unless the join handler says no
  await kit.settle();
  assertEquals(messages(phone), [["k", "k", "room:1", "phx_reply", { response: {}, status: "ok" }]]);
});

Deno.test("kick by connection means that one alone; who is not there is not kicked", async () => {
  const { kit } = kitWithRoom();
  await using _kit = kit;
  const [phone, tablet] = [await member(kit, "ada", "room:1"), await member(kit, "ada", "room:1")];
  const [{ id }] = kit.app.connections.ofUser("ada");
  assertEquals(kit.app.topics.kick({ connection: id }, "room:1"), 1);
  await kit.settle();
  assertEquals([messages(phone), messages(tablet)], [kicked("room:1", "kicked"), []]);
  assertEquals(kit.app.topics.kick({ connection: id }, "room:1"), 0);
  assertEquals(kit.app.topics.kick({ user: "ada" }, "room:9"), 0);
  assertEquals(messages(phone), []);
});

Deno.test("kick goes behind what was published before, in the same turn", async () => {
  const { kit } = kitWithRoom();
  await using _kit = kit;
  const ada = await member(kit, "ada", "room:1");
  kit.app.broadcast("room:1", "said", { text: "goodbye" });
  ada.send('["j","1","room:1","say",{"text":"wait"}]');
  kit.app.topics.kick({ user: "ada" }, "room:1", "spam");
  await kit.settle();
  assertEquals(messages(ada), [
    [null, null, "room:1", "said", { text: "goodbye" }],
    [null, null, "room:1", "said", { text: "wait" }],
    ...kicked("room:1", "spam"),
  ]);
});

Deno.test("kick does not wait for a handler that is pending: its signal fires", async () => {
  const { kit, left } = kitWithRoom();
  await using _kit = kit;
  const ada = await member(kit, "ada", "room:1");
  ada.send('["j","1","room:1","wait",{}]');
  await kit.settle();
  kit.app.topics.kick({ user: "ada" }, "room:1", "spam");
  await kit.settle();
  assertEquals([messages(ada), left.length], [kicked("room:1", "spam"), 1]);
});

Deno.test("close kicks everybody and ends the topic; the next join starts another", async () => {
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const { kit } = kitWithRoom({ seed, shuffle: true });
    await using _kit = kit;
    const [ada, bob] = [await member(kit, "ada", "room:1"), await member(kit, "bob", "room:1", "room:2")];
    kit.app.broadcast("room:1", "said", { text: "last orders" });
    assertEquals(kit.app.topics.close("room:1", "closing time"), 2);
    await kit.settle();
    const told = [
      [null, null, "room:1", "said", { text: "last orders" }],
      ...kicked("room:1", "closing time"),
    ];
    assertEquals([messages(ada), messages(bob)], [told, told]);
    assertEquals(kit.app.topics.get("room:1"), undefined);
    assertEquals(kit.app.topics.get("room:2")?.memberCount, 1);
    ada.send('["k","k","room:1","phx_join",{}]');
    ada.send('["k","1","room:1","say",{"text":"again"}]');
    await kit.settle();
    assertEquals(messages(ada).map((message) => (message as unknown[])[3]), ["phx_reply", "said"]);
    assertEquals(kit.app.topics.get("room:1")?.memberCount, 1);
    assertEquals(kit.app.system.counters.get("topics.closed"), 1);
    assertEquals(kit.app.topics.close("room:9"), 0);
  }
});

Deno.test("close fails a join that is pending, and its client tries again", async () => {
  const kit = new AppKit();
  await using _kit = kit;
  const gate = Promise.withResolvers<void>();
  kit.app.topic("room:{id}", { join: () => gate.promise });
  const client = await kit.connect("/socket/websocket?vsn=2.0.0");
  client.send('["1","1","room:1","phx_join",{}]');
  await kit.settle();
  assertEquals(kit.app.topics.close("room:1"), 0);
  await kit.settle();
  assertEquals(messages(client), [["1", "1", "room:1", "phx_error", { reason: "channel_crash" }]]);
  gate.resolve();
  client.send('["2","2","room:1","phx_join",{}]');
  await kit.settle();
  assertEquals(messages(client), [["2", "2", "room:1", "phx_reply", { response: {}, status: "ok" }]]);
});

Deno.test("close of a topic without members ends it before its idle time", async () => {
  const { kit } = kitWithRoom();
  await using _kit = kit;
  (await member(kit, "ada", "room:1")).close();
  await kit.settle();
  const timers = kit.clock.pending;
  assertEquals(kit.app.topics.close("room:1"), 0);
  await kit.settle();
  assertEquals([kit.app.topics.size, kit.clock.pending], [0, timers - 1]);
});

Deno.test("kick ends the membership of a client that is away, too; it is not there when it comes back", async () => {
  const { kit, left } = kitWithRoom({ limits: { graceMs: 60_000 } });
  await using _kit = kit;
  (await member(kit, "ada", "room:1", "room:2")).close(1006);
  await kit.settle();
  assertEquals(kit.app.topics.members("room:1").map(({ userId, isAway }) => [userId, isAway]), [[
    "ada",
    true,
  ]]);
  assertEquals(kit.app.topics.kick({ user: "ada" }, "room:1", "spam"), 1);
  await kit.settle();
  assertEquals(left, [["ada", { kind: "kicked", reason: "spam" }]]);
  assertEquals([...kit.app.topics].map(({ memberCount }) => memberCount), [0, 1]);
  assertEquals(kit.app.topics.close("room:2"), 1);
  await kit.settle();
  assertEquals(left.length, 2);
});

Deno.test("kick says what it takes", async () => {
  await using kit = new AppKit();
  for (const who of ["all", null, {}, { topic: "x" }, { user: 7 }, { user: "a", connection: "b" }]) {
    const error = assertThrows(() => kit.app.topics.kick(who as { user: string }, "room:1"), TroupeError);
    assertEquals(error.code, "bad_target");
  }
});

Deno.test("phoenix 1.8.16 that is kicked hears why, closes its channel, and does not come back by itself", async () => {
  let joins = 0;
  const app: App = new App({ authenticate: ({ params }) => ({ id: params.user }) });
  app.topic("room:{id}", { join: () => void joins++, on: { echo: (_ctx, payload) => payload } });
  await using stage = new PhoenixStage(app);
  const socket = await stage.connected({ params: { user: "ada" } });
  const [channel, other] = [socket.channel("room:1"), socket.channel("room:2")];
  await join(channel);
  await join(other);
  const closed = new Promise<void>((resolve) => channel.onClose(() => resolve()));
  const told = next(channel, "troupe:kicked");
  assertEquals(stage.app.topics.kick({ user: "ada" }, "room:1", "spam"), 1);
  assertEquals(await told, { reason: "spam" });
  await closed;
  assertEquals([channel.state, other.state, socket.isConnected(), joins], ["closed", "joined", true, 2]);
  // A rejoin would have gone out before this push, whose answer is the last thing to come.
  assertEquals(await new Promise((resolve) => other.push("echo", { n: 1 }).receive("ok", resolve)), { n: 1 });
  assertEquals(joins, 2);
});

Deno.test("app.topics tells who is present, key by key, and how many keys there are", async () => {
  await using kit = new AppKit({ authenticate: ({ params }) => ({ id: params.user }) });
  kit.app.topic("room:{id}", {
    presence: {},
    join: (ctx) => ctx.presence.track(ctx.user.id, { in: ctx.params.id }),
  });
  for (const user of ["ada", "bob", "ada"]) {
    const client = await kit.connect(`/socket/websocket?vsn=2.0.0&user=${user}`);
    client.send('["1","1","room:1","phx_join",{}]');
  }
  await kit.settle();
  const present = kit.app.topics.presence("room:1");
  assertEquals(present.map(({ key, metas }) => [key, metas.map((meta) => meta.in)]), [["ada", ["1", "1"]], [
    "bob",
    ["1"],
  ]]);
  assertEquals(new Set(present.flatMap(({ metas }) => metas.map(({ phx_ref }) => phx_ref))).size, 3);
  assertEquals(kit.app.topics.get("room:1")?.presentCount, 2);
  assertEquals(kit.app.topics.presence("room:2"), []);
  kit.app.topics.close("room:1");
  await kit.settle();
  assertEquals(kit.app.topics.presence("room:1"), []);
});
