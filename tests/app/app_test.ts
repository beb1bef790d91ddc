import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { Hono } from "hono";
import { z } from "zod";
import { App, bytes, defineTopic, joined, type LogFields, TroupeError } from "../../mod.ts";
import { FakeTransport } from "../../src/testing/mod.ts";
import { ChannelClient, Client } from "./client.ts";

const Room = defineTopic("room:{id}", {
  join: { payload: z.object({ nickname: z.string().min(1).max(40) }), reply: z.object({ motd: z.string() }) },
  client: {
    say: { payload: z.object({ text: z.string().min(1).max(500) }), reply: z.object({ id: z.string() }) },
    draw: { payload: bytes() },
  },
  server: {
    said: z.object({ id: z.string(), by: z.string(), text: z.string() }),
    drawn: bytes(),
  },
});

/** The public surface of the architecture, as it stands there. */
function surface() {
  const verify = (token: string | null) => token === null ? null : { id: `id of ${token}`, name: token };
  const left: string[] = [];
  const app = new App({ authenticate: ({ token }) => verify(token) })
    .topic(Room, {
      join(ctx, { nickname }) {
        return joined({ nickname }, { motd: `welcome to ${ctx.params.id}` });
      },
      on: {
        say(ctx, { text }) {
          const id = ctx.uuid();
          ctx.broadcast("said", { id, by: `${ctx.user.name} as ${ctx.state.nickname}`, text });
          return { id };
        },
        draw(ctx, bytes) {
          ctx.broadcastBytes("drawn", bytes, { except: ctx });
        },
      },
      leave(ctx, reason) {
        left.push(`${ctx.state.nickname} ${reason.kind}`);
      },
    })
    .component("/echo", { message: (conn, data) => conn.send(data) });
  return { app, left };
}

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

Deno.test("The public surface: join, say, draw, leave and a raw component", async () => {
  const { app, left } = surface();
  await using server = app.listen({ port: 0, signals: false });
  const url = `ws://127.0.0.1:${server.port}`;
  const ada = await ChannelClient.open(`${url}/socket`, bearer("Ada"));
  const bob = await ChannelClient.open(`${url}/socket`, bearer("Bob"));
  assertEquals(await ada.join("room:7", { nickname: "A" }), {
    status: "ok",
    response: { motd: "welcome to 7" },
  });
  assertEquals((await bob.join("room:7", { nickname: "B" })).status, "ok");

  ada.send("j", "s", "room:7", "say", { text: "hello" });
  const said = await ada.next();
  const { id } = said[4] as { id: string };
  assertEquals(said, [null, null, "room:7", "said", { id, by: "Ada as A", text: "hello" }]);
  assertEquals(await ada.next(), ["j", "s", "room:7", "phx_reply", { status: "ok", response: { id } }]);
  assertEquals(await bob.next(), said);

  bob.client.send(binaryPush("j", "d", "room:7", "draw", [1, 2, 3]));
  assertEquals(await bob.next(), ["j", "d", "room:7", "phx_reply", { status: "ok", response: {} }]);
  const drawn = new Uint8Array(await ada.client.next() as ArrayBuffer);
  assertEquals([drawn[0], [...drawn.slice(-3)]], [2, [1, 2, 3]]); // kind 2: a broadcast

  const echo = await Client.open(`${url}/echo`, bearer("Eve"));
  echo.send("raw");
  assertEquals(await echo.next(), "raw");

  assertEquals((await bob.push("room:7", "phx_leave")).status, "ok");
  assertEquals(left, ["B left"]);
  await server.close();
  assertEquals(left, ["B left", "A shutdown"]);
  for (const { closed } of [ada.client, bob.client, echo]) assertEquals((await closed).code, 1012);
});

/** Phoenix V2's binary push: kind 0, four lengths, four texts, the bytes. */
function binaryPush(joinRef: string, ref: string, topic: string, event: string, data: number[]) {
  const texts = [joinRef, ref, topic, event].map((text) => new TextEncoder().encode(text));
  return new Uint8Array([
    0,
    ...texts.map(({ length }) => length),
    ...texts.flatMap((text) => [...text]),
    ...data,
  ]);
}

/** An app whose handlers do what its contract forbids, when asked to. */
async function withFaults(
  run: (client: ChannelClient, calls: string[], logged: LogFields[]) => Promise<void>,
) {
  const calls: string[] = [];
  const logged: LogFields[] = [];
  const Faulty = defineTopic("faulty:{id}", {
    join: { payload: z.object({ as: z.string() }), reply: z.object({ n: z.number() }) },
    client: {
      take: { payload: z.object({ user: z.object({ age: z.number() }) }) },
      answer: { reply: z.object({ id: z.string() }) },
      shout: {},
    },
    server: { shouted: z.object({ text: z.string() }) },
  });
  const app = new App({ logger: { log: (_level, _message, fields) => void logged.push(fields ?? {}) } })
    .topic(Faulty, {
      join(_ctx, payload) {
        calls.push("join");
        return { n: (payload.as === "wrong" ? "no number" : 1) as number };
      },
      on: {
        take: () => void calls.push("take"),
        answer: () => ({ id: 7 as unknown as string }),
        shout: (ctx) => ctx.broadcast("shouted", { text: 7 as unknown as string }),
      },
    });
  await using server = app.listen({ port: 0, signals: false });
  const client = await ChannelClient.open(`ws://127.0.0.1:${server.port}/socket`);
  await run(client, calls, logged);
  await client.close();
}

Deno.test("A wrong join payload is answered with invalid_payload and the field; the handler is not called", async () => {
  await withFaults(async (client, calls) => {
    const { status, response } = await client.join("faulty:1", { as: 7 });
    const { reason, issues } = response as { reason: string; issues: { path: string; message: string }[] };
    assertEquals([status, reason, issues.map(({ path }) => path)], ["error", "invalid_payload", ["as"]]);
    assertStringIncludes(issues[0].message, "expected string");
    assertEquals(calls, []);
  });
});

Deno.test("A wrong event payload is answered with invalid_payload and the field; the handler is not called", async () => {
  await withFaults(async (client, calls) => {
    await client.join("faulty:1", { as: "me" });
    for (const wrong of [{ user: { age: "old" } }, { user: {} }]) {
      const { status, response } = await client.push("faulty:1", "take", wrong);
      const { reason, issues } = response as { reason: string; issues: { path: string }[] };
      assertEquals([status, reason, issues.map(({ path }) => path)], ["error", "invalid_payload", [
        "user.age",
      ]]);
    }
    assertEquals(await client.push("faulty:1", "take", { user: { age: 7 } }), { status: "ok", response: {} });
    assertEquals(calls, ["join", "take"]);
  });
});

Deno.test("A wrong event is answered with unknown_event and those that are accepted", async () => {
  await withFaults(async (client) => {
    await client.join("faulty:1", { as: "me" });
    assertEquals(await client.push("faulty:1", "tale", {}), {
      status: "error",
      response: { reason: "unknown_event", event: "tale", accepted: ["take", "answer", "shout"] },
    });
  });
});

Deno.test("A wrong reply is answered with invalid_reply and the field, and is logged", async () => {
  await withFaults(async (client, _calls, logged) => {
    const paths = (response: unknown) => {
      const { reason, issues } = response as { reason: string; issues: { path: string }[] };
      return [reason, ...issues.map(({ path }) => path)];
    };
    assertEquals(paths((await client.join("faulty:1", { as: "wrong" })).response), ["invalid_reply", "n"]);
    assertEquals((await client.join("faulty:1", { as: "me" })).status, "ok");
    assertEquals(paths((await client.push("faulty:1", "answer", {})).response), ["invalid_reply", "id"]);
    assertEquals(logged.map(({ event }) => event), ["phx_join", "answer"]);
  });
});

Deno.test("A wrong broadcast crashes its handler, with a message that names the field; nothing goes out", async () => {
  await withFaults(async (client, _calls, logged) => {
    await client.join("faulty:1", { as: "me" });
    client.send("j", "1", "faulty:1", "shout", {});
    assertEquals((await client.next())[3], "phx_error");
    const errors = logged.map(({ error }) => error instanceof Error ? error.message : String(error));
    assert(
      errors.some((error) => error.includes('Cannot send "shouted" in faulty:{id}: at text: ')),
      errors.join(),
    );
    assertEquals((await client.join("faulty:1", { as: "me" })).status, "ok", "and the connection lives");
  });
});

Deno.test("fetch is an own property, bound to its app: `deno serve` wants it so", async () => {
  const app = new App();
  assert(Object.hasOwn(app, "fetch"));
  const { fetch } = app;
  assertEquals((await fetch(new Request("http://host/nowhere"))).status, 404);
  await app.close();
});

Deno.test("App.contracts has what app.topic was given, the most specific pattern first", () => {
  const Lobby = defineTopic("room:lobby", {});
  const app = new App().topic("room:*", {}).topic(Lobby, {});
  assertEquals(app.contracts.map(({ pattern, definition }) => [pattern.source, definition]), [
    ["room:lobby", Lobby.definition],
    ["room:*", null],
  ]);
  assertEquals(app.contracts[0], Lobby);
});

Deno.test("Several apps live in one process, and end apart", async () => {
  const make = (name: string) => new App().component("/who", { open: (conn) => conn.send(name) });
  const [first, second] = [make("first"), make("second")];
  const servers = [first, second].map((app) => app.listen({ port: 0, signals: false }));
  const clients = await Promise.all(servers.map(({ port }) => Client.open(`ws://127.0.0.1:${port}/who`)));
  assertEquals(await Promise.all(clients.map((client) => client.next())), ["first", "second"]);
  await first.close();
  assertEquals((await clients[0].closed).code, 1012);
  assertEquals([first.connections.size, second.connections.size], [0, 1]);
  await clients[1].close();
  await servers[1].close();
});

Deno.test("An app mounts below a path of any Deno.serve handler, and falls through to other routes", async () => {
  const realtime = new App({ basePath: "/realtime" }).topic("room:*", {});
  const chat = new App({ basePath: "/chat" }).component("/echo", {
    message: (conn, data) => conn.send(data),
  });
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request, info) => {
    const app = [realtime, chat].find((each) => each.handles(request));
    return app?.fetch(request, info) ?? new Response("the rest of the site");
  });
  const host = `127.0.0.1:${server.addr.port}`;
  for (const path of ["/", "/realtime/else", "/socket/websocket", "/echo"]) {
    assertEquals(await (await fetch(`http://${host}${path}`)).text(), "the rest of the site");
  }
  const client = await ChannelClient.open(`ws://${host}/realtime/socket`);
  assertEquals((await client.join("room:1")).status, "ok");
  const echo = await Client.open(`ws://${host}/chat/echo`);
  echo.send("hello");
  assertEquals(await echo.next(), "hello");
  assertEquals(realtime.connections.inTopic("room:1")[0].info.remoteAddress, "127.0.0.1");
  await Promise.all([realtime.close(), chat.close()]);
  await Promise.all([client.client.closed, echo.closed]);
  await server.shutdown();
});

Deno.test("An app mounts inside of Hono, between other routes and behind its middleware", async () => {
  const app = new App({ basePath: "/realtime" }).topic("room:*", {});
  const site = new Hono<{ Bindings: Deno.ServeHandlerInfo }>()
    .use(async (c, next) => {
      await next();
      if (c.res.status !== 101) c.header("x-site", "yes");
    })
    .use((c, next) => app.handles(c.req.raw) ? app.fetch(c.req.raw, c.env) : next())
    .get("/realtime/about", (c) => c.text("about"))
    .get("/", (c) => c.text("home"));
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, site.fetch);
  const host = `127.0.0.1:${server.addr.port}`;
  for (const [path, text] of [["/", "home"], ["/realtime/about", "about"]]) {
    const response = await fetch(`http://${host}${path}`);
    assertEquals([response.headers.get("x-site"), await response.text()], ["yes", text]);
  }
  const refused = await fetch(`http://${host}/realtime/socket/websocket`);
  assertEquals([refused.status, (await refused.json()).reason], [426, "upgrade_required"]);
  const client = await ChannelClient.open(`ws://${host}/realtime/socket`);
  assertEquals((await client.join("room:1")).status, "ok");
  assertEquals([...app.connections][0].info.remoteAddress, "127.0.0.1");
  await app.close();
  await client.client.closed;
  await server.shutdown();
});

Deno.test("Hono can be an app's fallback as well", async () => {
  const site = new Hono().get("/", (c) => c.text("home"));
  const app = new App({ fallback: (request) => site.fetch(request) });
  assertEquals(await (await app.fetch(new Request("http://host/"))).text(), "home");
  assertEquals((await app.fetch(new Request("http://host/none"))).status, 404);
  await app.close();
});

Deno.test("The parameters of a component's path, and of a topic's pattern, reach their handlers", async () => {
  const app = new App().component("/feeds/:name", { open: (conn) => conn.send(conn.params.name) });
  await using server = app.listen({ port: 0, signals: false });
  const client = await Client.open(`ws://127.0.0.1:${server.port}/feeds/n%C3%A9ws`);
  assertEquals(await client.next(), "néws");
  await client.close();
});

Deno.test("A mount has its own limits, origin and sub-protocols, and the app's for the rest", async () => {
  const app = new App({ path: false, limits: { maxChannels: 3 } })
    .socket("/one", { limits: { maxChannels: 1 } })
    .socket("/three", { subProtocols: ["chat"] })
    .topic("room:*", {});
  await using server = app.listen({ port: 0, signals: false });
  const statuses = async (path: string, protocols?: string[]): Promise<string[]> => {
    const client = await ChannelClient.open(`ws://127.0.0.1:${server.port}${path}`, { protocols });
    const replies: string[] = [];
    for (const n of [1, 2, 3, 4]) replies.push((await client.join(`room:${n}`)).status);
    await client.close();
    return replies;
  };
  assertEquals(await statuses("/one"), ["ok", "error", "error", "error"]);
  assertEquals(await statuses("/three", ["chat"]), ["ok", "ok", "ok", "error"]);
  assertEquals((await app.fetch(new Request("http://host/socket/websocket"))).status, 404);
  assertEquals(app.system.counters.get("channels.too_many"), 4);
});

Deno.test("What cannot work fails at the start, loudly", async () => {
  await using app = new App().topic("room:*", {}).component("/echo", {});
  const calls: [() => unknown, string][] = [
    [() => app.topic("room:*", {}), "duplicate_pattern"],
    [() => app.topic("room:{", {}), "invalid_pattern"],
    [() => app.topic("other:*", { on: { say: 7 as never } }), "invalid_handlers"],
    [() => app.component("/echo", {}), "bad_path"],
    [() => app.component("echo", {}), "bad_path"],
    [() => app.component("/typo", { onMessage() {} } as object), "invalid_handlers"],
    [() => app.socket("/socket"), "bad_path"],
    [() => app.socket("/other", { origin: ["example.com"] }), "bad_origin"],
  ];
  for (const [call, code] of calls) assertEquals(assertThrows(call, TroupeError).code, code);
});

Deno.test("App.gauges says what is held, and is back at its start when all have gone", async () => {
  const transport = new FakeTransport();
  const app = new App({ transports: [transport], limits: { topicIdleMs: 1 } }).topic("room:*", {});
  const atRest = app.gauges;
  assertEquals(
    Object.values(atRest).filter((value) => value !== 0).length,
    1,
    "only the engine's own actors",
  );
  const request = transport.request("http://app.example/socket/websocket?vsn=2.0.0");
  await app.fetch(request);
  assertEquals(app.gauges.opening, 1);
  const connection = transport.accepted(request)!;
  connection.open();
  connection.send('["1","1","room:1","phx_join",{}]');
  while (connection.take().length === 0) await new Promise((resolve) => setTimeout(resolve));
  const { opening, connections, sessions, topics, subscribers, timers } = app.gauges;
  assertEquals([opening, connections, sessions, topics, subscribers], [0, 1, 1, 1, 1]);
  assert(timers > 0);
  connection.close();
  while (app.gauges.topics > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  assertEquals(app.gauges, atRest);
  await app.close();
});

Deno.test("App.gauges says what transports hold themselves, until it has ended", async () => {
  const app = new App().topic("room:*", {});
  const at = (path: string): Promise<Response> => app.fetch(new Request(`http://app.example/socket/${path}`));
  await (await at("longpoll?vsn=2.0.0")).text();
  assertEquals(app.gauges.held, 1);
  const stream = await at("sse?topic=room:1");
  assertEquals(app.gauges.held, 3, "a stream is there, and is looked after");
  await stream.body!.cancel();
  assertEquals(app.gauges.held, 1);
  await app.close();
  assertEquals(app.gauges.held, 0);
});
