import { assert, assertEquals } from "@std/assert";
import { offer } from "../../src/actors/inside.ts";
import { DynamicSupervisor, type Ref } from "../../src/actors/mod.ts";
import { TopicPattern } from "../../src/contract/pattern.ts";
import { PatternTable } from "../../src/contract/pattern_table.ts";
import { phoenixV1 } from "../../src/protocol/phoenix_v1.ts";
import { phoenixV2 } from "../../src/protocol/phoenix_v2.ts";
import type { Frame } from "../../src/protocol/frame.ts";
import { channelBehavior } from "../../src/sessions/channel_behavior.ts";
import { ConnectionInfo } from "../../src/sessions/connection_info.ts";
import { ControlTopic } from "../../src/sessions/control.ts";
import { Members } from "../../src/sessions/members.ts";
import { OpenWork } from "../../src/sessions/open_work.ts";
import { Session } from "../../src/sessions/session.ts";
import { sessionBehavior } from "../../src/sessions/session_behavior.ts";
import { DEFAULT_SESSION_LIMITS } from "../../src/sessions/session_limits.ts";
import { type TopicKind, topicKind, untyped } from "../../src/sessions/topic_kind.ts";
import type { TopicHandlers, Untyped } from "../../src/sessions/topic_handlers.ts";
import type { User } from "../../src/sessions/user.ts";
import { AppKit, Kit } from "../../src/testing/mod.ts";
import { topicsOf } from "../topics/fixtures.ts";
import { brief, connect, type Message, replyTo } from "./client.ts";

/** Sessions without connections, so that what is below an app can be reached: its topics' actors above all. */
function setUp(kit: Kit, handlers: TopicHandlers<Untyped, User, unknown>) {
  const { system } = kit;
  const topics = topicsOf(kit, { idleMs: 1_000, backoff: { minMs: 100, maxMs: 100 } });
  const kinds = new PatternTable<TopicKind>();
  const kind = topicKind(untyped<string>(new TopicPattern("room:*")), handlers);
  kinds.add(kind.pattern, kind);
  const members = new Members();
  const ports = {
    clock: system.clock,
    random: system.random,
    logger: system.logger,
    counters: system.counters,
    deadLetters: system.deadLetters,
    topics,
    members,
    kinds,
    work: new OpenWork(),
    isEnding: () => false,
    control: new ControlTopic(),
    maxRefusedMessages: 10,
    maxRequests: 16,
    channelBehavior: channelBehavior(100),
  };
  const sessions = new DynamicSupervisor(system, { name: "sessions", child: sessionBehavior });
  const open = (id: string) => {
    const info = new ConnectionInfo(id, "http://app.example/", new Headers(), "", "");
    const session = new Session(ports, DEFAULT_SESSION_LIMITS, phoenixV2, { id }, info);
    session.startedAs(sessions.start({ args: session }));
    const out: Message[] = [];
    session.attach({
      output: {
        write: ({ data }: Frame) => void out.push(JSON.parse(data as string)),
        gainsByWaiting: true,
        writeDroppable: ({ frame }) => void out.push(JSON.parse(frame!.data as string)),
        writeTurn: ({ frames }) => out.push(...frames.map(({ data }) => JSON.parse(data as string))),
      },
      overloaded() {},
    });
    let ref = 0;
    return {
      session,
      take: () => out.splice(0),
      takeBrief: () => out.splice(0).map(brief),
      send(topic: string, event: string, payload: unknown = {}): string {
        const join = event === "phx_join";
        session.receive({
          joinRef: join ? `${++ref}` : null,
          ref: join ? `${ref}` : `${++ref}`,
          topic,
          event,
          payload,
        });
        return `${ref}`;
      },
    };
  };
  /** A message that no topic understands: it crashes. */
  const poison = (name: string): boolean => offer(topics.find(name) as Ref<unknown> as Ref<null>, null);
  return { open, poison, topics, members, actors: system.actorCount };
}

Deno.test("A topic's crash is phx_error to its members alone; topic_unavailable for a while; then it works again", async () => {
  await using kit = new Kit();
  const left: unknown[] = [];
  const { open, poison, members, topics } = setUp(kit, {
    leave: (ctx, { kind, error }) => void left.push([ctx.topic, kind, (error as { code: string }).code]),
  });
  const [a, b] = [open("a"), open("b")];
  a.send("room:1", "phx_join");
  a.send("room:2", "phx_join");
  b.send("room:2", "phx_join");
  await kit.settle();
  a.take();
  b.take();
  poison("room:1");
  await kit.settle();
  assertEquals(a.take().map(([, , topic, event]) => [topic, event]), [["room:1", "phx_error"]]);
  assertEquals(b.take(), []);
  assertEquals(left, [["room:1", "crashed", "topic_ended"]]);
  assertEquals([...members.of("room:1")], []);
  const refused = a.send("room:1", "phx_join");
  await kit.settle();
  const { status, response } = replyTo(a.take(), refused);
  assertEquals([status, response.reason], ["error", "topic_unavailable"]);
  assert((response.retryAfterMs as number) >= 100);
  await kit.advance(response.retryAfterMs as number);
  a.send("room:1", "phx_join");
  await kit.settle();
  assertEquals(a.takeBrief(), ["ok:4"]);
  assertEquals(topics.find("room:2") !== undefined, true);
  assertEquals(kit.system.tree().status, "running");
});

Deno.test("A topic's crash loses no reply that waited for it, and leaves nothing behind", async () => {
  await using kit = new Kit();
  const { open, poison, members, actors } = setUp(kit, {
    on: {
      say(ctx) {
        ctx.broadcast("said", {});
        return {};
      },
      stop(ctx) {
        ctx.broadcast("said", {});
        ctx.stop();
        return {};
      },
    },
  });
  const [joining, talking, lingering] = [open("joining"), open("talking"), open("lingering")];
  talking.send("room:1", "phx_join");
  lingering.send("room:1", "phx_join");
  await kit.settle();
  talking.take();
  lingering.take();
  joining.send("room:1", "phx_join");
  talking.send("room:1", "say");
  lingering.send("room:1", "stop");
  kit.system.scheduler.drain(); // the handlers have run, and nothing is committed yet
  poison("room:1");
  await kit.settle();
  assertEquals(joining.takeBrief(), ["ok:1", "phx_error"]);
  assertEquals(talking.takeBrief(), ["ok:2", "phx_error"]);
  assertEquals(lingering.takeBrief(), ["ok:2", "phx_close"]);
  assertEquals(members.topics, 0);
  for (const { session } of [joining, talking, lingering]) session.detach({ kind: "closed" });
  await kit.advance(2_000);
  assertEquals([kit.system.actorCount, kit.clock.pending], [actors, 0]);
});

Deno.test("A topic's crash ends a join that is pending, and a handler", async () => {
  await using kit = new Kit();
  const signals: AbortSignal[] = [];
  const { open, poison, actors } = setUp(kit, {
    join(ctx, payload) {
      if (!(payload as { slow?: boolean }).slow) return;
      signals.push(ctx.signal);
      return new Promise<void>(() => {});
    },
    on: {
      slow(ctx) {
        signals.push(ctx.signal);
        return new Promise<void>(() => {});
      },
    },
  });
  const [joining, busy] = [open("joining"), open("busy")];
  joining.send("room:1", "phx_join", { slow: true });
  busy.send("room:1", "phx_join");
  busy.send("room:1", "slow");
  await kit.settle();
  busy.take();
  poison("room:1");
  await kit.settle();
  assertEquals([joining.takeBrief(), busy.takeBrief()], [["phx_error"], ["phx_error"]]);
  assertEquals(signals.map((signal) => signal.aborted), [true, true]);
  for (const { session } of [joining, busy]) session.detach({ kind: "closed" });
  await kit.advance(2_000);
  assertEquals([kit.system.actorCount, kit.clock.pending], [actors, 0]);
});

Deno.test("A connection that attaches to a session takes its output over", async () => {
  await using kit = new Kit();
  const { open } = setUp(kit, { on: { echo: (_ctx, payload) => payload } });
  const client = open("a");
  client.send("room:1", "phx_join");
  await kit.settle();
  client.take();
  let taken = 0;
  const take = (): void => void taken++;
  const output = { gainsByWaiting: true, write: take, writeDroppable: take, writeTurn: take };
  client.session.attach({ output, overloaded() {} });
  client.send("room:1", "echo");
  await kit.settle();
  assertEquals([client.take(), taken], [[], 1]);
});

Deno.test("maxChannels: beyond, a join is refused and counted; a rejoin and a leave make room", async () => {
  await using kit = new AppKit({ limits: { maxChannels: 2 } });
  kit.app.topic("room:*", {});
  const client = await connect(kit);
  for (const topic of ["room:1", "room:2", "room:3", "room:2"]) client.join(topic);
  await kit.settle();
  const messages = client.take();
  assertEquals(replyTo(messages, "3"), { status: "error", response: { reason: "too many channels joined" } });
  assertEquals(replyTo(messages, "4").status, "ok");
  client.leave("room:1");
  await kit.settle();
  const ref = client.join("room:3");
  await kit.settle();
  assertEquals(replyTo(client.take(), ref).status, "ok");
  assertEquals(kit.app.system.counters.get("channels.too_many"), 1);
});

Deno.test("maxTopicBytes: a longer topic is refused and counted; bytes, not characters", async () => {
  await using kit = new AppKit({ limits: { maxTopicBytes: 10 } });
  kit.app.topic("room:*", {});
  const client = await connect(kit);
  const [fits, tooLong] = [client.join("room:12345"), client.join("room:éééé")];
  await kit.settle();
  const messages = client.take();
  assertEquals(replyTo(messages, fits).status, "ok");
  assertEquals(replyTo(messages, tooLong).response, { reason: "topic_too_long", maxBytes: 10 });
  assertEquals(kit.app.system.counters.get("channels.topic_too_long"), 1);
});

Deno.test("maxTopics: beyond, a join is refused and counted", async () => {
  await using kit = new AppKit({ limits: { maxTopics: 1, topicIdleMs: 1_000 } });
  kit.app.topic("room:*", {});
  const client = await connect(kit);
  const [first, second] = [client.join("room:1"), client.join("room:2")];
  await kit.settle();
  const messages = client.take();
  assertEquals(replyTo(messages, first).status, "ok");
  assertEquals(replyTo(messages, second).response.reason, "too_many_topics");
  assertEquals(kit.app.system.counters.get("topics.refused"), 1);
  client.leave("room:1");
  await kit.advance(1_000);
  const again = client.join("room:2");
  await kit.settle();
  assertEquals(replyTo(client.take(), again).status, "ok");
});

Deno.test("maxConnections: beyond, an upgrade is refused with 503 and counted", async () => {
  await using kit = new AppKit({ limits: { maxConnections: 2 } });
  const path = "/socket/websocket?vsn=2.0.0";
  const first = await kit.connect(path);
  await kit.connect(path);
  const refused = await kit.tryConnect(path);
  assert(refused instanceof Response);
  assertEquals([refused.status, (await refused.json()).reason], [503, "too_many_connections"]);
  assertEquals(kit.app.system.counters.get("upgrades.refused.too_many_connections"), 1);
  first.close();
  await kit.settle();
  await kit.connect(path);
});

Deno.test("topicIdleMs: a topic without a member stops after it", async () => {
  await using kit = new AppKit({ limits: { topicIdleMs: 3_000 } });
  kit.app.topic("room:*", {});
  const client = await connect(kit);
  await kit.settle();
  const actors = kit.app.system.actorCount;
  client.join("room:1");
  await kit.settle();
  assertEquals(kit.app.system.actorCount, actors + 2);
  client.leave("room:1");
  await kit.advance(2_999);
  assertEquals(kit.app.system.actorCount, actors + 1);
  await kit.advance(1);
  assertEquals(kit.app.system.actorCount, actors);
});

Deno.test("A publication that a client's codec cannot carry is skipped for that client and counted", async () => {
  await using kit = new AppKit();
  kit.app.topic("room:*", {});
  const old = await kit.connect("/socket/websocket?vsn=1.0.0");
  const modern = await kit.connect("/socket/websocket?vsn=2.0.0");
  old.send(JSON.stringify({ topic: "room:1", event: "phx_join", payload: {}, ref: "1" }));
  modern.send('["1","1","room:1","phx_join",{}]');
  await kit.settle();
  old.take();
  modern.take();
  kit.app.broadcast("room:1", "drawn", new Uint8Array([1]));
  kit.app.broadcast("room:1", "said", {});
  await kit.settle();
  assertEquals(old.take(), [phoenixV1.publication("room:1", "said", {}, null).data]);
  assertEquals(modern.take().length, 2);
  assertEquals([old.closed, modern.closed], [null, null]);
  assertEquals(kit.app.system.counters.get("publications.unencodable"), 1);
});

Deno.test("A message for a topic that is not joined is unmatched; a leave of it is answered", async () => {
  await using kit = new AppKit();
  kit.app.topic("room:*", {});
  const client = await connect(kit);
  client.push("room:1", "say");
  client.leave("room:1");
  client.join("nobody:1");
  client.raw('[null,null,"room:1","phx_join",{}]');
  await kit.settle();
  const messages = client.take();
  assertEquals(messages.map(brief), ["error:1", "ok:2", "error:3", "error:null"]);
  assertEquals(replyTo(messages, "1").response, { reason: "unmatched topic" });
});
