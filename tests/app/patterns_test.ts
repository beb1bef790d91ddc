import { assertEquals, assertThrows } from "@std/assert";
import {
  dropOldest,
  joined as withState,
  latest,
  type Log,
  type LogBatch,
  type LogHead,
  type LogPage,
  type LogSnapshot,
  memoryLog,
  refuse,
  TroupeError,
  type User,
} from "../../mod.ts";
import { AppKit, type AppKitOptions } from "../../src/testing/app_kit.ts";
import { brief, Client, type Reply, replyTo } from "../sessions/client.ts";

type Kit = AppKit<Account>;

interface Account extends User {
  readonly rooms: Set<string>;
}

/** Who may get what, by the name that a client connects with. */
const accounts = new Map<string, Account>();

/** An app with rooms, whose clients join patterns of them: a user gets the rooms in its own list, or all, by `*`. */
function stage(options: AppKitOptions<Account> = {}): Kit {
  accounts.clear();
  const kit = new AppKit<Account>({
    authenticate: ({ params }) => accounts.get(params.name) ?? null,
    ...options,
  });
  kit.app.topic("room:{id}", { on: { say: (ctx, payload) => ctx.broadcast("said", payload) } })
    .topic("room:{id}:typing", {})
    .topic("other:{id}", {})
    .patterns("room:*", {
      match: ({ user }, topic) => user.rooms.has("*") || user.rooms.has(topic),
    });
  return kit;
}

async function connect(kit: Kit, name = "ada", rooms: string[] = ["*"], vsn = "2.0.0"): Promise<Client> {
  if (!accounts.has(name)) accounts.set(name, { id: name, rooms: new Set(rooms) });
  return new Client(await kit.connect(`/socket/websocket?vsn=${vsn}&name=${name}`));
}

/** A client that has joined `topic`, and whose answers were taken. */
async function joined(kit: Kit, topic: string, ...who: [string?, string[]?]): Promise<Client> {
  const client = await connect(kit, ...who);
  client.join(topic);
  await kit.settle();
  assertEquals(client.takeBrief()[0], "ok:1");
  return client;
}

/** The payload of `troupe:matched`. */
interface Matched {
  readonly topic: string;
  readonly event: string;
  readonly payload: unknown;
  readonly offset?: number;
}

/** What has come of patterns: on which topic, and what. */
async function matched(kit: Kit, client: Client): Promise<[string, Matched][]> {
  await kit.settle();
  return client.take().filter(([, , , event]) => event === "troupe:matched")
    .map(([joinRef, ref, topic, , payload]) => {
      assertEquals([joinRef, ref], [null, null]);
      return [topic, payload as Matched];
    });
}

const said = (topic: string, payload: unknown = {}) => ({ topic, event: "said", payload });

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

Deno.test("match decides topic by topic, and is asked once for each", async () => {
  await using kit = stage();
  const watcher = await joined(kit, "room:*", "ada", ["room:1", "room:3"]);
  for (const id of [1, 2, 3, 1, 2, 3]) kit.app.broadcast(`room:${id}`, "said", {});
  const topics = (await matched(kit, watcher)).map(([, payload]) => payload.topic);
  assertEquals(topics, ["room:1", "room:3", "room:1", "room:3"]);
  const { counters } = kit.app.system;
  assertEquals([counters.get("patterns.granted"), counters.get("patterns.refused")], [2, 1]);
  assertEquals(counters.get("patterns.matched"), 6);
});

Deno.test("match is asked anew after a recheck, a refresh, and ctx.rematch()", async () => {
  await using kit = stage();
  kit.app.topic("team:{id}", {}).patterns("team:*", {
    match: ({ user }, topic) => user.rooms.has(topic),
    info: (ctx) => ctx.rematch(),
  });
  const watcher = await joined(kit, "team:*", "ada", []);
  const { rooms } = accounts.get("ada")!;
  const isHeard = async (): Promise<boolean> => {
    kit.app.broadcast("team:1", "said", {});
    return (await matched(kit, watcher)).length > 0;
  };
  assertEquals(await isHeard(), false);
  rooms.add("team:1");
  assertEquals(await isHeard(), false);
  assertEquals(kit.app.recheck("team:*"), 1);
  await kit.advance(0);
  assertEquals(await isHeard(), true);

  rooms.clear();
  assertEquals(kit.app.tell({ user: "ada" }, "team:*", "changed"), 1);
  await kit.settle();
  assertEquals(await isHeard(), false);

  rooms.add("team:1");
  watcher.push("troupe", "troupe:refresh", { token: "new" });
  await kit.settle();
  assertEquals(await isHeard(), true);

  rooms.clear();
  assertEquals([await isHeard(), kit.app.recheck()], [true, 1]);
  await kit.advance(0);
  assertEquals(await isHeard(), false);
});

Deno.test("match is asked anew when the state is another one, and after a recheck that takes its time", async () => {
  await using kit = stage();
  const loaded = Promise.withResolvers<void>();
  kit.app.topic("team:{id}", {}).patterns("team:*", {
    join: () => withState(new Set<string>()),
    match: ({ state }, topic) => state.has(topic),
    info(ctx, topic) {
      ctx.state = new Set([topic as string]);
    },
    async recheck(ctx) {
      await loaded.promise;
      ctx.state.add("team:2");
      return true;
    },
  });
  const watcher = await joined(kit, "team:*");
  const heard = async (): Promise<unknown[]> => {
    for (const id of [1, 2]) kit.app.broadcast(`team:${id}`, "said", {});
    return (await matched(kit, watcher)).map(([, payload]) => payload.topic);
  };
  assertEquals(await heard(), []);
  kit.app.tell({ user: "ada" }, "team:*", "team:1");
  await kit.settle();
  assertEquals([await heard(), kit.app.recheck("team:*")], [["team:1"], 1]);
  await kit.advance(0);
  assertEquals(await heard(), ["team:1"]);
  loaded.resolve();
  await kit.settle();
  assertEquals(await heard(), ["team:1", "team:2"]);
});

Deno.test("match gets the parameters of the registration: in the client's pattern, and in the topic", async () => {
  await using kit = stage();
  const asked: unknown[] = [];
  kit.app.topic("tenant:{tenant}:{kind}:{id}", {}).patterns("tenant:{tenant}:*", {
    join: (ctx) =>
      ctx.params.tenant === "7" || ctx.params.tenant === "{t}" || refuse({ reason: "not_yours" }),
    match(ctx, topic, params) {
      asked.push([ctx.topic, { ...ctx.params }, topic, { ...params }]);
      return params.tenant === "7";
    },
  });
  const client = await connect(kit);
  const refs = ["tenant:7:room:*", "tenant:8:*", "tenant:{t}:{kind}:1"].map((topic) => client.join(topic));
  await kit.settle();
  const replies = client.take();
  assertEquals(refs.map((ref) => replyTo(replies, ref).status), ["ok", "error", "ok"]);
  kit.app.broadcast("tenant:7:room:1", "said", {});
  kit.app.broadcast("tenant:8:room:1", "said", {});
  assertEquals((await matched(kit, client)).length, 2);
  assertEquals(asked, [
    ["tenant:7:room:*", { tenant: "7" }, "tenant:7:room:1", { tenant: "7" }],
    ["tenant:{t}:{kind}:1", { tenant: "{t}" }, "tenant:7:room:1", { tenant: "7" }],
    ["tenant:{t}:{kind}:1", { tenant: "{t}" }, "tenant:8:room:1", { tenant: "8" }],
  ]);
});

Deno.test("a client joins only patterns that the registration covers wholly", async () => {
  await using kit = stage();
  kit.app.patterns("game:{id}", { match: () => true }).patterns("game:{id}:chat:*", { match: () => true });
  const client = await connect(kit);
  const accepted = [
    "room:*",
    "room:{a}:{b}:*",
    "room:7:*",
    "game:{id}",
    "game:{x}:chat:{y}",
    "game:7:chat:*",
  ];
  const refused = ["*", "{a}:1", "game:*", "game:{id}:*", "game:7:{kind}:*", "other:*", "room:{a}:{a}"];
  const deep = ["room" + ":1".repeat(15) + ":*", "room" + ":{a1}:{a2}:{a3}:{a4}:{a5}"];
  const refs = [...accepted, ...refused, ...deep].map((topic) => client.join(topic));
  await kit.settle();
  const replies = client.take();
  const answers = refs.map((ref) => replyTo(replies, ref));
  assertEquals(
    answers.slice(0, accepted.length).map(({ status }) => status),
    accepted.map(() => "ok"),
  );
  assertEquals(
    answers.slice(accepted.length).map(({ response }) => response.reason),
    [...refused, ...deep].map(() => "unmatched topic"),
  );
});

Deno.test("where no pattern may be joined, a topic may be named like one; where one may, none is", async () => {
  await using kit = new AppKit();
  kit.app.topic("room:{id}", { on: { say: (ctx) => ctx.broadcast("said", {}) } });
  const client = new Client(await kit.connect("/socket/websocket?vsn=2.0.0"));
  client.join("room:*");
  client.push("room:*", "say");
  kit.app.broadcast("room:1", "said", {});
  await kit.settle();
  assertEquals(client.takeBrief(), ["ok:1", "said"]);
  kit.app.patterns("game:*", { match: () => true });
  client.join("room:{x}");
  client.join("room:{1}"); // no parameter can be called so
  await kit.settle();
  const [first, second] = client.take();
  assertEquals((first[4] as Reply).response, { reason: "unmatched topic" });
  assertEquals(brief(second), "ok:4");
  assertThrows(() => kit.app.broadcast("room:*", "said", {}), TroupeError, "No topic of this app covers");
});

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

Deno.test("a connection joins up to maxPatterns patterns, however many topics", async () => {
  await using kit = stage({ limits: { maxPatterns: 2 } });
  const client = await connect(kit);
  const topics = ["room:*", "room:{a}", "room:{b}", "room:1", "room:*"];
  const refs = topics.map((topic) => client.join(topic));
  await kit.settle();
  const replies = client.take();
  assertEquals(refs.map((ref) => replyTo(replies, ref).status), ["ok", "ok", "error", "ok", "ok"]);
  assertEquals(replyTo(replies, refs[2]).response, { reason: "too_many_patterns", maxPatterns: 2 });
  assertEquals(kit.app.system.counters.get("patterns.too_many"), 1);
  client.leave("room:{a}");
  await kit.settle();
  client.join("room:{b}");
  await kit.settle();
  assertEquals(client.takeBrief().at(-1), "ok:7");
});

Deno.test("an app has up to maxPatternTopics patterns, which go when nobody is in them", async () => {
  await using kit = stage({ limits: { maxPatternTopics: 1, topicIdleMs: 1_000 } });
  const client = await joined(kit, "room:*");
  const other = await connect(kit, "eve");
  const refused = other.join("room:{id}");
  const granted = other.join("room:*"); // the same pattern
  await kit.settle();
  const replies = other.take();
  assertEquals(replyTo(replies, refused).response, { reason: "too_many_topics" });
  assertEquals(replyTo(replies, granted).status, "ok");
  assertEquals([kit.app.gauges.patterns, kit.app.system.counters.get("topics.refused")], [1, 1]);
  for (const each of [client, other]) each.leave("room:*");
  await kit.settle();
  kit.app.broadcast("room:1", "said", {});
  await kit.advance(1_000);
  assertEquals([kit.app.gauges.patterns, kit.app.system.counters.get("patterns.matched")], [0, 0]);
});

Deno.test("answers of match are remembered for maxMatches topics; the oldest is asked for again", async () => {
  await using kit = stage({ limits: { maxMatches: 2 } });
  const watcher = await joined(kit, "room:*");
  for (const id of [1, 2, 3, 3, 2, 1]) kit.app.broadcast(`room:${id}`, "said", {});
  assertEquals((await matched(kit, watcher)).length, 6);
  const { counters } = kit.app.system;
  assertEquals([counters.get("patterns.granted"), counters.get("patterns.forgotten")], [4, 2]);
});

Deno.test("a match that throws, or wants to be waited for, ends the subscription as a crash, and harms nobody", async () => {
  const errors: string[] = [];
  await using kit = stage({
    logger: { log: (level, message) => void (level === "error" && errors.push(message)) },
  });
  let faults = 0;
  kit.app.topic("team:{id}", {}).patterns("team:*", {
    match: ({ user }): boolean => {
      if (user.id === "ada") return true;
      faults++;
      if (user.id === "eve") throw new Error("no such table");
      return Promise.resolve(true) as unknown as boolean;
    },
  });
  const clients = await Promise.all(["ada", "eve", "bob"].map((name) => joined(kit, "team:*", name)));
  kit.app.broadcast("team:1", "said", {});
  kit.app.broadcast("team:2", "said", {});
  await kit.settle();
  assertEquals(clients.map((client) => client.takeBrief()), [
    ["troupe:matched", "troupe:matched"],
    ["phx_error"],
    ["phx_error"],
  ]);
  assertEquals([faults, errors], [2, ["match crashed", "match crashed"]]);
  const { counters } = kit.app.system;
  assertEquals([counters.get("patterns.crashed"), counters.get("channels.crashed")], [2, 2]);
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

Deno.test("nobody publishes in a pattern, and clients have nothing to say there", async () => {
  await using kit = stage();
  const errors: unknown[] = [];
  kit.app.patterns("team:*", {
    match: () => true,
    info(ctx, message) {
      try {
        (ctx as unknown as { broadcast(event: string, payload: unknown): void }).broadcast("said", message);
      } catch (error) {
        errors.push((error as TroupeError).code);
      }
      ctx.push("told", message);
    },
  });
  const client = await joined(kit, "team:*");
  assertThrows(() => kit.app.broadcast("team:*", "said", {}), TroupeError, "it is a pattern of topics");
  assertEquals(kit.app.tell({ user: "ada" }, "team:*", { n: 1 }), 1);
  assertEquals(kit.app.send({ user: "ada" }, "team:*", "news", { n: 2 }), 1);
  const ref = client.push("team:*", "say");
  await kit.settle();
  const messages = client.take();
  assertEquals(errors, ["pattern_topic"]);
  assertEquals(messages.map(brief), ["news", "told", `error:${ref}`]);
  assertEquals(replyTo(messages, ref).response, { reason: "unknown_event", event: "say", accepted: [] });
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

Deno.test("registrations that make no sense fail at the start, and say what is accepted", async () => {
  await using kit = stage();
  const match = () => true;
  const cases: [unknown, unknown, string, string][] = [
    ["room:lobby", { match }, "invalid_handlers", "it covers one topic alone"],
    ["a*", { match }, "invalid_pattern", "Cannot use"],
    ["x:*", {}, "invalid_handlers", "match is missing"],
    ["x:*", { match, on: {} }, "invalid_handlers", '"on" is not known'],
    ["x:*", { match, join: 1 }, "invalid_handlers", "join is number"],
    ["x:*", null, "invalid_handlers", "no object"],
    ["room:*", { match }, "duplicate_pattern", "matches the same topics"],
  ];
  for (const [within, handlers, code, text] of cases) {
    const error = assertThrows(
      () => kit.app.patterns(within as string, handlers as { match(): boolean }),
      TroupeError,
      text,
    );
    assertEquals(error.code, code);
  }
});
