import { assertEquals } from "@std/assert";
import {
  dropOldest,
  latest,
  type Log,
  type LogBatch,
  type LogHead,
  type LogPage,
  type LogSnapshot,
  memoryLog,
} from "../../mod.ts";
import { connect, joined, type Matched, matched, said, stage } from "./pattern_stage.ts";

Deno.test("a member of a pattern gets what every topic publishes that it covers, with the topic's own name", async () => {
  await using kit = stage();
  const watcher = await joined(kit, "room:*");
  const speaker = await joined(kit, "room:1", "eve");
  speaker.push("room:1", "say", { text: "hi" });
  kit.app.broadcast("other:1", "said", {});
  assertEquals(await matched(kit, watcher), [["room:*", said("room:1", { text: "hi" })]]);
  assertEquals(speaker.takeBrief(), ["said"]);
});

Deno.test("topics reach their patterns though nobody has joined them", async () => {
  await using kit = stage();
  const watcher = await joined(kit, "room:{id}:typing");
  kit.app.broadcast("room:7:typing", "typing", { by: "eve" });
  kit.app.broadcast("room:7", "said", {});
  assertEquals(await matched(kit, watcher), [
    ["room:{id}:typing", { topic: "room:7:typing", event: "typing", payload: { by: "eve" } }],
  ]);
  assertEquals(kit.app.topics.size, 0);
});

Deno.test("each of a client's patterns gets it, on its own topic, and so does the topic that it has joined", async () => {
  await using kit = stage();
  const client = await joined(kit, "room:*");
  client.join("room:{any}");
  client.join("room:1");
  await kit.settle();
  client.take();
  kit.app.broadcast("room:1", "said", {});
  await kit.settle();
  assertEquals(client.take().map(([, , topic, event]) => `${topic} ${event}`).sort(), [
    "room:* troupe:matched",
    "room:1 said",
    "room:{any} troupe:matched",
  ]);
});

Deno.test("what a topic publishes comes in its order, in the turn of its commit", async () => {
  await using kit = stage();
  const watcher = await joined(kit, "room:*");
  const member = await joined(kit, "room:1", "eve");
  for (let i = 0; i < 5; i++) kit.app.broadcast("room:1", "said", i);
  kit.turn();
  assertEquals(member.take().map((message) => message[4]), [0, 1, 2, 3, 4]);
  assertEquals(watcher.take().map((message) => message[4]), [0, 1, 2, 3, 4].map((i) => said("room:1", i)));
});

Deno.test("in whatever order actors run, a pattern has the order of each topic that its members have", async () => {
  for (let seed = 1; seed <= 30; seed++) {
    await using kit = stage({ seed, shuffle: true, scheduler: { maxSteps: 5 } });
    const rooms = ["room:1", "room:2", "room:3"];
    const watcher = await joined(kit, "room:*");
    const speakers = await Promise.all([0, 1, 2, 3].map(() => connect(kit, "eve")));
    for (const speaker of speakers) for (const room of rooms) speaker.join(room);
    await kit.settle();
    for (const speaker of speakers) speaker.take();
    for (let n = 0; n < 40; n++) {
      speakers[n % 4].push(rooms[kit.random.integer(3)], "say", n);
      if (kit.random.integer(3) === 0) kit.turn();
    }
    await kit.settle();
    const heard = speakers[0].take().filter(([, , , event]) => event === "said");
    const watched = await matched(kit, watcher);
    for (const room of rooms) {
      assertEquals(
        watched.filter(([, { topic }]) => topic === room).map(([, { payload }]) => payload),
        heard.filter(([, , topic]) => topic === room).map((message) => message[4]),
        `seed ${seed}, ${room}`,
      );
    }
    assertEquals(watched.length, 40);
  }
});

Deno.test("what could not be stored reaches no pattern; what is stored later comes then", async () => {
  const log = new SlowLog();
  await using kit = stage({ log });
  kit.app.topic("log:{id}", { history: { size: 10, ttlMs: 60_000 } }).patterns("log:*", {
    match: () => true,
  });
  const watcher = await joined(kit, "log:*");
  const payloads = async () =>
    (await matched(kit, watcher)).map(([, { payload, offset }]) => [payload, offset]);
  kit.app.broadcast("log:1", "said", "first");
  assertEquals(await payloads(), []);
  log.done();
  assertEquals(await payloads(), [["first", 1]]);
  kit.app.broadcast("log:1", "said", "lost");
  await kit.settle();
  log.fails();
  assertEquals(await payloads(), []);
  kit.app.broadcast("log:1", "said", "second");
  await kit.settle();
  log.done();
  assertEquals(await payloads(), [["second", 2]]);
});

/** A log that stores when the test says so. */
class SlowLog implements Log {
  readonly #inner = memoryLog();
  #pending: { store: () => void; fail: () => void }[] = [];

  done(): void {
    this.#pending.shift()!.store();
  }

  fails(): void {
    this.#pending.shift()!.fail();
  }

  append(batches: readonly LogBatch[]): Promise<readonly LogHead[]> {
    return new Promise((resolve, reject) =>
      this.#pending.push({
        store: () => resolve(this.#inner.append(batches)),
        fail: () => reject(new Error("the disk is full")),
      })
    );
  }

  head = (topic: string): LogHead => this.#inner.head(topic);
  read = (topic: string, after: number, max: number): LogPage => this.#inner.read(topic, after, max);
  snapshot = (topic: string): LogSnapshot | null => this.#inner.snapshot(topic);
}

Deno.test("whom a publication leaves out, or is not for, does not get it by a pattern either", async () => {
  await using kit = stage();
  kit.app.topic("team:{id}", { on: { tell: (ctx) => ctx.broadcast("said", {}, { except: ctx }) } })
    .patterns("team:*", { match: () => true });
  const ada = await joined(kit, "team:*", "ada");
  const eve = await joined(kit, "team:*", "eve");
  eve.join("team:1");
  eve.push("team:1", "tell");
  const counts = async () => [(await matched(kit, ada)).length, (await matched(kit, eve)).length];
  assertEquals(await counts(), [1, 0]);
  kit.app.broadcast("team:1", "said", {}, { only: { user: "eve" } });
  assertEquals(await counts(), [0, 1]);
  kit.app.broadcast("team:1", "said", {}, { except: { user: "eve" } });
  assertEquals(await counts(), [1, 0]);
});

Deno.test("bytes come in base64, under the key that stands for them wherever text alone is carried", async () => {
  await using kit = stage();
  const watcher = await joined(kit, "room:*");
  kit.app.broadcast("room:1", "image", new Uint8Array([1, 2]));
  assertEquals(await matched(kit, watcher), [
    ["room:*", { topic: "room:1", event: "image", payload: { "troupe:bytes": "AQI=" } }],
  ]);
});

Deno.test("a publication that is kept comes with its offset; a topic nobody has joined keeps it, too", async () => {
  await using kit = stage();
  kit.app.topic("log:{id}", { history: { size: 10, ttlMs: 60_000 } }).patterns("log:*", {
    match: () => true,
  });
  const watcher = await joined(kit, "log:*");
  kit.app.broadcast("log:1", "said", { n: 1 });
  kit.app.broadcast("log:1", "typing", undefined, { ephemeral: true });
  kit.app.broadcast("log:1", "image", new Uint8Array([255]));
  assertEquals((await matched(kit, watcher)).map(([, payload]) => payload), [
    { topic: "log:1", event: "said", payload: { n: 1 }, offset: 1 },
    { topic: "log:1", event: "typing", payload: {} },
    { topic: "log:1", event: "image", payload: { "troupe:bytes": "/w==" }, offset: 2 },
  ]);
});

Deno.test("what belongs to one topic's protocol is not for patterns: presence_diff", async () => {
  await using kit = stage();
  const watcher = await joined(kit, "room:*");
  kit.app.broadcast("room:1", "presence_diff", { joins: {}, leaves: {} });
  assertEquals(await matched(kit, watcher), []);
});

Deno.test("the slow-consumer policy of the patterns applies: what is left out is told", async () => {
  await using kit = stage({ limits: { transportFrames: 1, transportBytes: 1 } });
  kit.app.topic("feed:{id}", {}).patterns("feed:*", { match: () => true, slow: dropOldest({ max: 2 }) });
  const watcher = await joined(kit, "feed:*");
  watcher.connection.socket.stalled = true;
  for (let i = 0; i < 6; i++) {
    kit.app.broadcast(`feed:${i}`, "said", i);
    await kit.settle();
  }
  watcher.connection.socket.resume();
  await kit.advance(1_000);
  const events = watcher.take().map((
    [, , topic, event, payload],
  ) => [topic, event, (payload as Partial<Matched>).topic ?? payload]);
  assertEquals(events, [
    ["feed:*", "troupe:matched", "feed:0"],
    ["feed:*", "troupe:missed", { count: 3, from: null, to: null }],
    ["feed:*", "troupe:matched", "feed:4"],
    ["feed:*", "troupe:matched", "feed:5"],
  ]);
});

Deno.test("the key of latest() sees the topic: the newest publication of each waits", async () => {
  await using kit = stage({ limits: { transportFrames: 1, transportBytes: 1 } });
  kit.app.topic("feed:{id}", { history: { size: 10, ttlMs: 60_000 } }).patterns("feed:*", {
    match: () => true,
    slow: latest<Matched>({ key: (event, { topic }) => `${event} ${topic}` }),
  });
  const watcher = await joined(kit, "feed:*");
  watcher.connection.socket.stalled = true;
  for (let i = 0; i < 7; i++) {
    kit.app.broadcast(`feed:${i % 2}`, "said", i);
    await kit.settle();
  }
  watcher.connection.socket.resume();
  await kit.advance(1_000);
  const newest = (await matched(kit, watcher)).map(([, { topic, payload }]) => [topic, payload]);
  assertEquals(newest, [["feed:0", 0], ["feed:1", 5], ["feed:0", 6]]);
});

Deno.test("members of a pattern are there for those who look after the app: they can be listed and kicked", async () => {
  await using kit = stage();
  const left: string[] = [];
  kit.app.patterns("team:*", { match: () => true, leave: (_ctx, { kind }) => void left.push(kind) });
  const client = await joined(kit, "team:*");
  assertEquals(kit.app.topics.members("team:*").map(({ userId }) => userId), ["ada"]);
  assertEquals(kit.app.topics.kick({ user: "ada" }, "team:*", "enough"), 1);
  await kit.settle();
  assertEquals([client.takeBrief(), left], [["troupe:kicked", "phx_close"], ["kicked"]]);
});

interface Resumption {
  readonly response: { readonly troupe: { readonly session: string; readonly resumed?: boolean } };
}

Deno.test("a member whose connection drops comes back to its pattern, and is told how many it has missed", async () => {
  await using kit = stage({ limits: { graceMs: 10_000 } });
  const client = await connect(kit);
  client.join("room:*");
  await kit.settle();
  const secret = (client.take()[0][4] as Resumption).response.troupe.session;
  client.connection.close(1006);
  await kit.settle();
  for (const id of [1, 2]) kit.app.broadcast(`room:${id}`, "said", {});
  await kit.settle();
  const back = await connect(kit);
  back.join("room:*", { "troupe:session": secret });
  await kit.settle();
  assertEquals(
    back.take().map(([, , , event, payload]) =>
      event === "phx_reply" ? (payload as Resumption).response.troupe.resumed : [event, payload]
    ),
    [
      true,
      ["troupe:missed", { count: 2, from: null, to: null }],
    ],
  );
  kit.app.broadcast("room:1", "said", {});
  assertEquals(await matched(kit, back), [["room:*", said("room:1")]]);
});

Deno.test("what a topic filters for each of its members reaches no pattern, whoever publishes it, and is counted", async () => {
  await using kit = stage();
  kit.app.topic("room:table", {
    on: {
      deal: (ctx, hands) => ctx.broadcast("dealt", hands),
      ask: (ctx, hands) => ctx.tellTopic(hands),
    },
    outgoing: { dealt: ({ user }, hands) => (hands as Record<string, unknown>)[user.id] },
    life: { message: (topic, hands) => topic.broadcast("dealt", hands) },
  });
  const watcher = await joined(kit, "room:*");
  kit.app.broadcast("room:table", "dealt", { eve: "before anybody is there" });
  const eve = await joined(kit, "room:table", "eve");
  eve.push("room:table", "deal", { eve: 1, ada: 2 });
  eve.push("room:table", "ask", { eve: 3 });
  await kit.settle();
  kit.app.broadcast("room:table", "dealt", { eve: 4 });
  kit.app.broadcast("room:table", "said", { hello: "all" });
  assertEquals(await matched(kit, watcher), [["room:*", said("room:table", { hello: "all" })]]);
  assertEquals(eve.take().map(([, , , event, payload]) => [event, payload]), [
    ["dealt", 1],
    ["dealt", 3],
    ["dealt", 4],
    ["said", { hello: "all" }],
  ]);
  const { counters } = kit.app.system;
  assertEquals([counters.get("patterns.withheld"), counters.get("patterns.matched")], [4, 1]);
});
