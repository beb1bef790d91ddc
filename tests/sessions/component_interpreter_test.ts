import { assert, assertEquals, assertThrows } from "@std/assert";
import { type ComponentConnection, TroupeError } from "../../mod.ts";
import { AppKit } from "../../src/testing/mod.ts";
import { gate } from "./client.ts";

Deno.test("Text arrives as a string, bytes as bytes, and goes out the same way", async () => {
  await using kit = new AppKit();
  kit.app.component("/echo", { message: (conn, data) => conn.send(data) });
  const connection = await kit.connect("/echo");
  connection.send("text");
  connection.send(new Uint8Array([1, 2]));
  await kit.settle();
  assertEquals(connection.take(), ["text", new Uint8Array([1, 2])]);
});

Deno.test("What open returns is the state, before any message is handled, sync or async", async () => {
  await using kit = new AppKit();
  const ready = gate();
  kit.app.component<{ n: number }>("/c", {
    async open() {
      await ready.promise;
      return { n: 1 };
    },
    message(conn) {
      conn.send(`${conn.state.n++}`);
    },
  });
  const connection = await kit.connect("/c");
  connection.send("a");
  connection.send("b");
  await kit.settle();
  assertEquals(connection.take(), []);
  ready.open();
  await kit.settle();
  assertEquals(connection.take(), ["1", "2"]);
});

Deno.test("A connection knows its id, user, address, url, headers and params, when the request has long gone", async () => {
  await using kit = new AppKit({ authenticate: ({ params }) => ({ id: `${params.user}` }) });
  let conn: ComponentConnection<unknown> | null = null;
  kit.app.component("/feeds/:name", { open: (each) => void (conn = each) });
  await kit.connect("/feeds/news?user=ada", { "x-test": "1" });
  await kit.advance(1_000);
  const { id, user, url, headers, params, remoteAddress } = conn!;
  assertEquals([...kit.app.connections].map((view) => view.id), [id]);
  assertEquals([user.id, url.pathname, headers.get("x-test"), params, remoteAddress], [
    "ada",
    "/feeds/news",
    "1",
    { name: "news" },
    "",
  ]);
});

Deno.test("An asynchronous message handler holds its own connection alone", async () => {
  await using kit = new AppKit();
  const first = gate();
  kit.app.component("/c", {
    async message(conn, data) {
      if (data === "slow") await first.promise;
      conn.send(data);
    },
  });
  const [a, b] = [await kit.connect("/c"), await kit.connect("/c")];
  a.send("slow");
  a.send("next");
  b.send("other");
  await kit.settle();
  assertEquals([a.take(), b.take()], [[], ["other"]]);
  first.open();
  await kit.settle();
  assertEquals(a.take(), ["slow", "next"]);
});

for (const mode of ["sync", "async"] as const) {
  const throwing = mode === "sync"
    ? () => {
      throw new Error("boom");
    }
    : () => Promise.reject(new Error("boom"));

  Deno.test(`A throw in open or message reaches the connection's own error handler alone: ${mode}`, async () => {
    await using kit = new AppKit();
    const errors: string[] = [];
    const error = (conn: ComponentConnection<unknown>, thrown: unknown): void => {
      errors.push((thrown as Error).message);
      conn.send("sorry");
    };
    kit.app.component("/open", { open: throwing, error }).component("/message", { message: throwing, error });
    const [opened, told, bystander] = [
      await kit.connect("/open"),
      await kit.connect("/message"),
      await kit.connect("/message"),
    ];
    told.send("a");
    await kit.settle();
    assertEquals(errors, ["boom", "boom"]);
    assertEquals([opened.take(), told.take(), bystander.take()], [["sorry"], ["sorry"], []]);
    assertEquals([opened.closed, told.closed, bystander.closed], [null, null, null]);
    assertEquals(kit.app.system.counters.get("components.errors"), 2);
  });

  Deno.test(`Without an error handler, or if that throws too, 1011 closes that connection alone: ${mode}`, async () => {
    await using kit = new AppKit();
    const closes: string[] = [];
    const close = (_conn: unknown, code: number): void => void closes.push(`${code}`);
    kit.app.component("/message", { message: throwing, close })
      .component("/open", { open: throwing })
      .component("/error", { message: throwing, error: throwing, close });
    const bystander = await kit.connect("/message");
    for (const path of ["/message", "/open", "/error"]) {
      const connection = await kit.connect(path);
      connection.send("a");
      await kit.settle();
      assertEquals(connection.closed, { code: 1011, reason: "internal error" }, path);
    }
    assertEquals(bystander.closed, null);
    assertEquals(closes, ["1011", "1011"]);
    assertEquals(kit.app.system.counters.get("connections.crashed"), 3);
  });
}

Deno.test("close is called once, with the code and the reason, whoever ended the connection", async () => {
  await using kit = new AppKit();
  const closes: string[] = [];
  kit.app.component("/c", {
    message: (conn) => conn.close(4000, "enough"),
    close: (_conn, code, reason) => void closes.push(`${code} ${reason}`),
  });
  const [a, b, c] = [await kit.connect("/c"), await kit.connect("/c"), await kit.connect("/c")];
  a.send("x");
  b.close(1006);
  await kit.settle();
  kit.app.disconnect("all", "go");
  await kit.settle();
  assertEquals(closes.sort(), ["1001 go", "1006 ", "4000 enough"]);
  assertEquals([a.closed?.code, b.closed, c.closed?.code], [4000, null, 1001]);
});

Deno.test("close waits for a pending open and sees its state; a fault in it harms nobody", async () => {
  await using kit = new AppKit();
  const ready = gate();
  const states: unknown[] = [];
  kit.app.component<string>("/c", {
    async open() {
      await ready.promise;
      return "open";
    },
    close(conn) {
      states.push(conn.state);
      throw new Error("boom");
    },
  });
  const connection = await kit.connect("/c");
  connection.close();
  await kit.settle();
  assertEquals(states, []);
  ready.open();
  await kit.settle();
  assertEquals(states, ["open"]);
  assertEquals(kit.app.system.counters.get("components.errors"), 1);
});

Deno.test("A close code that cannot be sent is refused at once", async () => {
  await using kit = new AppKit();
  const codes: unknown[] = [];
  kit.app.component("/c", {
    open(conn) {
      for (const code of [0, 999, 1005, 1006, 1015, 2000, 5000, 1.5]) {
        codes.push(assertThrows(() => conn.close(code), TroupeError).code);
      }
    },
  });
  const connection = await kit.connect("/c");
  assertEquals(new Set(codes), new Set(["bad_close_code"]));
  assertEquals(connection.closed, null);
});

Deno.test("publish reaches the subscribers of a topic, the publisher only if asked", async () => {
  await using kit = new AppKit();
  kit.app.component("/shout", {
    open: (conn) => conn.subscribe("all"),
    message: (conn, data) => conn.publish("all", data, { self: data === "self" }),
  });
  const [a, b] = [await kit.connect("/shout"), await kit.connect("/shout")];
  a.send("others");
  a.send("self");
  b.send(new Uint8Array([7]));
  await kit.settle();
  assertEquals(a.take(), ["self", new Uint8Array([7])]);
  assertEquals(b.take(), ["others", "self"]);
});

Deno.test("Topics of components and of channels are apart", async () => {
  await using kit = new AppKit();
  kit.app.topic("all", {}).component("/c", { open: (conn) => conn.subscribe("all") });
  const raw = await kit.connect("/c");
  const channel = await kit.connect("/socket/websocket?vsn=2.0.0");
  channel.send('["1","1","all","phx_join",{}]');
  await kit.settle();
  channel.take();
  kit.app.broadcast("all", "said", {});
  await kit.settle();
  assertEquals([raw.take().length, channel.take().length], [0, 1]);
});

Deno.test("unsubscribe and the connection's end take a subscription back; its topic stops when idle", async () => {
  await using kit = new AppKit({ limits: { topicIdleMs: 1_000 } });
  kit.app.component("/c", {
    message(conn, data) {
      if (data === "in") conn.subscribe("t");
      else if (data === "out") conn.unsubscribe("t");
      else conn.publish("t", data);
    },
  });
  const actors = kit.app.system.actorCount;
  const [a, b] = [await kit.connect("/c"), await kit.connect("/c")];
  for (const connection of [a, b]) {
    connection.send("in");
    connection.send("in"); // once is enough
  }
  await kit.settle();
  b.send("out");
  a.send("one");
  b.send("two");
  await kit.settle();
  assertEquals([a.take(), b.take()], [["two"], []]);
  a.close();
  b.close();
  await kit.advance(2_000);
  assertEquals([kit.app.system.actorCount, kit.clock.pending], [actors, 0]);
});

Deno.test("maxSubscriptions: beyond, subscribe throws and is counted", async () => {
  await using kit = new AppKit({ limits: { maxSubscriptions: 2 } });
  const codes: string[] = [];
  kit.app.component("/c", {
    open(conn) {
      conn.subscribe("1");
      conn.subscribe("2");
      conn.subscribe("2");
      codes.push(assertThrows(() => conn.subscribe("3"), TroupeError).code);
      conn.unsubscribe("1");
      conn.subscribe("3");
    },
  });
  await kit.connect("/c");
  assertEquals(codes, ["too_many_subscriptions"]);
  assertEquals(kit.app.system.counters.get("components.subscriptions_refused"), 1);
});

Deno.test("A subscription that fails leaves nothing behind, and can be tried again", async () => {
  await using kit = new AppKit({ limits: { maxTopics: 1, topicIdleMs: 1_000 } });
  const codes: string[] = [];
  kit.app.component("/c", {
    message(conn, data) {
      const topic = data as string;
      try {
        conn.subscribe(topic);
        codes.push("ok");
      } catch (error) {
        codes.push((error as TroupeError).code);
      }
    },
  });
  const [a, b] = [await kit.connect("/c"), await kit.connect("/c")];
  a.send("1");
  b.send("2");
  await kit.settle();
  a.close();
  await kit.advance(2_000);
  b.send("2");
  await kit.settle();
  b.close();
  await kit.settle();
  assertEquals(codes, ["ok", "too_many_children", "ok"]);
  assertEquals(kit.app.connections.size, 0);
});

Deno.test("connectionMailbox: a component that is sent more than it handles is closed with 1013", async () => {
  await using kit = new AppKit({ limits: { connectionMailbox: 2 } });
  kit.app.component("/c", { message: () => new Promise<void>(() => {}) });
  const connection = await kit.connect("/c");
  for (let i = 0; i < 4; i++) connection.send("x");
  await kit.settle();
  assertEquals(connection.closed?.code, 1013);
  assertEquals(kit.app.system.counters.get("connections.overloaded"), 1);
  await kit.advance(10_000);
  assert(kit.app.connections.size === 0);
});
