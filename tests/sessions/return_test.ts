import { assert, assertEquals } from "@std/assert";
import { z } from "zod";
import { defineTopic, joined, refuse } from "../../mod.ts";
import type { Frame } from "../../src/protocol/frame.ts";
import { phoenixV2 } from "../../src/protocol/phoenix_v2.ts";
import { Absence, type AbsentChannel } from "../../src/sessions/absence.ts";
import { Arrival } from "../../src/sessions/arrival.ts";
import { type Client, connect, gate, replyTo } from "./client.ts";
import { claim, GRACE_MS, joinedAs, makeKit, type Troupe, troupe, withLog } from "./absence_stage.ts";

Deno.test("Sessions: all topics come back with one claim; those that are not joined again expire alone", async () => {
  await using kit = makeKit();
  const log = withLog(kit);
  const first = await connect(kit, "/socket/websocket?vsn=2.1.0");
  for (const n of [1, 2, 3]) first.join(`room:${n}`);
  const secret = await joinedAs(kit, first, "room:4");
  first.connection.close(1006);
  await kit.settle();
  log.length = 0;
  await kit.advance(4_000);
  const second = await connect(kit, "/socket/websocket?vsn=2.1.0");
  second.batch(second.joinMessage("room:1", claim(secret)), second.joinMessage("room:2", claim(secret)));
  const fresh = second.join("room:5", claim(secret));
  await kit.settle();
  const messages = second.take();
  assertEquals(
    messages.map((
      message,
    ) => [message[2], (message[4] as { response: { troupe: Troupe } }).response.troupe.resumed]),
    [
      ["room:1", true],
      ["room:2", true],
      ["room:5", undefined],
    ],
  );
  const secrets = messages.map((message) =>
    (message[4] as { response: { troupe: Troupe } }).response.troupe.session
  );
  assertEquals(new Set(secrets).size, 1);
  assert(fresh);
  kit.app.broadcast("room:3", "said", {});
  const unmatched = second.push("room:3", "add");
  await kit.settle();
  assertEquals(second.takeBrief(), [`error:${unmatched}`]);
  const late = second.join("room:3");
  await kit.settle();
  assertEquals(second.takeBrief(), [`ok:${late}`, "troupe:missed"]);
  await kit.advance(6_000);
  assertEquals(
    log,
    [
      "resumed room:1",
      "resumed room:2",
      "join room:5",
      "resumed room:3",
      "expired room:4",
      "leave room:4 expired",
    ].map((line) => line.startsWith("resumed") ? `${line} resumed` : line),
  );
  assertEquals(kit.app.system.counters.get("sessions.claim_refused"), 0);
  assertEquals(kit.app.system.counters.get("sessions.expired"), 0);
});

Deno.test("Sessions: resumed may answer, be asynchronous, push and publish: all behind its reply", async () => {
  await using kit = makeKit();
  const wait = gate();
  kit.app.topic("room:*", {
    join: () => joined({ n: 1 }, { motd: "first" }),
    async resumed(ctx, payload) {
      await wait.promise;
      ctx.push("pushed", payload);
      ctx.broadcast("said", { by: ctx.user.id, from: ctx.connectionId });
      ctx.push("pushed", { last: true });
      return { motd: "again" };
    },
  });
  const first = await connect(kit);
  const secret = await joinedAs(kit, first);
  first.connection.close();
  const second = await connect(kit);
  const ref = second.join("room:1", claim(secret, { a: 1 }));
  const queued = second.push("room:1", "unknown");
  await kit.settle();
  kit.app.broadcast("room:1", "said", { early: true });
  await kit.settle();
  assertEquals(second.take(), []);
  wait.open();
  await kit.settle();
  const messages = second.take();
  const { session, resumed } = troupe(messages, ref);
  assertEquals(resumed, true);
  assertEquals(
    messages.map(([, ref, , event, payload]) => [ref, event, payload]),
    [
      [ref, "phx_reply", { status: "ok", response: { motd: "again", troupe: { session, resumed: true } } }],
      [null, "troupe:missed", { count: 1, from: null, to: null }],
      [null, "pushed", { a: 1 }],
      [null, "said", { by: "ada", from: [...kit.app.connections][0].id }],
      [null, "pushed", { last: true }],
      [queued, "phx_reply", {
        status: "error",
        response: { reason: "unknown_event", event: "unknown", accepted: [] },
      }],
    ],
  );
});

Deno.test("Sessions: a refusal in resumed leaves the channel away, and its client may try again; a throw ends it", async () => {
  await using kit = makeKit();
  const left: string[] = [];
  kit.app.topic("room:*", {
    join: () => joined({ n: 1 }),
    resumed(_ctx, payload) {
      const { how } = payload as { how?: string };
      if (how === "refuse") return refuse({ reason: "not yet" });
      if (how === "throw") throw new Error("boom");
    },
    leave: (_ctx, { kind }) => void left.push(kind),
  });
  const first = await connect(kit);
  const secret = await joinedAs(kit, first);
  first.connection.close();
  const second = await connect(kit);
  const no = second.join("room:1", claim(secret, { how: "refuse" }));
  await kit.settle();
  assertEquals(replyTo(second.take(), no), { status: "error", response: { reason: "not yet" } });
  kit.app.broadcast("room:1", "said", {});
  await kit.settle();
  assertEquals(second.take(), []);
  const yes = second.join("room:1", { how: "well" });
  await kit.settle();
  assertEquals(troupe(second.take(), yes).resumed, true);
  second.connection.close();
  const third = await connect(kit);
  // The answer to the first join was an error, so that the client knows the secret from the second alone.
  const crash = third.join("room:1", claim(secret, { how: "throw" }));
  await kit.settle();
  const reply = replyTo(third.take(), crash);
  assertEquals(reply, { status: "error", response: { reason: "join crashed" } });
  assertEquals(left, ["crashed"]);
});

Deno.test("Sessions: a refused return expires at the deadline that it had", async () => {
  await using kit = makeKit();
  const left: string[] = [];
  const wait = gate<unknown>();
  kit.app.topic("room:*", {
    resumed: () => wait.promise.then(() => refuse({ reason: "no" })),
    leave: (_ctx, { kind }) => void left.push(kind),
  });
  const first = await connect(kit);
  const secret = await joinedAs(kit, first);
  first.connection.close();
  const second = await connect(kit);
  const ref = second.join("room:1", claim(secret));
  await kit.advance(GRACE_MS + 1_000);
  assertEquals(left, []);
  wait.open(null);
  await kit.settle();
  assertEquals(second.takeBrief(), [`error:${ref}`]);
  await kit.advance(1);
  assertEquals(left, ["expired"]);
});

Deno.test("Sessions: the contract checks the payload of a return, and what resumed answers", async () => {
  await using kit = makeKit();
  const Room = defineTopic("room:{id}", {
    join: { payload: z.strictObject({ as: z.string() }), reply: z.object({ n: z.number() }) },
  });
  let answer: { n: number } | void = undefined;
  kit.app.topic(Room, { join: () => ({ n: 1 }), resumed: () => answer });
  const first = await connect(kit);
  const join = first.join("room:1", { as: "me", "troupe:session": null });
  await kit.settle();
  let secret = troupe(first.take(), join).session;
  let client = first;
  const back = async (payload: Record<string, unknown>) => {
    client.connection.close();
    client = await connect(kit);
    const ref = client.join("room:1", claim(secret, payload));
    await kit.settle();
    const reply = replyTo(client.take(), ref);
    secret = (reply.response.troupe as Troupe | undefined)?.session ?? secret;
    return reply;
  };
  assertEquals((await back({ as: 7 })).response.reason, "invalid_payload");
  assertEquals((await back({ as: "me" })).response.n, 1);
  answer = { n: 2 };
  assertEquals((await back({ as: "me" })).response.n, 2);
  answer = { n: "no number" as unknown as number };
  assertEquals((await back({ as: "me" })).response.reason, "invalid_reply");
  assertEquals(kit.app.system.counters.get("channels.invalid_replies"), 1);
});

Deno.test("Sessions: a join reply that is no plain object comes as it is, and the secret in a push behind it", async () => {
  await using kit = makeKit();
  const replies: unknown[] = [["a list"], "text", 7, new Uint8Array([1])];
  kit.app.topic("room:*", { join: (ctx) => replies[Number(ctx.topic.slice(5))] as never });
  const client = await connect(kit);
  for (const [i] of replies.entries()) {
    client.join(`room:${i}`);
    await kit.settle();
    const frames = client.connection.take();
    const [reply, push] = frames;
    if (i < 3) assertEquals(JSON.parse(reply as string)[4].response, replies[i]);
    else assert(reply instanceof Uint8Array);
    const [joinRef, , topic, event, payload] = JSON.parse(push as string);
    assertEquals([joinRef, topic, event, typeof payload.session], [
      `${i + 1}`,
      `room:${i}`,
      "troupe:session",
      "string",
    ]);
  }
});

Deno.test("Sessions: a client that goes and comes back before handlers run is told of once, in order", async () => {
  await using kit = makeKit();
  const log: string[] = [];
  const wait = gate();
  kit.app.topic("room:*", {
    join: () => ({ n: 1 }),
    on: { slow: () => wait.promise },
    suspended: () => void log.push("suspended"),
    resumed: () => void log.push("resumed"),
  });
  const first = await connect(kit);
  const secret = await joinedAs(kit, first);
  first.push("room:1", "slow");
  await kit.settle();
  first.connection.close();
  const second = await connect(kit);
  second.join("room:1", claim(secret));
  second.push("room:1", "other");
  await kit.settle();
  second.connection.close(); // it was never answered: its secret is the first one
  const third = await connect(kit);
  const ref = third.join("room:1", claim(secret));
  await kit.settle();
  assertEquals(log, []);
  wait.open();
  await kit.settle();
  assertEquals(log, ["suspended", "resumed"]);
  assertEquals([second.takeBrief(), third.takeBrief()], [[], [`ok:${ref}`]]);
});

Deno.test("Sessions: a claim speaks any version, and the session follows", async () => {
  await using kit = makeKit();
  withLog(kit);
  const ways = ["1.0.0", "2.0.0", "2.1.0", "1.0.0"];
  let secret = "";
  let client: Client | null = null;
  for (const [i, vsn] of ways.entries()) {
    client?.connection.close(1006);
    client = await connect(kit, `/socket/websocket?vsn=${vsn}`);
    const payload = i === 0 ? {} : claim(secret);
    const v1 = vsn === "1.0.0";
    if (v1) client.raw(JSON.stringify({ topic: "room:1", event: "phx_join", payload, ref: "1" }));
    else client.join("room:1", payload);
    await kit.settle();
    const [data] = client.connection.take();
    const parsed = JSON.parse(data as string);
    const { status, response } = v1 ? parsed.payload : parsed[4];
    assertEquals([status, response.troupe.resumed], ["ok", i === 0 ? undefined : true]);
    secret = response.troupe.session;
    kit.app.broadcast("room:1", "said", { i });
    await kit.settle();
    const [said] = client.connection.take().map((frame) => JSON.parse(frame as string));
    assertEquals(v1 ? said.payload : said[4], { i });
  }
});

Deno.test("Sessions: whose channel ends just as the client comes back may join again at once, unless that was meant", () => {
  for (
    const [kind, mayJoin] of [["expired", true], ["closed", true], ["kicked", false], [
      "stopped",
      false,
    ]] as const
  ) {
    const said: unknown[] = [];
    const owner = { codec: phoenixV2, say: ({ data }: Frame) => said.push(JSON.parse(data as string)[4]) };
    const channel = { owner, topic: "room:1", joinRef: "1" } as unknown as AbsentChannel;
    const absence = new Absence(channel);
    absence.asked = new Arrival({ joinRef: "9", ref: "9", topic: "room:1", event: "phx_join", payload: {} });
    absence.channelEnded({ kind }, null);
    const response = { reason: "channel_ended", ...(mayJoin && { retryAfterMs: 0 }) };
    assertEquals(said, [{ status: "error", response }], kind);
  }
});
