import { assertEquals, assertRejects } from "@std/assert";
import { z } from "zod";
import { App, bytes, defineTopic } from "../../../mod.ts";
import { type Channel, TroupeError } from "../../../src/client/mod.ts";
import { TabHub } from "../../../src/client/tabs/tab_hub.ts";
import type { UpstreamSocket } from "../../../src/client/tabs/upstream.ts";
import { VirtualClock } from "../../../src/testing/mod.ts";
import { Room, roomApp } from "../room.ts";
import { becomes, soon } from "../stage.ts";
import { pair, TabStage } from "./tab_stage.ts";

const Feed = defineTopic("feed", {
  client: { post: { payload: z.object({ n: z.number() }) } },
  server: { posted: z.object({ n: z.number() }) },
});

function feedApp(graceMs = 0): App {
  const app = new App({ authenticate: () => ({ id: "ada" }), limits: { graceMs } });
  return app.topic(Feed, {
    history: { size: 1_000, ttlMs: 60_000 },
    on: { post: (ctx, { n }) => ctx.broadcast("posted", { n }) },
  });
}

function collect(feed: Channel<typeof Feed>): number[] {
  const heard: number[] = [];
  feed.on("posted", ({ n }) => heard.push(n));
  return heard;
}

/** Resolves when it holds, looked at in each turn. */
async function until(condition: () => boolean): Promise<void> {
  await soon((async () => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve));
  })());
}

Deno.test("tabs share one connection, and each has its own answers; what is published comes to all who joined", async () => {
  await using stage = new TabStage(roomApp());
  const [a, b] = [stage.tab(), stage.tab()];
  const roomA = a.join(Room, { id: "1" }, { nickname: "Ada" });
  assertEquals(await soon(roomA.joined), { motd: "hello Ada" });
  const roomB = b.join(Room, { id: "1" }, { nickname: "Bob" });
  assertEquals(await soon(roomB.joined), { motd: "hello Bob" });
  const other = b.join(Room, { id: "2" });
  await soon(other.joined);
  const [heardA, heardB, heardOther] = [roomA, roomB, other].map((room) => {
    const heard: string[] = [];
    room.on("said", ({ text }) => heard.push(text));
    return heard;
  });
  const answers = await soon(
    Promise.all([
      roomA.send("say", { text: "a" }),
      roomB.send("say", { text: "b" }),
      other.send("say", { text: "c" }),
    ]),
  );
  assertEquals(answers.map(({ id }) => id), ["1", "2", "3"]);
  await until(() => heardA.length === 2 && heardB.length === 2);
  assertEquals([heardA, heardB, heardOther], [["a", "b"], ["a", "b"], ["c"]]);
  const drawn = [roomA, roomB].map((room) => room.next("drawn"));
  await soon(roomB.send("draw", new Uint8Array([1, 2])));
  for (const bytes of await soon(Promise.all(drawn))) assertEquals(bytes, new Uint8Array([1, 2]));
  assertEquals([stage.app.connections.size, stage.hub.size, stage.sockets.length], [1, 2, 1]);
});

Deno.test("a topic is left at the server when its last tab leaves it, or goes without a word", async () => {
  await using stage = new TabStage(roomApp());
  const [a, b, c] = [stage.tab(), stage.tab(), stage.tab()];
  const [roomA, roomB] = [a, b].map((tab) => tab.join(Room, { id: "1" }));
  await soon(Promise.all([roomA.joined, roomB.joined]));
  await soon(c.join(Room, { id: "2" }).joined);
  await soon(roomA.leave());
  await soon(roomB.send("say", { text: "still here" }));
  assertEquals(stage.app.topics.members("room:1").length, 1);
  stage.lost.get("2")?.();
  await until(() => stage.app.topics.members("room:1").length === 0);
  assertEquals([stage.app.topics.members("room:2").length, stage.hub.size], [1, 2]);
});

Deno.test("with the last tab the connection goes", async () => {
  await using stage = new TabStage(roomApp());
  const [a, b] = [stage.tab(), stage.tab()];
  await becomes(a, "open");
  await becomes(b, "open");
  await soon(a.close());
  assertEquals(stage.app.connections.size, 1);
  await soon(b.close());
  await until(() => stage.app.connections.size === 0);
  const again = stage.tab();
  await becomes(again, "open");
  assertEquals(stage.sockets.length, 2);
});

Deno.test("a tab that is refused costs the others a rejoin, and nothing else", async () => {
  await using stage = new TabStage(roomApp());
  const [a, b] = [stage.tab(), stage.tab()];
  const room = a.join(Room, { id: "1" }, { nickname: "Ada" });
  await soon(room.joined);
  const back = room.next("troupe:joined");
  const refused = b.join(Room, { id: "1" }, { nickname: "Eve" });
  await soon(assertRejects(() => refused.joined, TroupeError, "not_you"));
  await soon(back);
  const said = room.next("said");
  await soon(room.send("say", { text: "hi" }));
  assertEquals(await said, { by: "Ada", text: "hi" });
});

Deno.test("what the server says to the channel comes to all of its tabs; what it asks, to the one that joined last", async () => {
  await using stage = new TabStage(roomApp({ authenticate: () => ({ id: "ada" }) }));
  const [a, b] = [stage.tab(), stage.tab()];
  const [roomA, roomB] = [a, b].map((tab) => tab.join(Room, { id: "1" }));
  await soon(roomA.joined);
  await soon(roomB.joined);
  const asked: string[] = [];
  roomA.answer("poll", () => (asked.push("a"), { yes: true }));
  const off = roomB.answer("poll", () => (asked.push("b"), { yes: false }));
  assertEquals((await soon(roomA.send("ask", { question: "?" }))).answer, { yes: false });
  off();
  await soon(roomB.leave());
  assertEquals((await soon(roomA.send("ask", { question: "?" }))).answer, { yes: true });
  assertEquals(asked, ["b", "a"]);
  const again = b.join(Room, { id: "1" });
  await soon(again.joined);
  stage.app.topics.kick({ user: "ada" }, "room:1", "spam");
  for (const room of [roomA, again]) assertEquals(await soon(room.ended), { kind: "kicked", reason: "spam" });
});

Deno.test("a crash of the channel is a crash for all of its tabs, and all come back", async () => {
  await using stage = new TabStage(roomApp());
  const rooms = [stage.tab(), stage.tab()].map((tab) => tab.join(Room, { id: "1" }));
  for (const room of rooms) await soon(room.joined);
  const back = rooms.map((room) => room.next("troupe:joined"));
  await soon(assertRejects(() => rooms[0].send("crash"), TroupeError));
  await soon(Promise.all(back));
  for (const room of rooms) await soon(room.send("say", { text: "back" }));
});

for (const graceMs of [0, 60_000]) {
  Deno.test(`whenever tabs join, go and break their connection, each gets all that is published, once (graceMs ${graceMs})`, async () => {
    await using stage = new TabStage(feedApp(graceMs));
    const first = stage.tab().join(Feed, {});
    await soon(first.joined);
    const all = collect(first);
    let n = 0;
    const publish = (count: number): void => {
      for (let i = 0; i < count; i++) stage.app.broadcast("feed", "posted", { n: ++n });
    };
    for (let round = 0; round < 6; round++) {
      publish(5);
      const tab = stage.tab();
      const second = tab.join(Feed, {}, {}, { history: "all" });
      publish(5);
      await soon(second.joined);
      const heard = collect(second);
      publish(5);
      if (round % 3 === 1) stage.sockets.at(-1)?.close();
      publish(5);
      await until(() => heard.at(-1) === n && all.at(-1) === n);
      const expected = Array.from({ length: n }, (_, i) => i + 1);
      assertEquals([heard, all], [expected, expected]);
      if (round % 2 === 0) await soon(second.leave());
      await soon(tab.close());
    }
    assertEquals(stage.app.system.counters.get("sessions.claim_refused"), 0);
  });
}

Deno.test("each tab of a topic is present, also after the connection has broken, until it goes", async () => {
  const Hall = defineTopic("hall", { client: { away: {} }, presence: z.object({ away: z.boolean() }) });
  const app = new App({ authenticate: () => ({ id: "ada" }) }).topic(Hall, {
    join: (ctx) => ctx.presence.track(ctx.user.id, { away: false }),
    on: { away: (ctx) => ctx.presence.update(ctx.user.id, { away: true }) },
  });
  await using stage = new TabStage(app);
  const shown = () => app.topics.presence("hall").flatMap(({ metas }) => metas.map(({ away }) => away));
  const tabs = [stage.tab(), stage.tab(), stage.tab()];
  const halls: Channel<typeof Hall>[] = [];
  for (const tab of tabs) {
    halls.push(tab.join(Hall, {}));
    await soon(halls.at(-1)!.joined);
    assertEquals(shown(), Array(halls.length).fill(false));
  }
  // A tab sees the others, and itself.
  await until(() => halls.every(({ presence }) => presence.get("ada")?.metas.length === 3));
  await soon(halls[0].send("away"));
  assertEquals(shown(), [true, true, true]);
  const back = halls.map((hall) => hall.next("troupe:joined"));
  stage.sockets.at(-1)?.close();
  await soon(Promise.all(back));
  assertEquals(shown(), [false, false, false]);
  await soon(halls[1].leave());
  await until(() => shown().length === 2);
  stage.lost.get("3")?.();
  await until(() => shown().length === 1);
  await soon(halls[0].leave());
  await until(() => shown().length === 0);
});

Deno.test("tabs whose joins are bytes are present, too", async () => {
  const Raw = defineTopic("raw", { join: { payload: bytes() } });
  const app = new App({ authenticate: () => ({ id: "ada" }) }).topic(Raw, {
    presence: {},
    join: (ctx) => ctx.presence.track(ctx.user.id, {}),
  });
  await using stage = new TabStage(app);
  for (const count of [1, 2]) {
    await soon(stage.tab().join(Raw, {}, new Uint8Array([count])).joined);
    await until(() => app.topics.presence("raw")[0].metas.length === count);
  }
});

Deno.test("one tab brings a new token for all, and what is about the connection is told to all", async () => {
  const tokens: (string | null)[] = [];
  const app = roomApp({
    authenticate({ token }) {
      tokens.push(token);
      const lifeMs = tokens.length === 1 ? 200 : 3_600_000;
      return { user: { id: "ada" }, expiresAt: Date.now() + lifeMs };
    },
  });
  await using stage = new TabStage(app);
  const told: string[] = [];
  const tabs = ["a", "b"].map((name) => stage.tab({ token: () => `of ${name}` }));
  tabs.forEach((tab, i) => {
    tab.on("expiring", () => told.push(`expiring ${i}`));
    tab.on("goingAway", () => told.push(`going away ${i}`));
    tab.on("failed", ({ error }) => told.push(String(error)));
  });
  await becomes(tabs[0], "open");
  await until(() => tokens.length === 2);
  assertEquals(tokens, ["of a", "of a"]);
  void stage.app.drain({ overMs: 1 });
  await until(() => told.length === 3);
  assertEquals(told, ["expiring 0", "going away 0", "going away 1"]);
});

Deno.test("a server that does not answer the hub's heartbeat is gone, for all tabs", () => {
  const clock = new VirtualClock();
  const pass = (ms: number): void => {
    const until = clock.elapsedMs() + ms;
    while (clock.step(until));
  };
  const sent: string[] = [];
  const socket: UpstreamSocket & { isClosed: boolean } = {
    binaryType: "",
    onopen: null,
    onmessage: null,
    onclose: null,
    isClosed: false,
    send: (data) => sent.push(data as string),
    close: () => socket.isClosed = true,
  };
  const hub = new TabHub({ clock, connect: () => socket });
  const [own, other] = pair();
  const posted: unknown[] = [];
  const port = {
    onmessage: null as ((event: { data: unknown }) => void) | null,
    postMessage: (message: unknown) => posted.push(message),
    close: () => {},
  };
  own.close();
  other.close();
  hub.attach(port);
  port.onmessage?.({ data: { kind: "open", url: "ws://x", protocols: [], lock: null } });
  (socket.onopen as unknown as () => void)();
  pass(30_000);
  assertEquals(sent, ['[null,"hub","phoenix","heartbeat",{}]']);
  (socket.onmessage as unknown as (event: unknown) => void)({
    data: '[null,"hub","phoenix","phx_reply",{"status":"ok","response":{}}]',
  });
  pass(30_000);
  assertEquals([sent.length, socket.isClosed], [2, false]);
  pass(30_000);
  assertEquals(socket.isClosed, true);
  assertEquals(posted, [{ kind: "opened" }, { kind: "closed", code: 1006, reason: "heartbeat timeout" }]);
  assertEquals(hub.size, 0);
});
