import { assertEquals } from "@std/assert";
import { dropOldest } from "../../mod.ts";
import { AppKit } from "../../src/testing/mod.ts";
import { joinFrame, messagesOf } from "../app/messages.ts";

function stage(mode: "exact" | "counted") {
  const kit = new AppKit({ limits: { outboxFrames: 50 } });
  kit.app.topic("room:{id}", {
    presence: { mode },
    slow: dropOldest({ max: 2 }),
    join: (ctx, payload) => ctx.presence.track((payload as { key: string }).key, {}),
    on: { say: (ctx, payload) => ctx.broadcast("said", payload) },
  });
  const connect = async (key: string) => {
    const client = await kit.connect("/socket/websocket?vsn=2.0.0");
    client.send(joinFrame("room:1", { key }));
    await kit.settle();
    return client;
  };
  return { kit, connect };
}

Deno.test("Slow consumers: presence is never dropped for a client that is behind, it collapses to a fresh state", async () => {
  const { kit, connect } = stage("exact");
  await using _kit = kit;
  const slow = await connect("slow");
  messagesOf(slow);
  slow.socket.bufferedBytes = 65_536;
  const others = [];
  for (let n = 0; n < 60; n++) others.push(await connect(`other ${n}`)); // more than its outbox holds
  for (const other of others.slice(1)) other.send('["1",null,"room:1","phx_leave",{}]');
  await kit.settle();
  for (let n = 0; n < 4; n++) others[0].send(`["1",null,"room:1","say",{"n":${n}}]`);
  await kit.settle();
  assertEquals([slow.closed, messagesOf(slow)], [null, []]);
  slow.socket.resume();
  await kit.advance(1_000);
  const messages = messagesOf(slow);
  assertEquals(messages.map(([, , , event]) => event), [
    "troupe:missed",
    "said",
    "said",
    "presence_state",
  ]);
  assertEquals(messages[0][4], { count: 2, from: null, to: null }, "presence is not counted as missed");
  assertEquals(Object.keys(messages[3][4] as object), ["slow", "other 0"]);
  others[0].send('["1",null,"room:1","phx_leave",{}]');
  await kit.settle();
  assertEquals(messagesOf(slow).map(([, , , event]) => event), ["presence_diff"]);
  assertEquals(kit.app.system.counters.get("presence.collapsed") > 60, true);
});

Deno.test("Slow consumers: counts collapse as well; a client that has gone meanwhile is told nothing", async () => {
  const { kit, connect } = stage("counted");
  await using _kit = kit;
  const [slow, gone] = [await connect("slow"), await connect("gone")];
  for (const each of [slow, gone]) {
    messagesOf(each);
    each.socket.bufferedBytes = 65_536;
  }
  for (let n = 0; n < 5; n++) {
    await connect(`other ${n}`);
    await kit.advance(2_000);
  }
  gone.close();
  slow.socket.resume();
  await connect("last");
  await kit.advance(2_000);
  const counts = messagesOf(slow).map((
    [, , , event, payload],
  ) => [event, (payload as { count: number }).count]);
  assertEquals(counts.at(-1), ["troupe:presence", 7]);
  assertEquals(counts.length <= 3, true, JSON.stringify(counts));
});
