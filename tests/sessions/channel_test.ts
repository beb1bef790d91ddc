import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type ChannelContext, joined, refuse, type Untyped } from "../../mod.ts";
import { AppKit } from "../../src/testing/mod.ts";
import type { DeadLetter } from "../../src/actors/mod.ts";
import { type Client, connect, gate, replyTo } from "./client.ts";

type Ctx<S = unknown> = ChannelContext<Untyped<string>, { readonly id: string }, S>;

/** What the dead letter office has recorded while `action` ran. */
async function deadLettersOf(kit: AppKit, action: () => Promise<void>): Promise<DeadLetter[]> {
  const stream = kit.app.system.deadLetters.stream();
  await action();
  const letters: DeadLetter[] = [];
  const done = (async () => {
    for await (const letter of stream) letters.push(letter);
  })();
  await kit.settle();
  await stream.return?.();
  await done;
  return letters;
}

// ── Order ────────────────────────────────────────────────────────────────────────────────────────────────────────────

Deno.test("Order: a reply issued after a broadcast waits for that broadcast's commit", async () => {
  await using kit = new AppKit();
  kit.app.topic("room:*", {
    on: {
      twice(ctx) {
        ctx.broadcast("b1", {});
        ctx.push("p1", {});
        ctx.broadcast("b2", {});
        return {};
      },
    },
  });
  const client = await connect(kit);
  client.join("room:1");
  const ref = client.push("room:1", "twice");
  await kit.settle();
  assertEquals(client.takeBrief(), ["ok:1", "b1", "p1", "b2", `ok:${ref}`]);
});

Deno.test("Order: broadcasts and replies of several handlers keep program order on the sender's connection", async () => {
  await using kit = new AppKit();
  kit.app.topic("room:*", {
    on: {
      say(ctx, payload) {
        ctx.broadcast("said", payload);
        return {};
      },
    },
  });
  const [a, b] = [await connect(kit), await connect(kit)];
  a.join("room:1");
  b.join("room:1");
  await kit.settle();
  a.take();
  b.take();
  a.push("room:1", "say", { n: 1 });
  b.push("room:1", "say", { n: 2 });
  a.push("room:1", "say", { n: 3 });
  await kit.settle();
  assertEquals(a.takeBrief(), ["said", "ok:2", "said", "said", "ok:3"]);
  assertEquals(b.take().filter(([, , , event]) => event === "said").map(([, , , , p]) => p), [
    { n: 1 },
    { n: 2 },
    { n: 3 },
  ]);
});

Deno.test("Order: one handler at a time per channel, first come first served", async () => {
  await using kit = new AppKit();
  const first = gate();
  const log: string[] = [];
  kit.app.topic("room:*", {
    on: {
      async slow() {
        log.push("slow begins");
        await first.promise;
        log.push("slow ends");
      },
      fast: () => void log.push("fast"),
    },
  });
  const client = await connect(kit);
  client.join("room:1");
  client.push("room:1", "slow");
  client.push("room:1", "fast");
  await kit.settle();
  assertEquals(log, ["slow begins"]);
  first.open();
  await kit.settle();
  assertEquals(log, ["slow begins", "slow ends", "fast"]);
});

Deno.test("A slow async handler delays its own channel alone", async () => {
  await using kit = new AppKit();
  kit.app.topic("room:*", {
    on: { slow: () => new Promise<void>(() => {}), echo: (_ctx, payload) => payload },
  });
  const [a, b] = [await connect(kit), await connect(kit)];
  a.join("room:1");
  a.join("room:2");
  b.join("room:1");
  await kit.settle();
  a.take();
  a.push("room:1", "slow");
  const held = a.push("room:1", "echo");
  const own = a.push("room:2", "echo");
  const other = b.push("room:1", "echo");
  await kit.settle();
  const replies = a.take();
  assertEquals(replyTo(replies, own).status, "ok");
  assert(!replies.some(([, ref]) => ref === held));
  assertEquals(replyTo(b.take(), other).status, "ok");
});

// ── Full ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

Deno.test("Full: a broadcast into a full topic throws at once, and the reply becomes overloaded", async () => {
  await using kit = new AppKit({ limits: { topicMailbox: 3 } });
  const caught: unknown[] = [];
  kit.app.topic("room:*", {
    on: {
      flood(ctx) {
        for (let i = 0; i < 10; i++) ctx.broadcast("b", { i });
      },
      careful(ctx) {
        try {
          for (let i = 0; i < 10; i++) ctx.broadcast("b", { i });
        } catch (error) {
          caught.push(error);
        }
        return { caught: true };
      },
    },
  });
  const client = await connect(kit);
  client.join("room:1");
  await kit.settle();
  client.take();
  const flood = client.push("room:1", "flood");
  await kit.settle();
  const messages = client.take();
  assertEquals(messages.map(([, , , event]) => event), ["b", "b", "b", "phx_reply"]);
  assertEquals(replyTo(messages, flood), { status: "error", response: { reason: "overloaded" } });
  const careful = client.push("room:1", "careful");
  await kit.settle();
  assertEquals(replyTo(client.take(), careful).response, { caught: true });
  const [error] = caught as [{ code: string; retryable: boolean }];
  assertEquals([error.code, error.retryable], ["topic_overloaded", true]);
  assertEquals(kit.app.system.counters.get("topics.overloaded"), 2);
});

Deno.test("Full: a join whose topic is full is refused as overloaded, and leaves nothing behind", async () => {
  await using kit = new AppKit({ limits: { topicMailbox: 3, topicIdleMs: 1_000 } });
  const left: string[] = [];
  kit.app.topic("room:*", {
    join(ctx) {
      for (let i = 0; i < 3; i++) ctx.broadcast("b", { i });
    },
    leave: (_ctx, { kind }) => void left.push(kind),
  });
  const actors = kit.app.system.actorCount;
  const client = await connect(kit);
  const ref = client.join("room:1");
  await kit.settle();
  assertEquals(replyTo(client.take(), ref), { status: "error", response: { reason: "overloaded" } });
  assertEquals(left, []);
  client.connection.close();
  await kit.advance(2_000);
  assertEquals(kit.app.system.actorCount, actors);
  assertEquals(kit.clock.pending, 0);
});

Deno.test("Full: a full channel mailbox answers overloaded, then closes the connection with 1013", async () => {
  await using kit = new AppKit({ limits: { channelMailbox: 2, maxRefusedMessages: 3 } });
  kit.app.topic("room:*", { on: { slow: () => new Promise<void>(() => {}), echo: (_ctx, p) => p } });
  const client = await connect(kit);
  client.join("room:1");
  await kit.settle();
  client.take();
  client.push("room:1", "slow");
  client.push("room:1", "echo");
  client.push("room:1", "echo");
  const refused = [client.push("room:1", "echo"), client.push("room:1", "echo")];
  await kit.settle();
  const messages = client.take();
  for (const ref of refused) assertEquals(replyTo(messages, ref).response, { reason: "overloaded" });
  assertEquals(client.closed, null);
  client.push("room:1", "echo");
  await kit.settle();
  assertEquals(client.closed?.code, 1013);
  assertEquals(kit.app.system.counters.get("channels.overloaded"), 3);
  assertEquals(kit.app.system.counters.get("connections.overloaded"), 1);
});

Deno.test("Full: what follows in the batch that has closed the connection does nothing", async () => {
  await using kit = new AppKit({ limits: { channelMailbox: 1, maxRefusedMessages: 1, topicIdleMs: 1_000 } });
  const joins: string[] = [];
  kit.app.topic("room:*", {
    join: (ctx) => void joins.push(ctx.topic),
    on: { slow: () => new Promise<void>(() => {}), echo: (_ctx, p) => p },
  });
  const actors = kit.app.system.actorCount;
  const client = await connect(kit, "/socket/websocket?vsn=2.1.0");
  client.join("room:1");
  client.push("room:1", "slow");
  await kit.settle();
  client.batch(
    client.message("room:1", "echo"),
    client.message("room:1", "echo"),
    client.joinMessage("room:2"),
  );
  await kit.settle();
  assertEquals(client.closed?.code, 1013);
  await kit.advance(2_000);
  assertEquals(joins, ["room:1"]);
  assertEquals(kit.app.system.actorCount, actors);
});

// ── Join ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

Deno.test("Join: the client is subscribed at the commit of its join", async () => {
  await using kit = new AppKit();
  kit.app.topic("room:*", { on: {} });
  const client = await connect(kit);
  client.join("room:1");
  kit.app.broadcast("room:1", "after", { n: 1 });
  await kit.settle();
  assertEquals(client.takeBrief(), ["ok:1", "after"]);
});

Deno.test("Join: nothing of an incarnation precedes its ok reply", async () => {
  await using kit = new AppKit({ limits: { channelMailbox: 1 } });
  const entry = gate();
  kit.app.topic("room:*", {
    async join(ctx) {
      ctx.push("pushed", {});
      ctx.broadcast("broadcast", {});
      await entry.promise;
      ctx.push("pushed later", {});
      return { welcome: true };
    },
    on: { echo: (_ctx, p) => p },
  });
  const client = await connect(kit);
  client.join("room:1");
  client.push("room:1", "echo");
  client.push("room:1", "echo"); // refused: the mailbox holds one
  await kit.settle();
  assertEquals(client.takeBrief(), []);
  entry.open();
  await kit.settle();
  assertEquals(client.takeBrief(), ["ok:1", "pushed", "error:3", "pushed later", "ok:2"]);
});

Deno.test("Join: a refused join undoes the subscription", async () => {
  await using kit = new AppKit();
  const left: string[] = [];
  kit.app.topic("room:*", {
    join(ctx) {
      ctx.push("never", {});
      return refuse({ reason: "full" });
    },
    leave: (_ctx, { kind }) => void left.push(kind),
  });
  const client = await connect(kit);
  const ref = client.join("room:1");
  await kit.settle();
  kit.app.broadcast("room:1", "b", {});
  await kit.settle();
  const messages = client.take();
  assertEquals(messages.length, 1);
  assertEquals(replyTo(messages, ref), { status: "error", response: { reason: "full" } });
  assertEquals(kit.app.connections.inTopic("room:1"), []);
  assertEquals(left, []);
  assertEquals(kit.app.system.counters.get("channels.refused"), 1);
});

Deno.test("Join: a crashed join undoes the subscription, sync and async", async () => {
  await using kit = new AppKit({ limits: { topicIdleMs: 1_000 } });
  const left: string[] = [];
  kit.app.topic("sync:*", {
    join() {
      throw new Error("boom");
    },
    leave: (_ctx, { kind }) => void left.push(kind),
  }).topic("async:*", {
    join: () => Promise.reject(new Error("boom")),
    leave: (_ctx, { kind }) => void left.push(kind),
  });
  const actors = kit.app.system.actorCount;
  const client = await connect(kit);
  for (const topic of ["sync:1", "async:1"]) {
    const ref = client.join(topic);
    await kit.settle();
    assertEquals(replyTo(client.take(), ref), { status: "error", response: { reason: "join crashed" } });
  }
  assertEquals(left, []);
  assertEquals(kit.app.system.counters.get("channels.join_crashed"), 2);
  client.connection.close();
  await kit.advance(2_000);
  assertEquals(kit.app.system.actorCount, actors);
});

Deno.test("Join: a reply that the codec cannot carry is a crashed join, and leaves nothing behind", async () => {
  await using kit = new AppKit({ limits: { topicIdleMs: 1_000 } });
  kit.app.topic("sync:*", { join: () => ({ n: 1n }) })
    .topic("async:*", { join: () => Promise.resolve({ n: 1n }) })
    .topic("refused:*", { join: () => Promise.resolve(refuse({ n: 1n })) });
  const actors = kit.app.system.actorCount;
  const client = await connect(kit);
  for (const topic of ["sync:1", "async:1", "refused:1"]) {
    const ref = client.join(topic);
    await kit.settle();
    assertEquals(replyTo(client.take(), ref).response, { reason: "join crashed" }, topic);
  }
  client.connection.close();
  await kit.advance(2_000);
  assertEquals(kit.app.system.actorCount, actors);
  assertEquals(kit.clock.pending, 0);
});

Deno.test("Join: joins on one socket run side by side", async () => {
  await using kit = new AppKit();
  const gates = new Map([["room:1", gate()], ["room:2", gate()]]);
  kit.app.topic("room:*", { join: (ctx) => gates.get(ctx.topic)!.promise });
  const client = await connect(kit);
  const first = client.join("room:1");
  const second = client.join("room:2");
  gates.get("room:2")!.open();
  await kit.settle();
  assertEquals(client.takeBrief(), [`ok:${second}`]);
  gates.get("room:1")!.open();
  await kit.settle();
  assertEquals(client.takeBrief(), [`ok:${first}`]);
});

Deno.test("Join: a push in join goes behind the reply", async () => {
  await using kit = new AppKit();
  kit.app.topic("room:*", {
    join(ctx) {
      ctx.push("welcome", {});
      return { ok: true };
    },
  });
  const client = await connect(kit);
  client.join("room:1");
  await kit.settle();
  assertEquals(client.takeBrief(), ["ok:1", "welcome"]);
});

// ── Leave, crash, rejoin with a handler pending ──────────────────────────────────────────────────────────────────────

/** A topic whose `slow` handler waits for `release`, and what becomes of it. */
function slowRoom(kit: AppKit) {
  const release = gate();
  const seen = {
    ctx: null as Ctx | null,
    signal: null as AbortSignal | null,
    left: [] as string[],
    joins: 0,
  };
  kit.app.topic("room:*", {
    join: () => void seen.joins++,
    on: {
      async slow(ctx) {
        seen.ctx = ctx;
        seen.signal = ctx.signal;
        await release.promise;
        ctx.broadcast("late broadcast", {});
        ctx.push("late push", {});
        return { late: true };
      },
      echo: (_ctx, payload) => payload,
    },
    leave: (_ctx, { kind }) => void seen.left.push(kind),
  });
  return { release, seen };
}

for (const how of ["leave", "rejoin", "disconnect"] as const) {
  Deno.test(`Leave, crash, rejoin with a handler pending: ${how} fires its signal, revokes its ctx, drops its result`, async () => {
    await using kit = new AppKit();
    const { release, seen } = slowRoom(kit);
    const [client, other] = [await connect(kit), await connect(kit)];
    client.join("room:1");
    other.join("room:1");
    await kit.settle();
    client.push("room:1", "slow");
    await kit.settle();
    client.take();
    other.take();
    if (how === "leave") client.leave("room:1");
    else if (how === "rejoin") client.join("room:1");
    else client.connection.close();
    await kit.settle();
    assert(seen.signal!.aborted);
    assertEquals(seen.left, [{ leave: "left", rejoin: "replaced", disconnect: "closed" }[how]]);
    const answered = client.takeBrief();
    assertEquals(
      answered,
      { leave: ["ok:3", "phx_close"], rejoin: ["ok:3", "phx_close"], disconnect: [] }[how],
    );
    const letters = await deadLettersOf(kit, async () => {
      release.open();
      await kit.settle();
    });
    assertEquals(letters.map(({ reason, message }) => [reason, message]), [
      ["revoked", "late broadcast"],
      ["revoked", "late push"],
    ]);
    assertEquals(client.take(), []);
    assertEquals(other.take(), []);
  });
}

Deno.test("Leave, crash, rejoin with a handler pending: a new incarnation does not wait", async () => {
  await using kit = new AppKit();
  const { seen } = slowRoom(kit);
  const client = await connect(kit);
  client.join("room:1");
  client.push("room:1", "slow");
  await kit.settle();
  client.take();
  client.join("room:1");
  const ref = client.push("room:1", "echo", { n: 1 });
  await kit.settle();
  assertEquals(replyTo(client.take(), ref).response, { n: 1 });
  assertEquals(seen.joins, 2);
});

Deno.test("Leave, crash, rejoin with a handler pending: a join that waits is abandoned the same way", async () => {
  await using kit = new AppKit({ limits: { topicIdleMs: 1_000 } });
  const release = gate();
  const signals: AbortSignal[] = [];
  const left: string[] = [];
  kit.app.topic("room:*", {
    async join(ctx) {
      signals.push(ctx.signal);
      await release.promise;
    },
    leave: (_ctx, { kind }) => void left.push(kind),
  });
  const actors = kit.app.system.actorCount;
  const client = await connect(kit);
  client.join("room:1");
  await kit.settle();
  const leave = client.leave("room:1");
  await kit.settle();
  assertEquals(client.takeBrief(), [`ok:${leave}`, "phx_close"]);
  client.join("room:1");
  client.join("room:1");
  await kit.settle();
  assertEquals(signals.map((signal) => signal.aborted), [true, true, false]);
  release.open();
  await kit.settle();
  assertEquals(client.takeBrief(), ["ok:4", "phx_close"]);
  client.connection.close();
  await kit.advance(2_000);
  assertEquals(left, ["closed"]);
  assertEquals(kit.app.system.actorCount, actors);
});

Deno.test("Leave: it rides behind earlier pushes, unless one of them is pending by then", async () => {
  await using kit = new AppKit();
  const { seen } = slowRoom(kit);
  const client = await connect(kit, "/socket/websocket?vsn=2.1.0");
  client.join("room:1");
  await kit.settle();
  client.take();
  client.batch(client.message("room:1", "echo"), client.message("room:1", "phx_leave"));
  await kit.settle();
  assertEquals(client.takeBrief(), ["ok:2", "ok:3", "phx_close"]);
  client.join("room:1");
  await kit.settle();
  client.take();
  client.batch(
    client.message("room:1", "slow"),
    client.message("room:1", "echo"),
    client.message("room:1", "phx_leave"),
  );
  await kit.settle();
  assertEquals(client.takeBrief(), ["ok:7", "phx_close"]);
  assert(seen.signal!.aborted);
});

Deno.test("Leave: what was sent behind it is answered as unmatched, and a second one is answered too", async () => {
  await using kit = new AppKit();
  slowRoom(kit);
  const client = await connect(kit, "/socket/websocket?vsn=2.1.0");
  client.join("room:1");
  await kit.settle();
  client.take();
  client.batch(
    client.message("room:1", "phx_leave"),
    client.message("room:1", "echo"),
    client.message("room:1", "phx_leave"),
  );
  await kit.settle();
  assertEquals(client.takeBrief(), ["ok:2", "phx_close", "error:3", "ok:4"]);
});

Deno.test("Leave and join in one batch: one close for each incarnation, behind the answer", async () => {
  await using kit = new AppKit();
  slowRoom(kit);
  const client = await connect(kit, "/socket/websocket?vsn=2.1.0");
  client.join("room:1");
  await kit.settle();
  client.take();
  client.batch(client.message("room:1", "phx_leave"), client.joinMessage("room:1"));
  await kit.settle();
  assertEquals(client.takeBrief(), ["ok:2", "phx_close", "ok:3"]);
});

Deno.test("Crash: phx_error to that channel alone; the connection and its other channels live", async () => {
  await using kit = new AppKit();
  const left: unknown[] = [];
  kit.app.topic("room:*", {
    on: {
      boom() {
        throw new Error("boom");
      },
      reject: () => Promise.reject(new Error("late boom")),
      echo: (_ctx, payload) => payload,
    },
    leave: (ctx, { kind, error }) => void left.push([ctx.topic, kind, (error as Error).message]),
  });
  const [client, other] = [await connect(kit), await connect(kit)];
  for (const topic of ["room:1", "room:2", "room:3"]) client.join(topic);
  other.join("room:1");
  await kit.settle();
  client.take();
  other.take();
  client.push("room:1", "boom");
  client.push("room:2", "reject");
  const alive = client.push("room:3", "echo");
  const neighbour = other.push("room:1", "echo");
  await kit.settle();
  const messages = client.take();
  assertEquals(
    messages.filter(([, , , event]) => event === "phx_error").map((
      [joinRef, , topic, , p],
    ) => [joinRef, topic, p]),
    [
      ["1", "room:1", { reason: "channel_crash" }],
      ["2", "room:2", { reason: "channel_crash" }],
    ],
  );
  assertEquals(replyTo(messages, alive).status, "ok");
  assertEquals(replyTo(other.take(), neighbour).status, "ok");
  assertEquals(client.closed, null);
  assertEquals(left, [["room:1", "crashed", "boom"], ["room:2", "crashed", "late boom"]]);
  client.join("room:1");
  const again = client.push("room:1", "echo");
  await kit.settle();
  assertEquals(replyTo(client.take(), again).status, "ok");
  assertEquals(kit.app.system.counters.get("channels.crashed"), 2);
});

Deno.test("Crash: a leave that waits behind the crashing message is answered", async () => {
  await using kit = new AppKit();
  kit.app.topic("room:*", {
    on: {
      boom() {
        throw new Error("boom");
      },
    },
  });
  const client = await connect(kit, "/socket/websocket?vsn=2.1.0");
  client.join("room:1");
  await kit.settle();
  client.take();
  client.batch(client.message("room:1", "boom"), client.message("room:1", "phx_leave"));
  await kit.settle();
  assertEquals(client.takeBrief(), ["ok:3", "phx_error"]);
});

Deno.test("Crash: what was published before it still goes out, and phx_error comes behind", async () => {
  await using kit = new AppKit();
  kit.app.topic("room:*", {
    on: {
      boom(ctx) {
        ctx.broadcast("said", {});
        throw new Error("boom");
      },
    },
  });
  const client = await connect(kit);
  client.join("room:1");
  await kit.settle();
  client.take();
  client.push("room:1", "boom");
  kit.app.broadcast("room:1", "after", {});
  await kit.settle();
  assertEquals(client.takeBrief(), ["said", "phx_error"]);
});

// ── Rejoin ───────────────────────────────────────────────────────────────────────────────────────────────────────────

Deno.test("Rejoin: no publication is seen twice, whichever incarnation published", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    await using kit = new AppKit({ seed, shuffle: true });
    kit.app.topic("room:*", { on: { say: (ctx, payload) => ctx.broadcast("said", payload) } });
    const client = await connect(kit, "/socket/websocket?vsn=2.1.0");
    client.join("room:1");
    await kit.settle();
    client.take();
    client.batch(
      client.message("room:1", "say", { n: 1 }),
      client.joinMessage("room:1"),
      client.message("room:1", "say", { n: 2 }),
    );
    kit.app.broadcast("room:1", "said", { n: 3 });
    await kit.settle();
    kit.app.broadcast("room:1", "said", { n: 4 });
    await kit.settle();
    const numbers = client.take().filter(([, , , event]) => event === "said").map(([, , , , p]) => p);
    const seen = numbers.map((p) => (p as { n: number }).n);
    assertEquals(new Set(seen).size, seen.length, `seed ${seed}: ${seen}`);
    assert(seen.includes(2) && seen.includes(4), `seed ${seed}: ${seen}`);
  }
});

Deno.test("Rejoin: messages of the incarnation before are dropped and counted", async () => {
  await using kit = new AppKit();
  kit.app.topic("room:*", { on: { echo: (_ctx, p) => p } });
  const client = await connect(kit);
  client.join("room:1");
  client.join("room:1");
  await kit.settle();
  client.take();
  client.raw('["1","9","room:1","echo",{}]');
  await kit.settle();
  assertEquals(client.take(), []);
  assertEquals(kit.app.system.counters.get("channels.stale_messages"), 1);
});

// ── defer, stop, info ────────────────────────────────────────────────────────────────────────────────────────────────

Deno.test("ctx.defer frees the channel and answers once; the second answer is a dead letter", async () => {
  await using kit = new AppKit();
  const replies: { ok: (response?: unknown) => void; error: (response: unknown) => void }[] = [];
  kit.app.topic("room:*", {
    on: {
      later: (ctx) => {
        replies.push(ctx.defer());
        return { ignored: true };
      },
      echo: (_ctx, payload) => payload,
    },
  });
  const client = await connect(kit);
  client.join("room:1");
  const later = client.push("room:1", "later");
  const echo = client.push("room:1", "echo");
  await kit.settle();
  assertEquals(client.takeBrief(), ["ok:1", `ok:${echo}`]);
  replies[0].error({ reason: "no" });
  replies[0].ok({});
  await kit.settle();
  assertEquals(replyTo(client.take(), later), { status: "error", response: { reason: "no" } });
  assertEquals(kit.app.system.deadLetters.count("late_reply"), 1);
  const never = client.push("room:1", "later");
  client.leave("room:1");
  await kit.settle();
  client.take();
  replies[1].ok({});
  await kit.settle();
  assertEquals(client.take(), [], `the reply to ${never} came too late`);
  assertEquals(kit.app.system.deadLetters.count("revoked"), 1);
});

Deno.test("ctx.stop ends the channel behind the handler and its reply, with and without one", async () => {
  await using kit = new AppKit();
  const left: string[] = [];
  kit.app.topic("room:*", {
    join(ctx, payload) {
      if ((payload as { stop?: boolean }).stop) ctx.stop();
    },
    on: {
      stop: (ctx) => ctx.stop(),
      async stop_reply(ctx, payload) {
        ctx.stop();
        await Promise.resolve();
        ctx.broadcast("said", {});
        return payload;
      },
    },
    leave: (_ctx, { kind }) => void left.push(kind),
  });
  const client = await connect(kit);
  client.join("room:1");
  client.push("room:1", "stop");
  await kit.settle();
  assertEquals(client.takeBrief(), ["ok:1", "phx_close"]);
  client.join("room:1");
  client.push("room:1", "stop_reply");
  await kit.settle();
  assertEquals(client.takeBrief(), ["ok:3", "said", "ok:4", "phx_close"]);
  client.join("room:1", { stop: true });
  await kit.settle();
  assertEquals(client.takeBrief(), ["ok:5", "phx_close"]);
  assertEquals(left, ["stopped", "stopped", "stopped"]);
});

Deno.test("What is told to ctx.self reaches info, in turn; after the end it is a dead letter", async () => {
  await using kit = new AppKit();
  let self: Ctx["self"] | null = null;
  kit.app.topic("room:*", {
    join: (ctx) => void (self = ctx.self),
    async info(ctx, message) {
      await Promise.resolve();
      if (message === "stop") ctx.stop();
      else ctx.push("info", { message });
    },
  });
  const client = await connect(kit);
  client.join("room:1");
  await kit.settle();
  self!.tell(1);
  self!.tell(2);
  self!.tell("stop");
  self!.tell(3);
  await kit.settle();
  assertEquals(client.take().map(([, , , event, p]) => [event, p]).slice(1), [
    ["info", { message: 1 }],
    ["info", { message: 2 }],
    ["phx_close", {}],
  ]);
  self!.tell(4);
  await kit.settle();
  assertEquals(kit.app.system.deadLetters.count("stopped"), 2);
});

// ── leave(ctx, reason), state ────────────────────────────────────────────────────────────────────────────────────────

Deno.test("leave is called exactly once, with what has ended the channel", async () => {
  const left: string[] = [];
  const kit = new AppKit();
  kit.app.topic("room:{how}", {
    on: {
      stop: (ctx) => ctx.stop(),
      boom() {
        throw new Error("boom");
      },
    },
    leave: (ctx, { kind }) => void left.push(`${ctx.params.how} ${kind}`),
  });
  const client = await connect(kit);
  const closer = await connect(kit);
  for (const how of ["left", "replaced", "stopped", "crashed", "shutdown"]) client.join(`room:${how}`);
  closer.join("room:closed");
  await kit.settle();
  client.leave("room:left");
  client.join("room:replaced");
  client.push("room:stopped", "stop");
  client.push("room:crashed", "boom");
  closer.connection.close();
  await kit.settle();
  client.leave("room:replaced");
  await kit.settle();
  await kit[Symbol.asyncDispose]();
  assertEquals(left.sort(), [
    "closed closed",
    "crashed crashed",
    "left left",
    "replaced left",
    "replaced replaced",
    "shutdown shutdown",
    "stopped stopped",
  ]);
  assertEquals(client.closed?.code, 1012);
});

Deno.test("leave may publish; a throw or a rejection in it harms nobody and is counted", async () => {
  await using kit = new AppKit();
  kit.app.topic("room:*", {
    leave(ctx, { kind }) {
      ctx.broadcast("gone", { kind, aborted: ctx.signal.aborted });
      if (kind === "left") throw new Error("boom");
      return Promise.reject(new Error("late boom"));
    },
  });
  const [a, b, c] = [await connect(kit), await connect(kit), await connect(kit)];
  for (const client of [a, b, c]) client.join("room:1");
  await kit.settle();
  c.take();
  a.leave("room:1");
  b.connection.close();
  await kit.settle();
  assertEquals(c.take().map(([, , , event, p]) => [event, p]), [
    ["gone", { kind: "left", aborted: true }],
    ["gone", { kind: "closed", aborted: true }],
  ]);
  assertEquals(kit.app.system.counters.get("channels.leave_failed"), 2);
});

Deno.test("Each channel has a typed state of its own", async () => {
  await using kit = new AppKit();
  kit.app.topic<"room:*", { count: number }>("room:*", {
    join: () => joined({ count: 0 }, undefined),
    on: {
      add(ctx) {
        ctx.state.count += 1;
        return ctx.state;
      },
      replace(ctx) {
        ctx.state = { count: 100 };
        return ctx.state;
      },
    },
  });
  const [a, b] = [await connect(kit), await connect(kit)];
  a.join("room:1");
  a.join("room:2");
  b.join("room:1");
  await kit.settle();
  const counts: unknown[] = [];
  const call = async (client: Client, topic: string, event: string): Promise<void> => {
    const ref = client.push(topic, event);
    await kit.settle();
    counts.push(replyTo(client.take(), ref).response.count);
  };
  await call(a, "room:1", "add");
  await call(a, "room:1", "add");
  await call(a, "room:2", "add");
  await call(b, "room:1", "add");
  await call(a, "room:1", "replace");
  await call(b, "room:1", "add");
  a.join("room:1");
  await kit.settle();
  a.take();
  await call(a, "room:1", "add");
  assertEquals(counts, [1, 2, 1, 1, 100, 2, 1]);
});

// ── Answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────

Deno.test("An event that no handler knows is refused, naming what is accepted; `other` takes it", async () => {
  await using kit = new AppKit();
  kit.app.topic("strict:*", { on: { say: () => ({}) } })
    .topic("open:*", { other: (ctx) => ({ got: ctx.event }) });
  const client = await connect(kit);
  client.join("strict:1");
  client.join("open:1");
  const [strict, open] = [client.push("strict:1", "shout"), client.push("open:1", "shout")];
  await kit.settle();
  const messages = client.take();
  assertEquals(replyTo(messages, strict), {
    status: "error",
    response: { reason: "unknown_event", event: "shout", accepted: ["say"] },
  });
  assertEquals(replyTo(messages, open).response, { got: "shout" });
});

Deno.test("A reply that the codec cannot carry crashes the channel alone", async () => {
  const lines: string[] = [];
  await using kit = new AppKit({ logger: { log: (_level, message) => void lines.push(message) } });
  kit.app.topic("room:*", { on: { bad: () => ({ n: 1n }), echo: (_ctx, p) => p } });
  const client = await connect(kit);
  client.join("room:1");
  client.join("room:2");
  client.push("room:1", "bad");
  const ref = client.push("room:2", "echo");
  await kit.settle();
  const messages = client.take();
  assert(messages.some(([, , topic, event]) => topic === "room:1" && event === "phx_error"));
  assertEquals(replyTo(messages, ref).status, "ok");
  assertStringIncludes(lines.join(), "actor crashed");
});

Deno.test("Two topics on one connection: each has its own order, and neither waits for the other", async () => {
  await using kit = new AppKit();
  kit.app.topic("room:*", {
    on: {
      say(ctx, payload) {
        ctx.broadcast("said", payload);
        return {};
      },
    },
  });
  const client = await connect(kit);
  client.join("room:1");
  client.join("room:2");
  await kit.settle();
  client.take();
  for (let n = 0; n < 4; n++) client.push(`room:${1 + n % 2}`, "say", { n });
  await kit.settle();
  const of = (topic: string): string[] =>
    client.connection.socket.frames.flatMap((data) =>
      JSON.parse(data as string)[2] === topic ? [data as string] : []
    )
      .map((data) => JSON.parse(data)).map(([, ref, , event]) => event === "said" ? "said" : `reply ${ref}`);
  assertEquals(of("room:1"), ["reply 1", "said", "reply 3", "said", "reply 5"]);
  assertEquals(of("room:2"), ["reply 2", "said", "reply 4", "said", "reply 6"]);
});
