/** When a client is answered whose message is to be stored, and what it is answered where it cannot be. */

import { assertEquals } from "@std/assert";
import { AppKit } from "../../src/testing/mod.ts";
import { memoryLog } from "../../mod.ts";
import { SlowLog } from "../topics/slow_log.ts";
import { joinFrame, messagesOf, responseOf } from "./messages.ts";

const UNSTORED = { status: "error", response: { reason: "not_stored" } };
const OK = { status: "ok", response: {} };

/** A member of a topic with a history, whose log stores at once unless the test says otherwise. */
async function stage(isSync = { append: true, read: true }, limits = {}) {
  const log = new SlowLog(memoryLog());
  log.isSync = isSync;
  const kit = new AppKit({ log, limits });
  const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
  kit.app.topic("room:{id}", {
    history: { size: 10, ttlMs: 60_000 },
    life: {
      message() {
        throw new Error("the topic falls");
      },
    },
    on: {
      say(ctx, payload) {
        ctx.broadcast("said", payload);
        return {};
      },
      other: () => ({}),
      async hold(ctx, payload) {
        await null;
        ctx.broadcast("said", payload);
        await held;
      },
      fall(ctx) {
        ctx.broadcast("said", {});
        ctx.tellTopic("fall");
        throw new Error("and so does the channel");
      },
    },
  }).topic("plain:{id}", { on: { ping: () => ({ pong: true }) } });
  const client = await kit.connect("/socket/websocket?vsn=2.1.0");
  client.send(joinFrame("room:1"));
  client.send(joinFrame("plain:1", {}, "p"));
  await kit.settle();
  messagesOf(client);
  /** What has come: answers with the ref of what they answer, else events. */
  const heard = (): unknown[] =>
    messagesOf(client).map(([, ref, , event, payload]) => event === "phx_reply" ? [ref, payload] : event);
  return { kit, log, client, heard, letGo };
}

Deno.test("History: what cannot be stored is answered so, nobody gets it, and the same id may come again", async () => {
  const { kit, log, client, heard } = await stage();
  await using _kit = kit;
  log.failing = new Error("disk full");
  client.send('["1","2","room:1","say",{"troupe:id":"a"}]');
  client.send('["1","3","room:1","other",{}]');
  await kit.settle();
  assertEquals(heard(), [["2", UNSTORED], ["3", OK]]);
  log.failing = null;
  client.send('["1","4","room:1","say",{"troupe:id":"a"}]');
  await kit.settle();
  assertEquals(heard(), ["said", ["4", OK]]);
});

Deno.test("History: what cannot be stored may come again, also from a client that counts its refs anew when it is back", async () => {
  const log = new SlowLog(memoryLog());
  log.isSync = { append: true, read: true };
  const limits = { graceMs: 10_000 };
  await using kit = new AppKit({ log, limits, authenticate: () => ({ id: "ada" }) });
  kit.app.topic("room:{id}", {
    history: { size: 10, ttlMs: 60_000 },
    on: {
      say(ctx, payload) {
        ctx.broadcast("said", payload);
        return {};
      },
    },
  });
  const before = await kit.connect("/socket/websocket?vsn=2.1.0");
  before.send(joinFrame("room:1"));
  before.send('["1","2","room:1","say",{"n":1,"troupe:id":"a"}]');
  await kit.settle();
  const { session } = responseOf<{ troupe: { session: string } }>(messagesOf(before)[0]).troupe;
  before.close(1006);
  await kit.settle();
  const after = await kit.connect("/socket/websocket?vsn=2.1.0");
  after.send(joinFrame("room:1", { "troupe:session": session }));
  await kit.settle();
  messagesOf(after);
  log.failing = new Error("disk full");
  after.send('["1","2","room:1","say",{"n":2,"troupe:id":"b"}]');
  await kit.settle();
  assertEquals(messagesOf(after).map(([, , , , payload]) => payload), [UNSTORED]);
  log.failing = null;
  after.send('["1","3","room:1","say",{"n":2,"troupe:id":"b"}]');
  after.send('["1","4","room:1","say",{"n":1,"troupe:id":"a"}]');
  await kit.settle();
  assertEquals(messagesOf(after).map(([, ref, , event, payload]) => [ref, event, payload]), [
    [null, "said", { n: 2 }],
    ["3", "phx_reply", OK],
    ["4", "phx_reply", OK],
  ]);
});

Deno.test("History: repetitions of what could not be stored are answered as well, though their handler is busy still", async () => {
  const { kit, log, client, heard, letGo } = await stage();
  await using _kit = kit;
  log.failing = new Error("disk full");
  for (const ref of ["2", "3"]) client.send(`["1","${ref}","room:1","hold",{"troupe:id":"a"}]`);
  await kit.settle();
  letGo();
  await kit.settle();
  assertEquals(heard(), [["3", UNSTORED], ["2", UNSTORED]]);
});

Deno.test("History: repetitions of what could not be stored are answered alike, though its handler was done before they came", async () => {
  const { kit, log, client, heard } = await stage({ append: false, read: true });
  await using _kit = kit;
  client.send('["1","2","room:1","say",{"troupe:id":"a"}]');
  await kit.settle();
  client.send('["1","3","room:1","say",{"troupe:id":"a"}]');
  client.send('["1","4","room:1","other",{}]');
  client.send('["1","5","room:1","say",{"troupe:id":"a"}]');
  await kit.settle();
  assertEquals(heard(), []);
  log.failing = new Error("disk full");
  await log.proceed();
  await kit.settle();
  assertEquals(heard(), [["2", UNSTORED], ["3", UNSTORED], ["4", OK], ["5", UNSTORED]]);
});

Deno.test("History: repetitions of what could not be stored are answered alike, also where its session has forgotten it", async () => {
  const { kit, log, client, heard } = await stage({ append: false, read: true }, { dedupeWindow: 2 });
  await using _kit = kit;
  client.send('["1","2","room:1","say",{"troupe:id":"a"}]');
  await kit.settle();
  client.send('["1","3","room:1","say",{"troupe:id":"a"}]');
  for (const id of ["b", "c"]) client.send(`["1","${id}","room:1","other",{"troupe:id":"${id}"}]`);
  await kit.settle();
  log.failing = new Error("disk full");
  await log.proceed();
  await kit.settle();
  assertEquals(heard(), [["2", UNSTORED], ["3", UNSTORED], ["b", OK], ["c", OK]]);
});

Deno.test("History: a log that takes its time holds that topic alone, and no heartbeat", async () => {
  const { kit, log, client, heard } = await stage({ append: false, read: true });
  await using _kit = kit;
  client.send('["1","3","room:1","say",{}]');
  await kit.settle();
  client.send('[null,"4","phoenix","heartbeat",{}]');
  client.send('["p","5","plain:1","ping",{}]');
  await kit.settle();
  assertEquals(heard(), [["4", OK], ["5", { status: "ok", response: { pong: true } }]]);
  await log.proceed();
  await kit.settle();
  assertEquals(heard(), ["said", ["3", OK]]);
});

Deno.test("History: a client whose channel crashes is told so, though its topic ends before it has stored what came before", async () => {
  const { kit, client, heard } = await stage();
  await using _kit = kit;
  client.send('["1","2","room:1","fall",{}]');
  await kit.settle();
  assertEquals(heard(), ["phx_error"]);
});
