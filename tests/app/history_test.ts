import { assert, assertEquals } from "@std/assert";
import { AppKit } from "../../src/testing/mod.ts";
import type { FakeConnection } from "../../src/testing/mod.ts";
import { memoryLog } from "../../mod.ts";
import { SlowLog } from "../topics/slow_log.ts";
import { joinFrame, type Message, messagesOf } from "./messages.ts";

class Stage implements AsyncDisposable {
  readonly kit: AppKit;

  constructor(history = { size: 100, ttlMs: 60_000 }, limits = {}) {
    this.kit = new AppKit({ limits });
    this.kit.app.topic("room:{id}", {
      history,
      join: () => ({ motd: "hi" }),
      on: {
        say: (ctx, payload) => void ctx.broadcast("said", payload),
        typing: (ctx, payload) => ctx.broadcast("typing", payload, { ephemeral: true }),
        others: (ctx, payload) => ctx.broadcast("said", payload, { except: ctx }),
        whisper: (ctx, payload) =>
          ctx.broadcast("said", payload, { only: { user: (payload as { to: string }).to } }),
        secret: (ctx, payload) => ctx.broadcast("said", payload, { only: { connection: ctx.connectionId } }),
        draw: (ctx) => ctx.broadcastBytes("drawn", new Uint8Array([1, 2, 3])),
      },
    });
  }

  async join(payload: object, vsn = "2.1.0"): Promise<FakeConnection> {
    const client = await this.kit.connect(`/socket/websocket?vsn=${vsn}`);
    client.send(JSON.stringify(["1", "1", "room:1", "phx_join", payload]));
    await this.kit.settle();
    return client;
  }

  async say(client: FakeConnection, event: string, payload: object): Promise<void> {
    client.send(JSON.stringify(["1", null, "room:1", event, payload]));
    await this.kit.settle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kit[Symbol.asyncDispose]();
  }
}

interface Troupe {
  epoch: string;
  offset: number;
  connection: string;
  recovery?: string;
  gap?: { from: number; to: number };
}

const troupeOf = ([, , , , payload]: Message): Troupe =>
  (payload as { response: { troupe: Troupe } }).response.troupe;
const offsets = (messages: Message[]): unknown[] => messages.map(([, , , , , offset]) => offset);

Deno.test("History: a join says where the topic stands, and each publication where it is", async () => {
  await using stage = new Stage();
  const ada = await stage.join({});
  const [reply] = messagesOf(ada);
  const { epoch, offset, connection } = troupeOf(reply);
  assertEquals([offset, typeof epoch, typeof connection], [0, "string", "string"]);
  await stage.say(ada, "say", { n: 1 });
  await stage.say(ada, "typing", {});
  await stage.say(ada, "say", { n: 2 });
  assertEquals(messagesOf(ada), [
    [null, null, "room:1", "said", { n: 1 }, 1],
    [null, null, "room:1", "typing", {}],
    [null, null, "room:1", "said", { n: 2 }, 2],
  ]);
  const bob = await stage.join({}, "2.0.0");
  assertEquals(troupeOf(messagesOf(bob)[0]).offset, 2);
  await stage.say(ada, "say", { n: 3 });
  assertEquals(messagesOf(bob), [[null, null, "room:1", "said", { n: 3 }]], "2.0.0 sees no offsets");
});

Deno.test("Resume: who comes back gets exactly what it has missed, in order, then what is live", async () => {
  await using stage = new Stage();
  const ada = await stage.join({});
  const { epoch } = troupeOf(messagesOf(ada)[0]);
  for (const n of [1, 2, 3, 4]) await stage.say(ada, "say", { n });
  await stage.say(ada, "draw", {});
  await stage.say(ada, "typing", {});
  const back = await stage.join({ troupe: { epoch, offset: 2 } });
  const [batch, drawn, ...rest] = back.take();
  const [reply, ...missed]: Message[] = JSON.parse(batch as string);
  const troupe = troupeOf(reply);
  assertEquals([troupe.epoch, troupe.offset, troupe.recovery], [epoch, 2, "recovered"]);
  assertEquals(offsets(missed), [3, 4]);
  assert(drawn instanceof Uint8Array);
  assertEquals(rest, []);
  await stage.say(ada, "say", { n: 6 });
  assertEquals(offsets(messagesOf(back)), [6]);
  const current = await stage.join({ troupe: { epoch, offset: 6 } });
  assertEquals(messagesOf(current).map(troupeOf).map(({ offset, recovery }) => [offset, recovery]), [[
    6,
    "recovered",
  ]]);
});

Deno.test("Resume: what is not kept any more is told, with its bounds", async () => {
  await using stage = new Stage({ size: 3, ttlMs: 60_000 });
  const ada = await stage.join({});
  const { epoch } = troupeOf(messagesOf(ada)[0]);
  for (let n = 1; n <= 8; n++) await stage.say(ada, "say", { n });
  const back = await stage.join({ troupe: { epoch, offset: 2 } });
  const [reply, ...missed] = messagesOf(back);
  const { recovery, gap, offset } = troupeOf(reply);
  assertEquals([recovery, gap, offset], ["partial", { from: 3, to: 5 }, 5]);
  assertEquals(offsets(missed), [6, 7, 8]);
  assertEquals(stage.kit.app.system.counters.get("recoveries.partial"), 1);
});

Deno.test("Resume: a position of another history, or of the future, is reset; `last` gives the newest all the same", async () => {
  await using stage = new Stage();
  const ada = await stage.join({});
  const { epoch } = troupeOf(messagesOf(ada)[0]);
  for (let n = 1; n <= 5; n++) await stage.say(ada, "say", { n });
  for (
    const asked of [{ epoch: "other", offset: 3 }, { epoch, offset: 6 }, { epoch: "other" }, { offset: 3 }]
  ) {
    const [reply, ...missed] = messagesOf(await stage.join({ troupe: asked }));
    assertEquals([troupeOf(reply).recovery, troupeOf(reply).offset, missed], ["reset", 5, []]);
    const [again, ...newest] = messagesOf(await stage.join({ troupe: { ...asked, last: 2 } }));
    assertEquals([troupeOf(again).recovery, troupeOf(again).offset, offsets(newest)], ["reset", 3, [4, 5]]);
  }
  const [first, ...newest] = messagesOf(await stage.join({ troupe: { last: 3 } }));
  assertEquals([troupeOf(first).recovery, troupeOf(first).offset, offsets(newest)], [undefined, 2, [
    3,
    4,
    5,
  ]]);
  const [all, ...kept] = messagesOf(await stage.join({ troupe: { offset: 0 } }));
  assertEquals([troupeOf(all).recovery, offsets(kept)], ["recovered", [1, 2, 3, 4, 5]]);
});

Deno.test("Resume: what was not for a client is not replayed to it", async () => {
  await using stage = new Stage();
  const ada = await stage.join({});
  const { epoch, connection } = troupeOf(messagesOf(ada)[0]);
  await stage.say(ada, "others", { n: 1 });
  await stage.say(ada, "whisper", { to: "nobody" });
  await stage.say(ada, "secret", { n: 0 });
  await stage.say(ada, "say", { n: 3 });
  const [own, ...mine] = messagesOf(await stage.join({ troupe: { epoch, offset: 0, connection } }));
  assertEquals([troupeOf(own).recovery, offsets(mine)], ["recovered", [3]]);
  const [, ...others] = messagesOf(await stage.join({ troupe: { epoch, offset: 0, connection: "another" } }));
  assertEquals(offsets(others), [1, 3]);
});

Deno.test("Resume: what a client has said to the others does not come back to it, though it comes back several times", async () => {
  await using stage = new Stage();
  const ada = await stage.join({});
  let { epoch, connection } = troupeOf(messagesOf(ada)[0]);
  await stage.say(ada, "others", { n: 1 });
  // Nothing gets it past that publication.
  for (let n = 0; n < 3; n++) {
    const back = await stage.join({ troupe: { epoch, offset: 0, connection } });
    const [reply, ...missed] = messagesOf(back);
    assertEquals(missed, []);
    ({ connection } = troupeOf(reply));
    assertEquals(connection.split(" ").length, Math.min(n + 2, 3));
    await stage.say(back, "others", { n: n + 2 });
  }
  // More than three are too long a name: what is farther back is forgotten, and the name is still one.
  const [, ...missed] = messagesOf(await stage.join({ troupe: { epoch, offset: 0, connection } }));
  assertEquals(offsets(missed), [1]);
  const long = "x".repeat(128);
  const [reply] = messagesOf(await stage.join({ troupe: { epoch, offset: 4, connection: long } }));
  assertEquals(troupeOf(reply).connection.length, 36);
});

Deno.test("Resume: more than one join is sent is left out, and told", async () => {
  await using stage = new Stage(undefined, { maxReplay: 4, maxReplayBytes: 24 });
  const ada = await stage.join({});
  const { epoch } = troupeOf(messagesOf(ada)[0]);
  for (let n = 1; n <= 9; n++) await stage.say(ada, "say", { n });
  const [reply, ...missed] = messagesOf(await stage.join({ troupe: { epoch, offset: 1 } }));
  assertEquals([troupeOf(reply).recovery, troupeOf(reply).gap], ["partial", { from: 2, to: 6 }]);
  assertEquals(offsets(missed), [7, 8, 9], "three payloads of 7 characters");
});

Deno.test("Resume: what a client says in a wrong form is refused, and says what is accepted", async () => {
  await using stage = new Stage();
  for (const wrong of [7, [], { offset: -1 }, { epoch: 7 }, { last: 1.5 }, { connection: {} }]) {
    const [[, , , event, payload]] = messagesOf(await stage.join({ troupe: wrong }));
    const { status, response } = payload as {
      status: string;
      response: { reason: string; issues: { path: string }[] };
    };
    assertEquals([event, status, response.reason], ["phx_reply", "error", "invalid_payload"]);
    assert(response.issues[0].path.startsWith("troupe"));
  }
});

Deno.test("History: it outlives its topic, and takes in what is published where nobody is", async () => {
  await using stage = new Stage();
  const ada = await stage.join({});
  const { epoch } = troupeOf(messagesOf(ada)[0]);
  await stage.say(ada, "say", { n: 1 });
  ada.close();
  await stage.kit.advance(20_000);
  assertEquals(stage.kit.app.topics.size, 0);
  stage.kit.app.broadcast("room:1", "said", { n: 2 });
  stage.kit.app.broadcast("room:1", "typing", {}, { ephemeral: true });
  await stage.kit.settle();
  await stage.kit.advance(20_000);
  assertEquals(stage.kit.app.topics.size, 0);
  const [reply, ...missed] = messagesOf(await stage.join({ troupe: { epoch, offset: 0 } }));
  assertEquals([troupeOf(reply).recovery, offsets(missed)], ["recovered", [1, 2]]);
});

Deno.test("History: what cannot be stored is answered so, nobody gets it, and the same id may come again", async () => {
  const log = new SlowLog(memoryLog());
  log.isSync = { append: true, read: true };
  await using kit = new AppKit({ log });
  kit.app.topic("room:{id}", {
    history: { size: 10, ttlMs: 60_000 },
    on: {
      say(ctx, payload) {
        ctx.broadcast("said", payload);
        return {};
      },
      other: () => ({}),
    },
  });
  const client = await kit.connect("/socket/websocket?vsn=2.1.0");
  client.send(joinFrame("room:1"));
  await kit.settle();
  messagesOf(client);
  log.failing = new Error("disk full");
  client.send('["1","2","room:1","say",{"troupe:id":"a"}]');
  client.send('["1","3","room:1","other",{}]');
  await kit.settle();
  const replies = (): unknown[] =>
    messagesOf(client).map(([, ref, , event, payload]) => event === "phx_reply" ? [ref, payload] : event);
  assertEquals(replies(), [
    ["2", { status: "error", response: { reason: "not_stored" } }],
    ["3", { status: "ok", response: {} }],
  ]);
  log.failing = null;
  client.send('["1","4","room:1","say",{"troupe:id":"a"}]');
  await kit.settle();
  assertEquals(replies(), ["said", ["4", { status: "ok", response: {} }]]);
});

Deno.test("History: repetitions of what could not be stored are answered as well, though their handler is busy still", async () => {
  const log = new SlowLog(memoryLog());
  log.isSync = { append: true, read: true };
  await using kit = new AppKit({ log });
  const { promise, resolve } = Promise.withResolvers<void>();
  kit.app.topic("room:{id}", {
    history: { size: 10, ttlMs: 60_000 },
    on: {
      async say(ctx, payload) {
        await null;
        ctx.broadcast("said", payload);
        await promise;
      },
    },
  });
  const ada = await kit.connect("/socket/websocket?vsn=2.1.0");
  ada.send(joinFrame("room:1"));
  await kit.settle();
  messagesOf(ada);
  log.failing = new Error("the disk is full");
  for (const ref of ["2", "3"]) ada.send(`["1","${ref}","room:1","say",{"troupe:id":"x"}]`);
  await kit.settle();
  resolve();
  await kit.settle();
  const answered = messagesOf(ada).map(([, ref, , , payload]) => [ref, payload]);
  const unstored = { status: "error", response: { reason: "not_stored" } };
  assertEquals(answered, [["3", unstored], ["2", unstored]]);
});

Deno.test("History: a log that takes its time holds that topic alone, and no heartbeat", async () => {
  const log = new SlowLog(memoryLog());
  log.isSync = { append: false, read: true };
  await using kit = new AppKit({ log });
  kit.app.topic("room:{id}", {
    history: { size: 10, ttlMs: 60_000 },
    on: {
      say(ctx, payload) {
        ctx.broadcast("said", payload);
        return {};
      },
    },
  }).topic("plain:{id}", { on: { ping: () => ({ pong: true }) } });
  const client = await kit.connect("/socket/websocket?vsn=2.1.0");
  client.send(joinFrame("room:1"));
  client.send(joinFrame("plain:1", {}, "2"));
  await kit.settle();
  messagesOf(client);
  client.send('["1","3","room:1","say",{}]');
  await kit.settle();
  client.send('[null,"4","phoenix","heartbeat",{}]');
  client.send('["2","5","plain:1","ping",{}]');
  await kit.settle();
  assertEquals(messagesOf(client).map(([, ref]) => ref), ["4", "5"]);
  await log.proceed();
  await kit.settle();
  assertEquals(messagesOf(client).map(([, ref, , event]) => [ref, event]), [[null, "said"], [
    "3",
    "phx_reply",
  ]]);
});

Deno.test("History: a client whose channel crashes is told so, though its topic ends before it has stored what came before", async () => {
  await using kit = new AppKit();
  kit.app.topic("room:{id}", {
    history: { size: 10, ttlMs: 60_000 },
    life: {
      message() {
        throw new Error("the topic falls");
      },
    },
    on: {
      fall(ctx) {
        ctx.broadcast("said", {});
        ctx.tellTopic("fall");
        throw new Error("and so does the channel");
      },
    },
  });
  const client = await kit.connect("/socket/websocket?vsn=2.1.0");
  client.send(joinFrame("room:1"));
  await kit.settle();
  messagesOf(client);
  client.send('["1","2","room:1","fall",{}]');
  await kit.settle();
  assertEquals(messagesOf(client).map(([, , , event]) => event), ["phx_error"]);
});
