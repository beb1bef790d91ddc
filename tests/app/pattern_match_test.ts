import { assertEquals, assertThrows } from "@std/assert";
import { joined as withState, refuse, TroupeError } from "../../mod.ts";
import { AppKit } from "../../src/testing/app_kit.ts";
import { brief, Client, type Reply, replyTo } from "../sessions/client.ts";
import { accounts, connect, joined, matched, stage } from "./pattern_stage.ts";

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
