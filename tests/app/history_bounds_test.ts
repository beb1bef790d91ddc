import { assertEquals } from "@std/assert";
import { AppKit, VirtualClock } from "../../src/testing/mod.ts";
import { type Log, memoryLog } from "../../mod.ts";
import { sqliteLog } from "../../src/stores/sqlite.ts";
import { joinFrame, type Message, messagesOf, responseOf } from "./messages.ts";

const LOGS: [string, (maxTopics: number) => Log][] = [
  ["memoryLog", (maxTopics) => memoryLog({ maxTopics, clock: new VirtualClock() })],
  ["sqliteLog", (maxTopics) => sqliteLog({ path: ":memory:", maxTopics, clock: new VirtualClock() })],
];

async function stage(log: Log) {
  const kit = new AppKit({ log });
  kit.app.topic("room:{id}", {
    history: { size: 10, ttlMs: 600_000 },
    on: {
      say(ctx, payload) {
        ctx.broadcast("said", payload);
        return {};
      },
    },
  });
  const client = await kit.connect("/socket/websocket?vsn=2.1.0");
  const join = async (topic: string, ref = topic): Promise<Message> => {
    client.send(joinFrame(topic, {}, ref));
    await kit.settle();
    return messagesOf(client).find(([joinRef]) => joinRef === ref)!;
  };
  return { kit, client, join };
}

for (const [name, open] of LOGS) {
  Deno.test(`History: with ${name}, a topic that has members keeps its own, whatever others come and go`, async () => {
    const { kit, client, join } = await stage(open(2));
    await using _kit = kit;
    await join("room:1");
    for (let n = 0; n < 5; n++) {
      kit.app.broadcast(`room:other${n}`, "said", { n });
      await kit.settle();
    }
    client.send('["room:1","2","room:1","say",{"n":1}]');
    await kit.settle();
    assertEquals(messagesOf(client).map(([, , , event]) => event), ["said", "phx_reply"]);
    const { counters } = kit.app.system;
    assertEquals([counters.get("log.forgotten.topics"), counters.get("history.broken")], [4, 0]);
  });

  Deno.test(`History: with ${name}, where all that it may keep have members, one more cannot begin, and they go on`, async () => {
    const { kit, client, join } = await stage(open(2));
    await using _kit = kit;
    for (const topic of ["room:1", "room:2"]) await join(topic);
    assertEquals((await join("room:3"))[3], "phx_error");
    const [, , , , payload] = await join("room:3", "again");
    assertEquals((payload as { response: { reason: string } }).response.reason, "topic_unavailable");
    for (const topic of ["room:1", "room:2"]) {
      client.send(JSON.stringify([topic, "3", topic, "say", {}]));
      await kit.settle();
      assertEquals(messagesOf(client).map(([, , of, event]) => [of, event]), [[topic, "said"], [
        topic,
        "phx_reply",
      ]]);
    }
    assertEquals(kit.app.system.counters.get("log.refused.topics"), 1);

    client.send('["room:1","4","room:1","phx_leave",{}]');
    await kit.settle();
    await kit.advance(60_000);
    messagesOf(client);
    assertEquals(responseOf<{ troupe: { offset: number } }>(await join("room:3", "then")).troupe.offset, 0);
  });
}

Deno.test("History: a topic whose log forgets it for its bytes ends, is counted, and begins anew", async () => {
  const { kit, client, join } = await stage(memoryLog({ maxBytes: 3_000, clock: new VirtualClock() }));
  await using _kit = kit;
  await join("room:1");
  await join("room:2");
  client.send(JSON.stringify(["room:2", "3", "room:2", "say", { text: "x".repeat(1_000) }]));
  await kit.settle();
  messagesOf(client);
  client.send('["room:1","4","room:1","say",{}]');
  await kit.settle();
  assertEquals(messagesOf(client).map(([, , of, event]) => [of, event]), [["room:1", "phx_error"]]);
  assertEquals(kit.app.system.counters.get("history.broken"), 1);
});
