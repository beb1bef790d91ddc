import { assertEquals } from "@std/assert";
import { AppKit, VirtualClock } from "../../src/testing/mod.ts";
import { type LeaveReason, type Log, memoryLog, type TroupeError } from "../../mod.ts";
import { SlowLog } from "../topics/slow_log.ts";
import { joinFrame, messagesOf, responseOf } from "./messages.ts";

const TIMEOUT = { reason: "history_timeout", retryAfterMs: 5_000 };
const ALL = { troupe: { offset: 0 } };

/** A topic with one publication, whose log reads when it is told to. */
async function stage(limits: Record<string, number> = {}) {
  const log = new SlowLog(memoryLog({ clock: new VirtualClock() }));
  log.isSync = { append: true, read: false };
  const kit = new AppKit({ log, limits, authenticate: () => ({ id: "ada" }) });
  const left: LeaveReason[] = [];
  kit.app.topic("room:{id}", {
    history: { size: 10, ttlMs: 600_000 },
    join: (ctx) => ctx.push("greeting", {}),
    on: { say: (ctx, payload) => ctx.broadcast("said", payload) },
    leave: (_ctx, reason) => void left.push(reason),
  });
  kit.app.broadcast("room:1", "said", { n: 1 });
  await kit.settle();
  return { kit, log, left, connect: () => kit.connect("/socket/websocket?vsn=2.1.0") };
}

/** A client joins and drops, and misses a publication; gives what it comes back with. */
async function away(kit: AppKit): Promise<{ session: string; epoch: string }> {
  const client = await kit.connect("/socket/websocket?vsn=2.1.0");
  client.send(joinFrame("room:1"));
  await kit.settle();
  const [reply] = messagesOf(client);
  client.close(1006);
  await kit.settle();
  kit.app.broadcast("room:1", "said", { n: 2 });
  await kit.settle();
  return responseOf<{ troupe: { session: string; epoch: string } }>(reply).troupe;
}

Deno.test("History: a join whose past is never read is refused after historyTimeoutMs, and nothing of it is left", async () => {
  const { kit, left, connect } = await stage();
  await using _kit = kit;
  const client = await connect();
  client.send(joinFrame("room:1", ALL));
  client.send('["1","2","room:1","say",{"n":2}]');
  await kit.settle();
  await kit.advance(4_999);
  assertEquals(messagesOf(client), []);
  await kit.advance(1);
  assertEquals(messagesOf(client), [
    ["1", "1", "room:1", "phx_reply", { status: "error", response: TIMEOUT }],
  ], "and nothing that is for members");
  assertEquals(left.map(({ kind, error }) => [kind, (error as TroupeError).code]), [
    ["crashed", "history_timeout"],
  ]);
  const { counters } = kit.app.system;
  assertEquals(
    ["history.timed_out", "channels.refused", "history.unread"].map((name) => counters.get(name)),
    [
      1,
      1,
      0,
    ],
  );
  await kit.advance(20_000);
  assertEquals([kit.app.gauges.subscribers, kit.app.topics.size], [0, 0]);
});

Deno.test("History: what is said of another topic meanwhile is said, though the join is refused", async () => {
  const { kit, connect } = await stage();
  await using _kit = kit;
  const client = await connect();
  client.send(joinFrame("room:1", ALL));
  await kit.settle();
  client.send(joinFrame("nowhere:1", {}, "2"));
  await kit.settle();
  await kit.advance(5_000);
  assertEquals(messagesOf(client).map(([, ref, topic, event]) => [ref, topic, event]), [
    ["1", "room:1", "phx_reply"],
    ["2", "nowhere:1", "phx_reply"],
  ]);
});

Deno.test("History: a client that was refused so joins again, and what the log gives late harms nobody", async () => {
  const { kit, log, connect } = await stage();
  await using _kit = kit;
  const client = await connect();
  client.send(joinFrame("room:1", ALL));
  await kit.settle();
  await kit.advance(5_000);
  messagesOf(client);
  client.send(joinFrame("room:1", ALL, "2"));
  await kit.settle();
  await log.proceed(); // the first, late
  await kit.settle();
  assertEquals(messagesOf(client), []);
  await log.proceed();
  await kit.settle();
  const [reply, ...rest] = messagesOf(client);
  assertEquals([reply[1], responseOf<{ troupe: { recovery: string } }>(reply).troupe.recovery], [
    "2",
    "recovered",
  ]);
  assertEquals(
    rest.map(([joinRef, , , event]) => [joinRef, event]),
    [["2", "greeting"], [null, "said"]],
  );
});

Deno.test("History: who leaves while its past is never read is answered by then, and its topic is free", async () => {
  const { kit, connect } = await stage();
  await using _kit = kit;
  const client = await connect();
  client.send(joinFrame("room:1", ALL));
  await kit.settle();
  client.send('["1","2","room:1","phx_leave",{}]');
  await kit.settle();
  await kit.advance(5_000);
  assertEquals(messagesOf(client).map(([, ref, , event, payload]) => [ref, event, payload]), [
    ["1", "phx_reply", { status: "error", response: TIMEOUT }],
    ["2", "phx_reply", { status: "ok", response: {} }],
    ["1", "phx_close", {}],
  ]);
  await kit.advance(20_000);
  assertEquals([kit.app.gauges.subscribers, kit.app.topics.size], [0, 0]);
});

Deno.test("History: who comes back and whose past is not read in time stays away, and may come back again", async () => {
  const { kit, log, left, connect } = await stage({ graceMs: 60_000 });
  await using _kit = kit;
  log.isSync = { append: true, read: true };
  const { session, epoch } = await away(kit);

  log.isSync = { append: true, read: false };
  const second = await connect();
  const back = { "troupe:session": session, troupe: { epoch, offset: 1 } };
  second.send(joinFrame("room:1", back));
  await kit.settle();
  await kit.advance(5_000);
  assertEquals(messagesOf(second), [
    ["1", "1", "room:1", "phx_reply", { status: "error", response: TIMEOUT }],
  ]);
  log.isSync = { append: true, read: true };
  second.send(joinFrame("room:1", back, "2"));
  await kit.settle();
  const [reply, said] = messagesOf(second);
  assertEquals(responseOf<{ troupe: { recovery: string } }>(reply).troupe.recovery, "recovered");
  assertEquals([said[4], left], [{ n: 2 }, []]);
});

Deno.test("History: handlers that have let a client in whose past is not read in time are told that it is away", async () => {
  const log = new SlowLog(memoryLog({ clock: new VirtualClock() }));
  log.isSync = { append: true, read: true };
  await using kit = new AppKit({
    log,
    limits: { graceMs: 60_000 },
    authenticate: () => ({ id: "ada" }),
  });
  const told: string[] = [];
  kit.app.topic("room:{id}", {
    history: { size: 10, ttlMs: 600_000 },
    suspended: () => void told.push("suspended"),
    resumed: () => void told.push("resumed"),
    expired: () => void told.push("expired"),
    leave: (_ctx, { kind }) => void told.push(`leave ${kind}`),
  });
  const { session, epoch } = await away(kit);

  log.isSync = { append: true, read: false };
  const second = await kit.connect("/socket/websocket?vsn=2.1.0");
  const back = { "troupe:session": session, troupe: { epoch, offset: 0 } };
  second.send(joinFrame("room:1", back));
  await kit.settle();
  await kit.advance(5_000);
  assertEquals(told, ["suspended", "resumed", "suspended"]);
  second.send(joinFrame("room:1", back, "2"));
  await kit.settle();
  await kit.advance(5_000);
  assertEquals(told.slice(3), ["resumed", "suspended"], "each time");
  second.close(1006);
  await kit.settle();
  await kit.advance(60_000);
  assertEquals(told.slice(5), ["expired", "leave expired"], "and once");
});

Deno.test("History: a topic whose log never says where it stands ends after historyTimeoutMs, with its channels", async () => {
  const inner = memoryLog();
  const log: Log = {
    head: () => new Promise(() => {}),
    append: (batches) => inner.append(batches),
    read: (topic, after, max) => inner.read(topic, after, max),
    snapshot: (topic) => inner.snapshot(topic),
  };
  await using kit = new AppKit({ log, limits: { historyTimeoutMs: 1_000 } });
  kit.app.topic("room:{id}", { history: { size: 10, ttlMs: 60_000 } });
  const client = await kit.connect("/socket/websocket?vsn=2.1.0");
  client.send(joinFrame("room:1"));
  await kit.settle();
  await kit.advance(999);
  assertEquals(messagesOf(client), []);
  await kit.advance(1);
  assertEquals(messagesOf(client).map(([, , , event]) => event), ["phx_error"]);
  client.send(joinFrame("room:1", {}, "2"));
  await kit.settle();
  const [reply] = messagesOf(client);
  assertEquals(responseOf<{ reason: string }>(reply).reason, "topic_unavailable");
  assertEquals(kit.app.system.counters.get("history.timed_out"), 1);
});
