import { assert, assertEquals } from "@std/assert";
import { AppKit } from "../../src/testing/mod.ts";
import type { FakeConnection } from "../../src/testing/mod.ts";
import { type Message, messagesOf } from "./messages.ts";

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

  /** A member, which has said so much. */
  async member(count = 0): Promise<{ ada: FakeConnection; epoch: string; connection: string }> {
    const ada = await this.join({});
    const { epoch, connection } = troupeOf(messagesOf(ada)[0]);
    for (let n = 1; n <= count; n++) await this.say(ada, "say", { n });
    return { ada, epoch, connection };
  }

  /** What somebody else is answered that joins with this, and the offsets of what comes behind. */
  async resume(troupe: object): Promise<{ answer: Troupe; replayed: unknown[] }> {
    const [reply, ...missed] = messagesOf(await this.join({ troupe }));
    return { answer: troupeOf(reply), replayed: offsets(missed) };
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
  const { ada, epoch } = await stage.member(4);
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
  const { epoch } = await stage.member(8);
  const { answer: { recovery, gap, offset }, replayed } = await stage.resume({ epoch, offset: 2 });
  assertEquals([recovery, gap, offset], ["partial", { from: 3, to: 5 }, 5]);
  assertEquals(replayed, [6, 7, 8]);
  assertEquals(stage.kit.app.system.counters.get("recoveries.partial"), 1);
});

Deno.test("Resume: a position of another history, or of the future, is reset; `last` gives the newest all the same", async () => {
  await using stage = new Stage();
  const { epoch } = await stage.member(5);
  const wrong = [{ epoch: "other", offset: 3 }, { epoch, offset: 6 }, { epoch: "other" }, { offset: 3 }];
  for (const asked of wrong) {
    const { answer, replayed } = await stage.resume(asked);
    assertEquals([answer.recovery, answer.offset, replayed], ["reset", 5, []]);
    const again = await stage.resume({ ...asked, last: 2 });
    assertEquals([again.answer.recovery, again.answer.offset, again.replayed], ["reset", 3, [4, 5]]);
  }
  const first = await stage.resume({ last: 3 });
  assertEquals([first.answer.recovery, first.answer.offset, first.replayed], [undefined, 2, [3, 4, 5]]);
  const all = await stage.resume({ offset: 0 });
  assertEquals([all.answer.recovery, all.replayed], ["recovered", [1, 2, 3, 4, 5]]);
});

Deno.test("Resume: what was not for a client is not replayed to it", async () => {
  await using stage = new Stage();
  const { ada, epoch, connection } = await stage.member();
  await stage.say(ada, "others", { n: 1 });
  await stage.say(ada, "whisper", { to: "nobody" });
  await stage.say(ada, "secret", { n: 0 });
  await stage.say(ada, "say", { n: 3 });
  const own = await stage.resume({ epoch, offset: 0, connection });
  assertEquals([own.answer.recovery, own.replayed], ["recovered", [3]]);
  assertEquals((await stage.resume({ epoch, offset: 0, connection: "another" })).replayed, [1, 3]);
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
  const { epoch } = await stage.member(9);
  const { answer, replayed } = await stage.resume({ epoch, offset: 1 });
  assertEquals([answer.recovery, answer.gap], ["partial", { from: 2, to: 6 }]);
  assertEquals(replayed, [7, 8, 9], "three payloads of 7 characters");
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
  const { ada, epoch } = await stage.member(1);
  ada.close();
  await stage.kit.advance(20_000);
  assertEquals(stage.kit.app.topics.size, 0);
  stage.kit.app.broadcast("room:1", "said", { n: 2 });
  stage.kit.app.broadcast("room:1", "typing", {}, { ephemeral: true });
  await stage.kit.settle();
  await stage.kit.advance(20_000);
  assertEquals(stage.kit.app.topics.size, 0);
  const { answer, replayed } = await stage.resume({ epoch, offset: 0 });
  assertEquals([answer.recovery, replayed], ["recovered", [1, 2]]);
});
