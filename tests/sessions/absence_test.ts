import { assertEquals, assertNotEquals } from "@std/assert";
import { joined } from "../../mod.ts";
import type { AppKit } from "../../src/testing/mod.ts";
import { connect, gate, replyTo } from "./client.ts";
import { claim, type Ctx, GRACE_MS, joinedAs, makeKit, troupe, withLog } from "./absence_stage.ts";

Deno.test("Sessions: state, membership and joinRef survive a drop; the client goes on where it was", async () => {
  await using kit = makeKit();
  const log = withLog(kit);
  const first = await connect(kit);
  const secret = await joinedAs(kit, first);
  first.push("room:1", "add");
  first.connection.close(1006);
  await kit.settle();
  assertEquals(kit.app.connections.size, 0);
  assertEquals(log, ["join room:1", "suspended room:1 suspended"]);

  const second = await connect(kit);
  const ref = second.join("room:1", claim(secret));
  await kit.settle();
  const messages = second.take();
  assertEquals(messages.length, 1);
  const { session, resumed } = troupe(messages, ref);
  assertEquals(replyTo(messages, ref).response.hello, "there");
  assertEquals(resumed, true);
  assertNotEquals(session, secret);
  assertEquals(log.slice(2), ["resumed room:1 resumed"]);
  const add = second.push("room:1", "add");
  kit.app.broadcast("room:1", "said", { n: 1 });
  await kit.settle();
  assertEquals(second.takeBrief().sort(), [`ok:${add}`, "said"].sort());
  second.leave("room:1");
  await kit.settle();
  assertEquals(log.slice(3), ["leave room:1 left"]);
  assertEquals(second.takeBrief(), [`ok:${Number(add) + 1}`, "phx_close"]);
});

Deno.test("Sessions: without graceMs nothing is said of them, and a drop ends the channels", async () => {
  await using kit = makeKit({ graceMs: 0 });
  const log = withLog(kit);
  const client = await connect(kit);
  const ref = client.join("room:1", claim("made up"));
  await kit.settle();
  assertEquals(replyTo(client.take(), ref).response, { hello: "there" });
  client.connection.close(1006);
  await kit.settle();
  assertEquals(log, ["join room:1", "leave room:1 closed"]);
});

Deno.test("Sessions: unclaimed, they expire after graceMs: expired, then leave; the secret is worth nothing then", async () => {
  await using kit = makeKit();
  const log = withLog(kit);
  const { actors, timers, sessions } = kit.app.gauges;
  const first = await connect(kit);
  const secret = await joinedAs(kit, first);
  first.connection.close(1006);
  await kit.settle();
  await kit.advance(GRACE_MS - 1);
  assertEquals(log.length, 2);
  await kit.advance(1);
  assertEquals(log.slice(2), ["expired room:1", "leave room:1 expired"]);
  await kit.advance(2_000);
  assertEquals(kit.app.gauges, { ...kit.app.gauges, actors, timers, sessions });
  const second = await connect(kit);
  const ref = second.join("room:1", claim(secret));
  await kit.settle();
  assertEquals(troupe(second.take(), ref).resumed, undefined);
  const { counters } = kit.app.system;
  const names = ["suspended", "resumed", "expired", "claim_refused"];
  assertEquals(names.map((name) => counters.get(`sessions.${name}`)), [1, 0, 1, 1]);
  assertEquals(counters.get("channels.expired"), 1);
});

Deno.test("Sessions: what is published and pushed meanwhile is lost, counted, and the client is told how much", async () => {
  await using kit = makeKit();
  let ctx: Ctx | null = null;
  kit.app.topic("room:*", {
    join(context) {
      ctx = context as unknown as Ctx;
      return joined({ n: 0 });
    },
  });
  const first = await connect(kit);
  const other = await connect(kit);
  other.join("room:1");
  const secret = await joinedAs(kit, first);
  first.connection.close(1006);
  for (const n of [1, 2, 3]) kit.app.broadcast("room:1", "said", { n });
  await kit.settle();
  kit.app.broadcast("room:1", "said", { n: 4 }, { only: { user: "nobody" } });
  ctx!.push("pushed", {});
  assertEquals(kit.app.send({ user: "ada" }, "room:1", "pushed", {}), 1); // the other one
  await kit.settle();
  assertEquals(kit.app.system.counters.get("sessions.undelivered"), 5);
  assertEquals(other.take().filter(([, , , event]) => event === "said").length, 3);

  const second = await connect(kit);
  const ref = second.join("room:1", claim(secret));
  kit.app.broadcast("room:1", "said", { n: 5 });
  await kit.settle();
  const messages = second.take();
  assertEquals(messages.map(([, , , event, payload]) => [event, payload]).slice(1), [
    ["troupe:missed", { count: 5, from: null, to: null }],
    ["said", { n: 5 }],
  ]);
  assertEquals(messages[1][0], ref);
});

/** Where what a turn brings can be joined, a commit waits for the end of the turn. */
const BATCHING = "/socket/websocket?vsn=2.1.0";

/** A topic whose handler says something behind what it publishes, which holds that back until the commit. */
function withSpeech(kit: AppKit): void {
  kit.app.topic("room:*", {
    join: (ctx) => ctx.push("welcome", {}),
    on: {
      speak(ctx) {
        ctx.broadcast("said", {});
        ctx.push("noted", {});
        ctx.push("filed", {});
        return {};
      },
    },
  });
}

Deno.test("Sessions: what waits for a commit when the connection drops is counted, and its client is told", async () => {
  await using kit = makeKit();
  withSpeech(kit);
  const { counters } = kit.app.system;
  const first = await connect(kit, BATCHING);
  const secret = await joinedAs(kit, first);
  first.push("room:1", "speak");
  first.raw('[null,"h","phoenix","heartbeat",{}]'); // its answer is about the connection alone, and goes with it
  first.connection.close(1006);
  assertEquals([counters.get("sessions.undelivered"), counters.get("dead_letters.late_reply")], [2, 1]);
  await kit.settle();
  assertEquals(counters.get("sessions.undelivered"), 3); // what it has published, too
  const second = await connect(kit, BATCHING);
  second.join("room:1", claim(secret));
  await kit.settle();
  const [, [, , , event, payload]] = second.take();
  assertEquals([event, payload], ["troupe:missed", { count: 3, from: null, to: null }]);
});

Deno.test("Sessions: what waits for the commit of a join when the connection drops is counted, and its client is told", async () => {
  await using kit = makeKit();
  withSpeech(kit);
  const [first, other] = [await connect(kit, BATCHING), await connect(kit, BATCHING)];
  other.join("room:2");
  const secret = await joinedAs(kit, first);
  first.join("room:2");
  first.connection.close(1006);
  await kit.settle();
  assertEquals(kit.app.system.counters.get("sessions.undelivered"), 1);
  const second = await connect(kit, BATCHING);
  second.join("room:2", claim(secret));
  await kit.settle();
  const [, [, , , event, payload]] = second.take();
  assertEquals([event, payload], ["troupe:missed", { count: 1, from: null, to: null }]);
});

Deno.test("Sessions: what waits for a commit when the connection drops is counted, also where nobody may come back", async () => {
  await using kit = makeKit({ graceMs: 0 });
  withSpeech(kit);
  const client = await connect(kit, BATCHING);
  client.join("room:1");
  await kit.settle();
  client.push("room:1", "speak");
  client.connection.close(1006);
  await kit.settle();
  const { counters } = kit.app.system;
  assertEquals([counters.get("sessions.undelivered"), counters.get("dead_letters.late_reply")], [2, 1]);
});

Deno.test("Sessions: info runs while the client is away; app.tell reaches it", async () => {
  await using kit = makeKit();
  const log = withLog(kit);
  const client = await connect(kit);
  await joinedAs(kit, client);
  client.connection.close(1006);
  await kit.settle();
  assertEquals(kit.app.tell({ user: "ada" }, "room:1", "one"), 1);
  assertEquals(kit.app.tell({ topic: "room:1" }, "room:1", "two"), 1);
  assertEquals(kit.app.tell({ user: "bob" }, "room:1", "three"), 0);
  await kit.settle();
  assertEquals(log.slice(2), ["info room:1 one", "info room:1 two"]);
});

Deno.test("Sessions: a handler that was pending when the client went answers nobody, nor does a deferred reply", async () => {
  await using kit = makeKit();
  const wait = gate();
  let later: (() => void) | null = null;
  kit.app.topic("room:*", {
    on: {
      slow: () => wait.promise.then(() => ({ slow: true })),
      defer(ctx) {
        const reply = ctx.defer();
        later = () => reply.ok({ late: true });
      },
    },
  });
  const first = await connect(kit);
  const secret = await joinedAs(kit, first);
  first.push("room:1", "defer");
  first.push("room:1", "slow");
  await kit.settle();
  first.connection.close();
  const second = await connect(kit);
  const ref = second.join("room:1", claim(secret));
  await kit.settle();
  assertEquals(second.take(), []); // one handler at a time
  wait.open();
  await kit.settle();
  assertEquals(second.takeBrief(), [`ok:${ref}`]);
  later!();
  await kit.settle();
  assertEquals(second.take(), []);
});

Deno.test("Sessions: a topic's crash and a kick end a channel that is away; nothing is left to claim then", async () => {
  await using kit = makeKit();
  const left: string[] = [];
  kit.app.topic("room:*", {
    info(ctx, message) {
      if (message === "crash") throw new Error("boom");
      ctx.stop();
    },
    leave: (ctx, { kind }) => void left.push(`${ctx.topic} ${kind}`),
  });
  const { actors } = kit.app.gauges;
  const client = await connect(kit);
  await joinedAs(kit, client, "room:1");
  const secret = await joinedAs(kit, client, "room:2");
  client.connection.close();
  await kit.settle();
  kit.app.tell("all", "room:1", "crash");
  await kit.settle();
  kit.app.tell("all", "room:2", "stop");
  await kit.settle();
  assertEquals(left, ["room:1 crashed", "room:2 stopped"]);
  await kit.advance(1_000); // the topics stop
  assertEquals(kit.app.gauges.actors, actors);
  const second = await connect(kit);
  const ref = second.join("room:1", claim(secret));
  await kit.settle();
  assertEquals(second.takeBrief(), [`ok:${ref}`]);
  assertEquals(kit.app.system.counters.get("sessions.claim_refused"), 1);
});

Deno.test("Sessions: shutting down ends those that wait, with the reason shutdown", async () => {
  const kit = makeKit();
  const log = withLog(kit);
  const client = await connect(kit);
  await joinedAs(kit, client);
  client.connection.close();
  await kit.settle();
  await kit[Symbol.asyncDispose]();
  assertEquals(log.slice(2), ["leave room:1 shutdown"]);
});
