import { assert, assertEquals, assertThrows } from "@std/assert";
import { ValueKey } from "../../src/base/values.ts";
import { TroupeError } from "../../src/base/errors.ts";
import type { Logger } from "../../src/base/log.ts";
import type { Middleware } from "../../src/http/middleware.ts";
import { AppKit } from "../../src/testing/app_kit.ts";

const SOCKET = "/socket/websocket?vsn=2.0.0";
const JOIN = '["1","1","room:1","phx_join",{}]';

function stage(middleware: Middleware[], limits = {}): { kit: AppKit; heard: unknown[]; lines: unknown[] } {
  const heard: unknown[] = [];
  const lines: unknown[] = [];
  const logger: Logger = { log: (_level, message, fields) => lines.push([message, fields]) };
  const kit = new AppKit({ middleware, limits, logger });
  kit.app.topic("room:*", { on: { say: (_ctx, payload) => void heard.push(payload) } })
    .component("/raw", {
      open: () => void heard.push("open"),
      message: (_connection, data) => void heard.push(data),
      close: () => void heard.push("close"),
    });
  return { kit, heard, lines };
}

function gate(): { promise: Promise<null>; open: () => void } {
  const { promise, resolve } = Promise.withResolvers<null>();
  return { promise, open: () => resolve(null) };
}

Deno.test("Middleware: an upgrade is answered by the first step that has an answer, before authenticate", async () => {
  let asked = 0;
  const steps: Middleware[] = [
    {
      name: "teapot",
      upgrade: ({ url }) => url.searchParams.has("tea") ? new Response("no", { status: 418 }) : null,
    },
    {
      name: "key",
      upgrade: ({ url }) => url.searchParams.has("key") ? null : { status: 401, reason: "no_key" },
    },
  ];
  await using kit = new AppKit({ middleware: steps, authenticate: () => ({ id: `${++asked}` }) });
  const answers: unknown[] = [];
  for (const query of ["&tea&key", ""]) {
    const response = await kit.tryConnect(SOCKET + query) as Response;
    answers.push([response.status, await response.text()]);
  }
  assertEquals(answers, [[418, "no"], [401, '{"reason":"no_key"}']]);
  await kit.connect(`${SOCKET}&key`);
  const { counters } = kit.app.system;
  assertEquals([
    asked,
    counters.get("upgrades.refused.by_middleware"),
    counters.get("upgrades.refused.no_key"),
  ], [1, 1, 1]);
});

Deno.test("Middleware: what a step leaves is there for authenticate, for handlers and for the other hooks", async () => {
  const TENANT = new ValueKey<string>("tenant");
  const seen: unknown[] = [];
  const step: Middleware = {
    name: "tenant",
    upgrade({ values, responseHeaders }) {
      values.set(TENANT, "acme");
      responseHeaders.append("x-tenant", "acme");
    },
    open: ({ info }) => void seen.push(["open", info.values.get(TENANT)]),
    message: ({ info }) => void seen.push(["message", info.values.get(TENANT)]),
    close: ({ info }, code) => void seen.push(["close", info.values.get(TENANT), code]),
  };
  await using kit = new AppKit({
    middleware: [step],
    authenticate({ values }) {
      seen.push(["authenticate", values.get(TENANT)]);
      return { id: "u" };
    },
  });
  kit.app.topic("room:*", {
    join: (ctx) => void seen.push(["join", ctx.connection.values.get(TENANT)]),
    on: {},
  });
  const client = await kit.connect(SOCKET);
  client.send(JOIN);
  client.close(4_000);
  assertEquals(seen, [
    ["authenticate", "acme"],
    ["open", "acme"],
    ["message", "acme"],
    ["join", "acme"],
    ["close", "acme", 4_000],
  ]);
});

Deno.test("Middleware: a message is dropped, answered or ends the connection, and no handler sees it", async () => {
  const step: Middleware = {
    name: "censor",
    message(_connection, { event, payload }) {
      if (event !== "say") return null;
      if (payload === "drop") return { action: "drop" };
      if (payload === "reply") return { action: "reply", response: { reason: "no" } };
      if (payload === "ok") return { action: "reply", status: "ok", response: {} };
      if (payload === "close") return { action: "close", code: 4_001, reason: "enough" };
    },
  };
  const { kit, heard } = stage([step]);
  await using _ = kit;
  const client = await kit.connect(SOCKET);
  client.send(JOIN);
  for (const what of ["drop", "reply", "ok", "fine", "close"]) {
    client.send(`["1","2","room:1","say","${what}"]`);
  }
  await kit.settle();
  assertEquals(heard, ["fine"]);
  assertEquals(client.closed, { code: 4_001, reason: "enough" });
  assertEquals(client.take().slice(1, 3), [
    '["1","2","room:1","phx_reply",{"response":{"reason":"no"},"status":"error"}]',
    '["1","2","room:1","phx_reply",{"response":{},"status":"ok"}]',
  ]);
});

Deno.test("Middleware sees joins and leaves, but no heartbeats and nothing over a limit", async () => {
  const seen: (string | null)[] = [];
  const step: Middleware = { name: "look", message: (_connection, { event }) => void seen.push(event) };
  const { kit } = stage([step], { messageBurst: 4, messagesPerSecond: 1 });
  await using _ = kit;
  const client = await kit.connect(SOCKET);
  client.send(JOIN);
  client.send('[null,"2","phoenix","heartbeat",{}]');
  client.send('["1","3","room:1","say",1]');
  client.send('["1","4","room:1","phx_leave",{}]');
  client.send('["1","5","room:1","say",2]');
  assertEquals(seen, ["phx_join", "say", "phx_leave"]);
});

Deno.test("Middleware: while a step is pending, what that client sends waits in its order, and others go on", async () => {
  const first = gate();
  const step: Middleware = {
    name: "slow",
    message: ({ user }, { payload }) => payload === "wait" && user.id !== "other" ? first.promise : null,
  };
  const { kit, heard } = stage([step]);
  await using _ = kit;
  const [slow, other] = [await kit.connect(SOCKET), await kit.connect(SOCKET)];
  for (const client of [slow, other]) client.send(JOIN);
  for (const what of ["wait", "b", "c"]) slow.send(`["1","2","room:1","say","${what}"]`);
  slow.send('[null,"9","phoenix","heartbeat",{}]');
  other.send('["1","2","room:1","say","other"]');
  await kit.settle();
  assertEquals([heard, slow.take().length], [["other"], 1]);
  first.open();
  await kit.settle();
  assertEquals(heard, ["other", "wait", "b", "c"]);
  assertEquals(slow.take().map((frame) => JSON.parse(frame as string)[1]), ["9"]);
});

Deno.test("Middleware: steps that are asynchronous for every message keep the order", async () => {
  const { kit, heard } = stage([{ name: "async", message: () => Promise.resolve(null) }]);
  await using _ = kit;
  const client = await kit.connect(SOCKET);
  client.send(JOIN);
  for (let i = 0; i < 50; i++) client.send(`["1","2","room:1","say",${i}]`);
  await kit.settle();
  assertEquals(heard, Array.from({ length: 50 }, (_, i) => i));
});

Deno.test("Middleware: a client that sends too much while a step is pending is closed as overloaded", async () => {
  const { kit } = stage([{ name: "never", message: () => new Promise<never>(() => {}) }], {
    channelMailbox: 3,
  });
  await using _ = kit;
  const client = await kit.connect(SOCKET);
  for (let i = 0; i < 4; i++) client.send(JOIN);
  assertEquals(client.closed, null);
  client.send(JOIN);
  assertEquals([client.closed?.code, kit.app.system.counters.get("connections.overloaded")], [1013, 1]);
});

Deno.test("Middleware: nothing is heard before open has settled, and open may end the connection", async () => {
  const opening = gate();
  const step: Middleware = {
    name: "open",
    open: ({ info }) =>
      info.url.searchParams.has("no") ? { action: "close", code: 4_003, reason: "no" } : opening.promise,
  };
  const { kit, heard } = stage([step]);
  await using _ = kit;
  assertEquals((await kit.connect("/raw?no")).closed, { code: 4_003, reason: "no" });
  assertEquals(heard, []);
  const client = await kit.connect("/raw");
  client.send("a");
  await kit.settle();
  assertEquals(heard, []);
  opening.open();
  await kit.settle();
  assertEquals(heard, ["open", "a"]);
});

Deno.test("Middleware: what is over a limit is answered at once, though open has not settled", async () => {
  const opening = gate();
  const { kit } = stage([{ name: "open", open: () => opening.promise }], { joinBurst: 1, joinsPerSecond: 1 });
  await using _ = kit;
  const client = await kit.connect(SOCKET);
  const answers = (): unknown[] =>
    client.take().map((frame) => JSON.parse(frame as string)).filter(([, , , event]) => event === "phx_reply")
      .map(([, ref, , , { response }]) => [ref, response.reason]);
  client.send(JOIN);
  client.send('["2","2","room:2","phx_join",{}]');
  await kit.settle();
  assertEquals(answers(), [["2", "rate_limited"]]);
  opening.open();
  await kit.settle();
  assertEquals(answers(), [["1", undefined]]);
});

Deno.test("Middleware: a connection that has gone while a step was pending leaves nothing behind", async () => {
  const opening = gate();
  const { kit, heard } = stage([{ name: "open", open: () => opening.promise }]);
  await using _ = kit;
  const client = await kit.connect("/raw");
  client.send("a");
  client.close();
  opening.open();
  await kit.settle();
  assertEquals([heard, kit.app.connections.size, kit.clock.pending], [[], 0, 0]);
});

Deno.test("Middleware on raw data: the payload alone, and a reply is sent as it is", async () => {
  const seen: unknown[] = [];
  const step: Middleware = {
    name: "raw",
    message(_connection, { topic, event, ref, joinRef, payload }) {
      seen.push([topic, event, ref, joinRef, payload]);
      if (payload === "ping") return { action: "reply", response: "pong" };
    },
  };
  const { kit, heard } = stage([step]);
  await using _ = kit;
  const client = await kit.connect("/raw");
  client.send("ping");
  client.send(new Uint8Array([1]));
  await kit.settle();
  assertEquals(seen, [[null, null, null, null, "ping"], [null, null, null, null, new Uint8Array([1])]]);
  assertEquals([client.take(), heard], [["pong"], ["open", new Uint8Array([1])]]);
});

Deno.test("Middleware: a hook that fails is logged and counted, and harms one connection", async () => {
  const boom: Middleware = {
    name: "boom",
    message(_connection, { payload }) {
      if (payload === "boom") throw new Error("boom");
    },
    close() {
      throw new Error("close");
    },
  };
  const { kit, lines, heard } = stage([boom]);
  await using _ = kit;
  const [bad, good] = [await kit.connect("/raw"), await kit.connect("/raw")];
  bad.send("boom");
  good.send("fine");
  assertEquals([bad.closed?.code, good.closed, heard.includes("fine")], [1011, null, true]);
  assertEquals(kit.app.system.counters.get("middleware.failed"), 2);
  assertEquals(lines.slice(0, 2), [
    ["middleware failed", { middleware: "boom", hook: "message", error: "boom" }],
    ["middleware failed", { middleware: "boom", hook: "close", error: "close" }],
  ]);
});

Deno.test("app.use adds a step behind the others, for connections that are open, too", async () => {
  const order: string[] = [];
  const note = (name: string): Middleware => ({ name, message: () => void order.push(name) });
  const { kit } = stage([note("a")]);
  await using _ = kit;
  const client = await kit.connect("/raw");
  client.send("1");
  kit.app.use(note("b"));
  client.send("2");
  assertEquals(order, ["a", "a", "b"]);
});

Deno.test("app.use refuses what is no middleware", () => {
  const { app } = new AppKit();
  const error = assertThrows(() => app.use({ name: "x" }), TroupeError, "it has no hook");
  assert(error.code === "invalid_middleware");
});

Deno.test("Middleware: a step that never answers an upgrade is not waited for: 503, and its place is free", async () => {
  const { kit } = stage([{ name: "stuck", upgrade: () => new Promise(() => {}) }], {
    authenticateTimeoutMs: 2_000,
    maxConnections: 1,
  });
  await using _ = kit;
  for (let i = 0; i < 2; i++) {
    const pending = kit.tryConnect(SOCKET);
    await kit.advance(2_000);
    const response = await pending as Response;
    assertEquals([response.status, await response.json()], [503, { reason: "middleware_timeout" }]);
    assertEquals(response.headers.get("retry-after"), "1");
  }
  assertEquals(kit.app.system.counters.get("upgrades.refused.middleware_timeout"), 2);
  assertEquals(kit.app.gauges.timers, 0);
});
