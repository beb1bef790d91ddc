/** How an app ends, and what its limits count: over a transport in memory, under a virtual clock. */

import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { App, type AppOptions, type Limits, type TroupeError } from "../../mod.ts";
import { actor } from "../../src/actors/mod.ts";
import type { SocketSink } from "../../src/sessions/socket.ts";
import { VirtualClock } from "../../src/testing/virtual_clock.ts";
import { Client, until } from "./client.ts";
import { type MemorySocket, MemoryTransport } from "./memory_transport.ts";

/** An app with one open connection. */
async function connected(options: AppOptions, build: (app: App) => App) {
  const clock = new VirtualClock();
  const transport = new MemoryTransport();
  const app = build(new App({ clock, transports: [transport], ...options }));
  const connect = async (): Promise<[MemorySocket, SocketSink]> => {
    await (await app.fetch(new Request("http://host/socket/memory?vsn=2.0.0"))).body?.cancel();
    const socket = transport.open();
    return [socket, transport.sinks.at(-1)!];
  };
  const [socket, sink] = await connect();
  const say = (event: string, ref = "1", payload: unknown = {}, topic = "room:1", to = sink): void =>
    to.received(JSON.stringify(["j", ref, topic, event, payload]));
  return { app, clock, socket, sink, say, connect };
}

/** Whether `promise` has settled by now, whatever waits in this turn. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(() => settled = true);
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve));
  return settled;
}

Deno.test("App.close waits for a handler that is pending; its signal fires at once", async () => {
  const gate = Promise.withResolvers<void>();
  const seen: string[] = [];
  const { app, socket, say } = await connected({}, (app) =>
    app.topic("room:*", {
      on: {
        async slow(ctx) {
          ctx.signal.addEventListener("abort", () => seen.push("aborted"));
          await gate.promise;
          seen.push("done");
        },
      },
      leave: (_ctx, { kind }) => void seen.push(kind),
    }));
  say("phx_join");
  say("slow", "2");
  const closed = app.close();
  assertEquals(socket.closedWith, { code: 1012, reason: "the server restarts" });
  assertEquals(seen, ["aborted", "shutdown"]);
  assertEquals(await isSettled(closed), false);
  gate.resolve();
  await closed;
  assertEquals(seen, ["aborted", "shutdown", "done"]);
  assertEquals(app.system.actorCount, 0);
});

Deno.test("App.close waits for asynchronous leave and close handlers, before any actor of one's own stops", async () => {
  const seen: string[] = [];
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const app = new App()
    .topic("room:*", {
      async leave(_ctx, { kind }) {
        await gates[0].promise;
        seen.push(`left: ${kind}`);
      },
    })
    .component("/raw", {
      async close(_conn, code) {
        await gates[1].promise;
        seen.push(`closed: ${code}`);
      },
    });
  app.system.spawn(actor<never, null>({
    init: () => null,
    receive: (state) => state,
    stop: () => void seen.push("own actor stopped"),
  }));
  const server = app.listen({ port: 0, signals: false });
  const raw = await Client.open(`ws://127.0.0.1:${server.port}/raw`);
  const channel = await Client.open(`ws://127.0.0.1:${server.port}/socket/websocket?vsn=2.0.0`);
  channel.send('["j","1","room:1","phx_join",{}]');
  await channel.next();
  const closed = app.close();
  assertEquals(await isSettled(closed), false);
  gates[0].resolve();
  assertEquals(await isSettled(closed), false);
  gates[1].resolve();
  await closed;
  assertEquals(seen, ["left: shutdown", "closed: 1012", "own actor stopped"]);
  await Promise.all([raw.closed, channel.closed]);
});

Deno.test("App.close cuts off what never ends, at its deadline", async () => {
  const { app, clock, say } = await connected(
    {},
    (app) => app.topic("room:*", { on: { hang: () => new Promise<never>(() => {}) } }),
  );
  say("phx_join");
  say("hang", "2");
  const closed = app.close({ deadlineMs: 3_000 });
  for (let ms = 500; ms < 3_000; ms += 500) {
    while (clock.step(ms));
    assertEquals(await isSettled(closed), false);
  }
  while (clock.step(3_000));
  await until(() => clock.nextDueMs !== null || app.system.actorCount === 0);
  while (clock.step(3_000));
  await closed;
  assertEquals(app.system.actorCount, 0);
  assertEquals(clock.pending, 0);
});

Deno.test("App.close ends once: further calls return the same promise, and `await using` works", async () => {
  const app = new App();
  const first = app.close();
  assertStrictEquals(app.close({ deadlineMs: 1 }), first);
  await first;
  let disposed: App;
  {
    await using inner = new App();
    disposed = inner;
  }
  assertEquals((await disposed.fetch(new Request("http://host/"))).status, 503);
});

Deno.test("A closed app answers everything with 503 and Retry-After, its fallback's paths as well", async () => {
  const app = new App({ fallback: () => new Response("the site") });
  await app.close();
  for (const path of ["/socket/websocket", "/about"]) {
    const response = await app.fetch(new Request(`http://host${path}`));
    assertEquals([response.status, response.headers.get("retry-after")], [503, "1"]);
    assertEquals(await response.json(), { reason: "shutting_down" });
  }
});

Deno.test("A connection that has come and gone leaves no actor, no timer and no topic behind", async () => {
  const { app, clock, sink, say, connect } = await connected(
    { limits: { topicIdleMs: 1_000 } },
    (app) => app.topic("room:*", {}),
  );
  sink.closed(1000, "");
  await until(() => app.connections.size === 0);
  while (clock.step(clock.elapsedMs() + 60_000));
  await isSettled(Promise.resolve());
  const atRest = { actors: app.system.actorCount, timers: clock.pending };
  for (let i = 0; i < 10; i++) {
    const [, next] = await connect();
    for (const topic of ["room:1", "room:2"]) say("phx_join", "1", {}, topic, next);
    next.closed(1001, "");
  }
  await until(() => app.connections.size === 0);
  for (let i = 0; i < 5; i++) {
    while (clock.step(clock.elapsedMs() + 1_000));
    await isSettled(Promise.resolve());
  }
  assertEquals({ actors: app.system.actorCount, timers: clock.pending }, atRest);
  await app.close();
});

/** For each limit: the least that meets it, and the counter that tells. */
const MEETING: { [L in keyof Limits]: [limit: number, counter: string, meet: (run: Run) => unknown] } = {
  maxChannels: [
    1,
    "channels.too_many",
    ({ say }) => ["1", "2"].map((n) => say("phx_join", "1", {}, `room:${n}`)),
  ],
  maxTopicBytes: [6, "channels.topic_too_long", ({ say }) => say("phx_join", "1", {}, "room:12")],
  maxMessageBytes: [10, "connections.too_big", ({ say }) => say("phx_join")],
  channelMailbox: [1, "channels.overloaded", floodBusyChannel],
  maxRefusedMessages: [1, "connections.overloaded", floodBusyChannel],
  maxRequests: [1, "requests.too_many", async ({ app, say }) => {
    say("phx_join");
    await until(() => app.connections.inTopic("room:1").length === 1);
    const [{ id }] = app.connections;
    for (const n of [1, 2]) void app.request({ connection: id }, "room:1", "poll", { n });
  }],
  topicMailbox: [1, "topics.overloaded", ({ app, say }) => {
    say("phx_join");
    try {
      for (let i = 0; i < 10; i++) app.broadcast("room:1", "x", {});
    } catch (error) {
      assertEquals((error as TroupeError).code, "topic_overloaded");
    }
  }],
  maxTopics: [1, "topics.refused", ({ say }) => {
    for (const n of ["1", "2"]) say("phx_join", "1", {}, `room:${n}`);
  }],
  topicIdleMs: [50, "topics.idle", async ({ say, clock }) => {
    say("phx_join");
    await isSettled(Promise.resolve());
    say("phx_leave", "2");
    for (let i = 0; i < 10; i++) {
      await isSettled(Promise.resolve());
      while (clock.step(clock.elapsedMs() + 50));
    }
  }],
  maxConnections: [
    1,
    "upgrades.refused.too_many_connections",
    ({ app }) => app.fetch(new Request("http://host/socket/memory?vsn=2.0.0")),
  ],
  outboxFrames: [2, "outbox.overflows", async ({ app, say }) => {
    say("phx_join");
    await until(() => app.connections.inTopic("room:1").length === 1);
    for (let i = 0; i < 10; i++) app.send("all", "room:1", "x", {});
  }],
  outboxBytes: [20, "outbox.overflows", ({ say, socket }) => {
    Object.assign(socket, { bufferedBytes: 1_000_000 });
    say("phx_join");
  }],
  idleMs: [
    160,
    "connections.idle",
    ({ clock }) => skip(clock, 500),
  ],
};

function floodBusyChannel({ say }: Run): void {
  say("phx_join");
  for (let i = 0; i < 10; i++) say("hang", String(i));
}

function skip(clock: VirtualClock, ms: number): void {
  const untilMs = clock.elapsedMs() + ms;
  while (clock.step(untilMs));
}

type Run = Awaited<ReturnType<typeof connected>>;

for (const [limit, [value, counter, meet]] of Object.entries(MEETING)) {
  Deno.test(`The limit ${limit} counts when it is met: ${counter}`, async () => {
    const limits = { ...(limit === "maxRefusedMessages" && { channelMailbox: 1 }), [limit]: value };
    const run = await connected(
      { limits },
      (app) => app.topic("room:*", { on: { hang: () => new Promise<never>(() => {}) } }),
    );
    assertEquals(run.app.system.counters.get(counter), 0);
    await meet(run);
    await isSettled(Promise.resolve());
    assert(run.app.system.counters.get(counter) > 0, JSON.stringify(run.app.system.counters.snapshot()));
    const closed = run.app.close({ deadlineMs: 0 });
    while (!await isSettled(closed)) skip(run.clock, 1);
  });
}
