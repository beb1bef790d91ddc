import { assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import { TroupeError } from "../../mod.ts";
import { AppKit } from "../../src/testing/app_kit.ts";
import type { FakeConnection } from "../../src/testing/fake_transport.ts";

const PATH = "/socket/websocket?vsn=2.0.0";

/** A client that has joined `room:<room>`, and whose answers were taken. */
async function joined(kit: AppKit, room = "1"): Promise<FakeConnection> {
  const client = await kit.connect(PATH);
  client.send(`["1","1","room:${room}","phx_join",{}]`);
  await kit.settle();
  client.take();
  return client;
}

const kickedFrom = (room: string): string[] => [
  `["1",null,"room:${room}","troupe:kicked",{"reason":"not_a_member"}]`,
  `["1","1","room:${room}","phx_close",{}]`,
];

Deno.test("recheck on demand: a member that fails is told and ended, with what waited behind unheard; others stay", async () => {
  await using kit = new AppKit();
  const banned = new Set<string>();
  const left: string[] = [];
  const heard: unknown[] = [];
  kit.app.topic("room:{id}", {
    recheck: (ctx) => !banned.has(ctx.connectionId),
    on: { say: (ctx) => void heard.push(ctx.connectionId) },
    leave: (_ctx, { kind, reason }) => void left.push(`${kind}: ${reason}`),
  });
  const [ada, eve] = [await joined(kit), await joined(kit)];
  const [adaId, eveId] = [...kit.app.connections].map(({ id }) => id);
  banned.add(eveId);
  assertEquals(kit.app.recheck("room:1"), 2);
  await kit.advance(0);
  eve.send('["1","2","room:1","say",{}]');
  ada.send('["1","2","room:1","say",{}]');
  await kit.settle();
  assertEquals([ada.take(), left, heard], [[], ["kicked: not_a_member"], [adaId]]);
  assertEquals(eve.take(), [
    ...kickedFrom("1"),
    '[null,"2","room:1","phx_reply",{"response":{"reason":"unmatched topic"},"status":"error"}]',
  ]);
  assertEquals([ada.closed, eve.closed], [null, null]); // the connection lives
  const { counters } = kit.app.system;
  assertEquals([counters.get("channels.rechecked"), counters.get("channels.recheck_failed")], [2, 1]);
});

Deno.test("recheck on demand: all topics, where none is named; those without the handler are not asked", async () => {
  await using kit = new AppKit();
  const asked: string[] = [];
  kit.app.topic("room:{id}", { recheck: (ctx) => asked.push(ctx.topic) > 0 }).topic("other:{id}", {});
  const client = await joined(kit, "1");
  await joined(kit, "2");
  client.send('["2","2","other:1","phx_join",{}]');
  await kit.settle();
  assertEquals([kit.app.recheck(), kit.app.recheck("other:1"), kit.app.recheck("room:9")], [2, 0, 0]);
  await kit.advance(0);
  assertEquals(asked.sort(), ["room:1", "room:2"]);
});

Deno.test("recheck on schedule: each member in its time, again and again, as long as it is one", async () => {
  await using kit = new AppKit({ limits: { idleMs: 0, topicIdleMs: 0 } });
  let asked = 0;
  kit.app.topic("room:{id}", { recheckMs: 60_000, recheck: () => ++asked > 0 });
  const client = await joined(kit);
  await kit.advance(29_999);
  assertEquals(asked, 0);
  await kit.advance(30_001);
  assertEquals(asked, 1);
  await kit.advance(600_000);
  assertEquals(asked, 11);
  client.send('["1","9","room:1","phx_leave",{}]');
  await kit.advance(60_000);
  assertEquals([asked, kit.clock.pending], [11, 0]);
});

Deno.test("recheck on schedule: those who joined together are not asked together", async () => {
  await using kit = new AppKit({ limits: { idleMs: 0 } });
  const askedAtMs: number[] = [];
  kit.app.topic("room:{id}", { recheckMs: 60_000, recheck: () => askedAtMs.push(kit.clock.now()) > 0 });
  for (let i = 0; i < 300; i++) await joined(kit);
  const startMs = kit.clock.now();
  await kit.advance(60_000);
  assertEquals(askedAtMs.length, 300);
  for (let from = 30_000; from < 60_000; from += 3_000) {
    const within = askedAtMs.filter((atMs) => atMs - startMs >= from && atMs - startMs < from + 3_000);
    assertLessOrEqual(within.length, 60);
  }
});

Deno.test("recheck: thousands are asked some at a time, and the loop turns in between", async () => {
  await using kit = new AppKit({ limits: { idleMs: 0 } });
  let asked = 0;
  kit.app.topic("room:{id}", { recheck: () => ++asked > 0 });
  for (let i = 0; i < 2_500; i++) await joined(kit);
  assertEquals(kit.app.recheck("room:1"), 2_500);
  const steps: number[] = [];
  while (kit.clock.step(kit.clock.elapsedMs())) {
    await kit.settle();
    steps.push(asked);
  }
  assertEquals(steps, [1_000, 2_000, 2_500]);
});

Deno.test("recheck: an asynchronous one holds up its channel alone; no is no, and anything but true is no", async () => {
  await using kit = new AppKit();
  let answer: (yes: unknown) => void = () => {};
  kit.app.topic("room:{id}", {
    recheck: () => new Promise((resolve) => answer = resolve as (yes: unknown) => void),
    on: { say: () => ({ heard: true }) },
  });
  const client = await joined(kit);
  for (const yes of [true, "yes"]) {
    kit.app.recheck("room:1");
    await kit.advance(0);
    client.send('["1","2","room:1","say",{}]');
    await kit.settle();
    assertEquals(client.take(), []);
    answer(yes);
    await kit.settle();
    const said = ['["1","2","room:1","phx_reply",{"response":{"heard":true},"status":"ok"}]'];
    if (yes === true) assertEquals(client.take(), said);
    else assertEquals(client.take().slice(0, 2), kickedFrom("1"));
  }
});

Deno.test("recheck: a throw is a crash, as in every handler", async () => {
  await using kit = new AppKit();
  kit.app.topic("room:{id}", {
    recheck() {
      throw new Error("the database is gone");
    },
  });
  const client = await joined(kit);
  kit.app.recheck("room:1");
  await kit.advance(0);
  assertEquals(client.take(), ['["1","1","room:1","phx_error",{"reason":"channel_crash"}]']);
});

Deno.test("recheck: a channel that waits for its client is asked too", async () => {
  await using kit = new AppKit({
    limits: { graceMs: 600_000, idleMs: 0 },
    authenticate: () => ({ id: "ada" }),
  });
  const left: string[] = [];
  kit.app.topic("room:{id}", { recheck: () => false, leave: (_ctx, { kind }) => void left.push(kind) });
  (await joined(kit)).close(1006);
  await kit.settle();
  assertEquals([left, kit.app.recheck("room:1")], [[], 1]);
  await kit.advance(0);
  assertEquals(left, ["kicked"]);
});

Deno.test("recheck: a schedule without a handler, or one that is no time, fails at start", () => {
  const { app } = new AppKit();
  const code = (handlers: object): string =>
    assertThrows(() => app.topic("room:{id}", handlers), TroupeError).code;
  assertEquals(code({ recheckMs: 1_000 }), "invalid_handlers");
  for (const recheckMs of [0, -1, NaN, Infinity, "60 s"]) {
    assertEquals(code({ recheckMs, recheck: () => true }), "invalid_handlers");
  }
  assertEquals(code({ recheck: true }), "invalid_handlers");
});
