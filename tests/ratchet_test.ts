/**
 * Every promise that Ratchet made, over real sockets: rows S1 to S11 of what this project set out to keep. Which of our
 * components takes the place of which of Ratchet's is in `docs/from-ratchet.md`.
 */

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { App, type AppOptions, type Component } from "../mod.ts";
import { cookieSessions } from "../src/auth/mod.ts";
import { Client } from "./app/client.ts";

/** Serves what `build` makes on a free port while `run` runs. */
async function serving(
  build: (app: App) => App,
  run: (url: string, app: App) => Promise<void>,
  options: AppOptions = {},
): Promise<void> {
  const app = build(new App(options));
  await using listening = app.listen({ port: 0, signals: false });
  await run(`127.0.0.1:${listening.port}`, app);
}

const open = (host: string, path: string, headers: Record<string, string> = {}): Promise<Client> =>
  Client.open(`ws://${host}${path}`, { headers });

Deno.test("S1: a connection is persistent and full-duplex: either side speaks at any time", () =>
  serving(
    (app) => app.component("/echo", { message: (conn, data) => conn.send(data) }),
    async (host, app) => {
      const client = await open(host, "/echo");
      client.send("from the client");
      assertEquals(await client.next(), "from the client");
      assertEquals(app.send("all", "from the server, unasked"), 1);
      assertEquals(await client.next(), "from the server, unasked");
      await client.close();
    },
  ));

Deno.test("S2: events: open, message, close and error; text and bytes kept apart", async () => {
  const events: string[] = [];
  const closed = Promise.withResolvers<void>();
  const component: Component<undefined> = {
    open: () => void events.push("open"),
    message(conn, data) {
      events.push(typeof data === "string" ? `text ${data}` : `bytes ${data.join(" ")}`);
      if (data === "boom") throw new Error("boom");
      conn.send("heard");
    },
    error: (conn) => {
      events.push("error");
      conn.send("recovered");
    },
    close: (_conn, code) => {
      events.push(`close ${code}`);
      closed.resolve();
    },
  };
  await serving((app) => app.component("/", component), async (host) => {
    const client = await open(host, "/");
    for (const data of ["hi", new Uint8Array([1, 2]), "boom"]) {
      client.send(data);
      await client.next();
    }
    await client.close(4000);
    await closed.promise;
  });
  assertEquals(events, ["open", "text hi", "bytes 1 2", "text boom", "error", "close 4000"]);
});

Deno.test("S3: the server knows each connection: a typed state of its own, which no other sees", () =>
  serving((app) =>
    app.component<{ count: number }>("/count", {
      open: () => ({ count: 0 }),
      message: (conn) => conn.send(String(++conn.state.count)),
    }), async (host) => {
    const [a, b] = [await open(host, "/count"), await open(host, "/count")];
    for (const expected of ["1", "2", "3"]) {
      a.send("");
      assertEquals(await a.next(), expected);
    }
    b.send("");
    assertEquals(await b.next(), "1");
    await Promise.all([a.close(), b.close()]);
  }));

Deno.test("S4: one application is aware of all connections, and talks to any number of them", () =>
  serving(
    (app) => app.component("/all", {}),
    async (host, app) => {
      const clients = [
        await open(host, "/all?id=a"),
        await open(host, "/all?id=b"),
        await open(host, "/all?id=b"),
      ];
      assertEquals([app.connections.size, app.connections.ofUser("b").length], [3, 2]);
      const [first] = app.connections;
      assertEquals([app.send({ connection: first.id }, "one"), app.send({ user: "b" }, "some")], [1, 2]);
      assertEquals(app.send("all", "everybody"), 3);
      const heard = await Promise.all(
        clients.map(async (client) => [await client.next(), await client.next()]),
      );
      assertEquals(heard, [["one", "everybody"], ["some", "everybody"], ["some", "everybody"]]);
      assertEquals(app.disconnect({ user: "b" }, "enough"), 2);
      assertEquals(await clients[1].closed, { code: 1001, reason: "enough" });
      await Promise.all(clients.map((client) => client.close()));
    },
    { authenticate: ({ params }) => ({ id: params.id }) },
  ));

Deno.test("S5: a stack: transport, gate, codec and application are components that can be exchanged", async () => {
  const { FakeTransport } = await import("../src/testing/mod.ts");
  const transport = new FakeTransport();
  await using app = new App({ transports: [transport] })
    .component("/echo", { message: (conn, data) => conn.send(data) }); // the very component of S1
  const request = transport.request("http://app.example/echo");
  await app.fetch(request);
  const connection = transport.accepted(request)!;
  connection.open();
  connection.send("without a network");
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(connection.take(), ["without a network"]);
});

Deno.test("S6: routes have parameters; origin, addresses and sessions are checked before a connection is made", () =>
  serving(
    (app) => app.component("/feeds/:name", { open: (conn) => conn.send(conn.params.name) }),
    async (host, app) => {
      const client = await open(host, "/feeds/news", { origin: `http://${host}` });
      assertEquals(await client.next(), "news");
      await assertRejects(() => open(host, "/feeds/news", { origin: "https://evil.example" }));
      await assertRejects(() => open(host, "/nowhere"));
      assertEquals(app.system.counters.get("upgrades.refused.origin_not_allowed"), 1);
      await client.close();
    },
  ));

Deno.test("S6: addresses are blocked and unblocked while the server runs, and who is there is shown out", () =>
  serving((app) => app.component("/", {}), async (host, app) => {
    const client = await open(host, "/");
    assertEquals(app.addresses.block("127.0.0.0/8"), 1);
    assertEquals((await client.closed).code, 1008);
    assertEquals(app.addresses.blocked, ["127.0.0.0/8"]);
    await assertRejects(() => open(host, "/"));
    app.addresses.unblock("127.0.0.0/8");
    await (await open(host, "/")).close();
  }));

Deno.test("S6: a session that a page's cookie names is there for the connection", async () => {
  const sessions = cookieSessions({ secret: "a secret of more than 32 bytes, for tests only" });
  await serving(
    (app) => app.component("/", { open: (conn) => conn.send(conn.user.id) }),
    async (host) => {
      const [headers, login] = [new Headers(), new Request(`https://${host}/login`)];
      await sessions.issue(headers, login, "ada");
      const cookie = headers.get("set-cookie")!.split(";")[0];
      const client = await open(host, "/", { cookie, origin: `http://${host}` });
      assertEquals(await client.next(), "ada");
      await assertRejects(() => open(host, "/", { cookie: `${cookie}x`, origin: `http://${host}` }));
      await client.close();
    },
    { authenticate: sessions.authenticate, middleware: [sessions.middleware()] },
  );
});

Deno.test("S7: sub-protocols are negotiated, strictly", () =>
  serving(
    (app) => app.component("/", { open: (conn) => conn.send(conn.info.protocol) }),
    async (host) => {
      const client = await Client.open(`ws://${host}/`, { protocols: ["unknown", "wamp"] });
      assertEquals([client.protocol, await client.next()], ["wamp", "wamp"]);
      await assertRejects(() => Client.open(`ws://${host}/`, { protocols: ["unknown"] }));
      const none = await Client.open(`ws://${host}/`); // who offers nothing gets nothing, as in Phoenix
      assertEquals([none.protocol, await none.next()], ["", ""]);
      await Promise.all([client.close(), none.close()]);
    },
    { subProtocols: ["wamp"] },
  ));

Deno.test("S8: who says nothing for too long is let go of", () =>
  serving(
    (app) => app.component("/", {}),
    async (host, app) => {
      const client = await open(host, "/");
      const { code, reason } = await client.closed;
      assertEquals(code, 1001);
      assertMatch(reason, /idle/);
      assertEquals(app.system.counters.get("connections.idle"), 1);
    },
    { limits: { componentIdleMs: 50 } },
  ));

Deno.test("S9: topics and calls: publish with exclude and eligible, subscribers counted, empty topics vanish", () =>
  serving(
    (app) =>
      app.topic("feed:*", {
        on: {
          add(_ctx, payload) {
            const [a, b] = payload as [number, number];
            return { sum: a + b };
          },
          tell: (ctx, user) => ctx.broadcast("told", user, { only: { user: String(user) } }),
          others: (ctx, payload) => ctx.broadcast("told", payload, { except: ctx }),
        },
      }),
    async (host, app) => {
      const members = await Promise.all(["a", "b", "c"].map(async (id) => {
        const client = await open(host, `/socket/websocket?vsn=2.0.0&id=${id}`);
        client.send('["1","1","feed:x","phx_join",{}]');
        await client.next();
        return client;
      }));
      const [a, b, c] = members;
      a.send('["1","2","feed:x","add",[2,3]]');
      assertMatch(String(await a.next()), /"sum":5/); // RPC: call and result
      a.send('["1","3","feed:x","tell","b"]'); // eligible
      assertMatch(String(await b.next()), /"told","b"/);
      a.send('["1","4","feed:x","others","all but a"]'); // exclude
      for (const other of [b, c]) assertMatch(String(await other.next()), /all but a/);
      a.send('["1","5","feed:x","nothing",{}]'); // RPC: error; and a has heard nothing in between
      assertMatch(String(await a.next()), /unknown_event/);
      assertEquals(app.connections.inTopic("feed:x").length, 3); // counted, iterated
      await Promise.all(members.map((client) => client.close()));
    },
    { authenticate: ({ params }) => ({ id: params.id }) },
  ));

Deno.test("S10: whoever has no WebSocket is served as well: long-poll", () =>
  serving((app) => app.topic("room:*", {}), async (host) => {
    const url = `http://${host}/socket/longpoll?vsn=2.0.0`;
    const { status, token } = await (await fetch(url)).json();
    assertEquals(status, 410); // a new session
    const post = await fetch(`${url}&token=${encodeURIComponent(token)}`, {
      method: "POST",
      body: '["1","1","room:1","phx_join",{}]',
    });
    assertEquals(await post.json(), { status: 200 });
    const { messages } = await (await fetch(`${url}&token=${encodeURIComponent(token)}`)).json();
    assertMatch(messages[0], /"status":"ok"/);
  }));

Deno.test("S11: a throw in one connection reaches only its own error handler", () =>
  serving(
    (app) =>
      app.component("/", {
        message(conn, data) {
          if (data === "boom") throw new Error("boom");
          conn.send(data);
        },
      }),
    async (host) => {
      const [bad, good] = [await open(host, "/"), await open(host, "/")];
      bad.send("boom");
      assertEquals((await bad.closed).code, 1011);
      good.send("still here");
      assertEquals(await good.next(), "still here");
      await good.close();
    },
  ));
