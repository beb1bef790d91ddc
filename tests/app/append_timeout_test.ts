/** What becomes of a topic whose log does not say whether it has stored something. */

import { assertEquals, assertThrows } from "@std/assert";
import { AppKit, VirtualClock } from "../../src/testing/mod.ts";
import { memoryLog, TroupeError } from "../../mod.ts";
import { SlowLog } from "../topics/slow_log.ts";
import { joinFrame, messagesOf, responseOf } from "./messages.ts";

const SESSION = "/socket/websocket?vsn=2.1.0";
const UNAVAILABLE = { status: "error", response: { reason: "topic_unavailable", retryAfterMs: 2_000 } };
const OK = { status: "ok", response: {} };

/** A member of a topic with a history, whose log stores when it is told to. */
async function stage(limits: Record<string, number> = {}) {
  const log = new SlowLog(memoryLog({ clock: new VirtualClock() }));
  log.isSync = { append: false, read: true };
  const kit = new AppKit({
    log,
    limits: { appendTimeoutMs: 1_000, topicIdleMs: 60_000, ...limits },
    authenticate: () => ({ id: "ada" }),
  });
  kit.app.topic("room:{id}", {
    history: { size: 10, ttlMs: 600_000 },
    on: {
      say(ctx, payload) {
        ctx.broadcast("said", payload);
        return {};
      },
    },
  }).topic("plain:{id}", {});
  const client = await kit.connect(SESSION);
  client.send(joinFrame("room:1"));
  await kit.settle();
  messagesOf(client);
  const heard = (): unknown[] =>
    messagesOf(client).map(([, ref, , event, payload]) => event === "phx_reply" ? [ref, payload] : event);
  /** Joins `room:1` from the beginning; gives what it is answered, and what it is sent. */
  const join = async (ref: string): Promise<{ answer: unknown; said: unknown[] }> => {
    client.send(joinFrame("room:1", { troupe: { offset: 0 } }, ref));
    await kit.settle();
    const [reply, ...rest] = messagesOf(client);
    return { answer: reply[4], said: rest.map(([, , , , payload]) => payload) };
  };
  const count = (name: string): number => kit.app.system.counters.get(name);
  return { kit, log, client, heard, join, count };
}

Deno.test("History: a topic whose append is not done in time ends, its messages are not answered, and it may be joined once the log is done", async () => {
  const { kit, log, client, heard, join, count } = await stage();
  await using _kit = kit;
  client.send('["1","2","room:1","say",{"n":1}]');
  await kit.settle();
  client.send('["1","3","room:1","say",{"n":2}]'); // waits for the one before
  await kit.settle();
  await kit.advance(999);
  assertEquals(heard(), []);
  await kit.advance(1);
  assertEquals(heard(), ["phx_error"], "nobody knows whether it is stored");
  assertEquals([count("history.overdue"), count("topics.crashed"), count("history.unstored")], [1, 1, 0]);
  await kit.advance(60_000);
  assertEquals((await join("4")).answer, UNAVAILABLE);
  await log.proceed(); // it is stored after all
  await kit.settle();
  const { said } = await join("5");
  assertEquals([said, heard()], [[{ n: 1 }], []], "what waited was never given to the log");
  client.send('["5","6","room:1","say",{"n":3}]');
  await kit.settle();
  await log.proceed();
  await kit.settle();
  assertEquals(messagesOf(client).map(([, ref, , , payload]) => [ref, payload]), [[null, { n: 3 }], [
    "6",
    OK,
  ]]);
  assertEquals([count("history.broken"), log.appended], [0, [1, 1]]);
});

Deno.test("History: an append that fails late has stored nothing, and the topic goes on from where it was", async () => {
  const { kit, log, client, heard, join, count } = await stage();
  await using _kit = kit;
  client.send('["1","2","room:1","say",{"n":1}]');
  await kit.settle();
  await kit.advance(1_000);
  assertEquals(heard(), ["phx_error"]);
  log.failing = new Error("the connection to the store was reset");
  await log.proceed();
  await kit.settle();
  assertEquals([count("history.unstored"), log.appended], [1, [1]]);
  log.failing = null;
  await kit.advance(10_000); // behind the backoff
  const { answer, said } = await join("3");
  assertEquals(
    [responseOf<{ troupe: { offset: number } }>([null, null, "", "", answer]).troupe.offset, said],
    [0, []],
  );
});

Deno.test("History: who sends the same again after a late append is answered as if it had been in time", async () => {
  const { kit, log, client } = await stage();
  await using _kit = kit;
  for (const [n, isStored] of [true, false].entries()) {
    client.send(`["1","2","room:1","say",{"n":${n},"troupe:id":"${n}"}]`);
    await kit.settle();
    await kit.advance(1_000);
    messagesOf(client);
    log.failing = isStored ? null : new Error("reset");
    await log.proceed();
    log.failing = null;
    await kit.settle();
    await kit.advance(10_000);
    client.send(joinFrame("room:1"));
    client.send(`["1","3","room:1","say",{"n":${n},"troupe:id":"${n}"}]`);
    await kit.settle();
    if (!isStored) await log.proceed();
    await kit.settle();
    const answers = messagesOf(client).filter(([, ref]) => ref === "3").map(([, , , , payload]) => payload);
    assertEquals(answers, [OK]);
    assertEquals(log.appended.length, isStored ? 1 : 3, "what is stored is not published again");
  }
});

Deno.test("History: what waits behind a late append is never stored, and counts once when its client sends it again", async () => {
  const { kit, log, client, join, count } = await stage();
  await using _kit = kit;
  const say = (ref: string, n: number) =>
    client.send(`["1","${ref}","room:1","say",{"n":${n},"troupe:id":"${n}"}]`);
  say("2", 1);
  await kit.settle();
  say("3", 2);
  await kit.settle();
  await kit.advance(1_000);
  await log.proceed();
  await kit.settle();
  await kit.advance(10_000);
  assertEquals(messagesOf(client).map(([, , , event]) => event), ["phx_error"]);
  assertEquals((await join("1")).said, [{ n: 1 }]);
  log.isSync = { append: true, read: true };
  for (const ref of ["4", "5"]) {
    say(ref, 1);
    say(ref, 2);
  }
  await kit.settle();
  const heard = messagesOf(client).map(([, ref, , event, payload]) =>
    event === "said" ? payload : [ref, payload]
  );
  assertEquals(heard, [["4", OK], { n: 2 }, ["4", OK], ["5", OK], ["5", OK]]);
  assertEquals([count("publishes.repeated"), count("history.overdue")], [3, 1]);
});

Deno.test("History: topics that wait for an overdue append count as living ones, and others go on", async () => {
  const { kit, client, heard, count } = await stage({ maxTopics: 2 });
  await using _kit = kit;
  client.send('["1","2","room:1","say",{"n":1}]');
  await kit.settle();
  await kit.advance(1_000);
  heard();
  client.send(joinFrame("plain:1", {}, "3"));
  client.send(joinFrame("plain:2", {}, "4"));
  await kit.settle();
  assertEquals(heard(), [["4", UNAVAILABLE], ["3", OK]].sort());
  assertEquals(count("topics.refused"), 1);
  assertEquals(
    assertThrows(() => kit.app.broadcast("room:1", "said", {}), TroupeError).code,
    "topic_unavailable",
  );
});
