import { assert, assertEquals } from "@std/assert";
import { Connection, type ConnectionPorts } from "../../src/sessions/connection.ts";
import { AppKit } from "../../src/testing/mod.ts";
import { connect } from "./client.ts";

const TICK_MS = 60_000 / 16;

Deno.test("Liveness: a channel connection that says nothing for 60 s is closed with 1001", async () => {
  await using kit = new AppKit();
  const client = await connect(kit);
  await kit.advance(60_000);
  assertEquals(client.closed, null);
  await kit.advance(TICK_MS);
  assertEquals(client.closed?.code, 1001);
  assertEquals(kit.app.system.counters.get("connections.idle"), 1);
  assertEquals(kit.app.connections.size, 0);
});

Deno.test("Liveness: any frame counts, heartbeats and nonsense for no channel too", async () => {
  await using kit = new AppKit();
  const client = await connect(kit);
  for (let i = 0; i < 5; i++) {
    await kit.advance(59_000);
    if (i % 2 === 0) client.push("phoenix", "heartbeat");
    else client.push("nowhere", "nothing");
  }
  assertEquals(client.closed, null);
  assertEquals(client.takeBrief(), ["ok:1", "error:2", "ok:3", "error:4", "ok:5"]);
});

Deno.test("Liveness: what is sent to a client does not count", async () => {
  await using kit = new AppKit();
  kit.app.topic("room:*", { on: {} });
  const client = await connect(kit);
  client.join("room:1");
  for (let i = 0; i < 7; i++) {
    kit.app.broadcast("room:1", "said", {});
    await kit.advance(10_000);
  }
  assertEquals(client.closed?.code, 1001);
});

Deno.test("Liveness: component connections have an idle rule of their own, off by default", async () => {
  for (const componentIdleMs of [0, 1_000]) {
    await using kit = new AppKit({ limits: { componentIdleMs } });
    kit.app.component("/echo", { message: (conn, data) => conn.send(data) });
    const connection = await kit.connect("/echo");
    await kit.advance(componentIdleMs === 0 ? 3_600_000 : 1_100);
    assertEquals(connection.closed?.code, componentIdleMs === 0 ? undefined : 1001);
  }
});

Deno.test("A message over the limit closes with 1009; text is counted in bytes of UTF-8", async () => {
  await using kit = new AppKit({ limits: { maxMessageBytes: 90 } });
  kit.app.component("/echo", { message: (conn, data) => conn.send(data) });
  const cases: [string | Uint8Array<ArrayBuffer>, boolean][] = [
    ["x".repeat(90), true],
    ["x".repeat(91), false],
    ["é".repeat(45), true],
    ["é".repeat(46), false],
    ["漢".repeat(30), true],
    ["漢".repeat(31), false],
    ["😀".repeat(22), true],
    ["😀".repeat(23), false],
    [new Uint8Array(90), true],
    [new Uint8Array(91), false],
  ];
  for (const [data, fits] of cases) {
    const connection = await kit.connect("/echo");
    connection.send(data);
    await kit.settle();
    assertEquals(connection.closed?.code, fits ? undefined : 1009, `${data.length} ${data.slice(0, 2)}`);
    assertEquals(connection.take(), fits ? [data] : []);
  }
  assertEquals(kit.app.system.counters.get("connections.too_big"), 5);
});

Deno.test("Slow consumers: overflow closes with 1013 and lets go of the connection", async () => {
  await using kit = new AppKit({ limits: { outboxFrames: 10, topicIdleMs: 1_000 } });
  const left: string[] = [];
  kit.app.topic("room:*", { leave: (_ctx, { kind }) => void left.push(kind) });
  const actors = kit.app.system.actorCount;
  const [slow, other] = [await connect(kit), await connect(kit)];
  slow.join("room:1");
  other.join("room:1");
  await kit.settle();
  slow.connection.socket.bufferedBytes = 65_536;
  other.take();
  for (let i = 0; i < 11; i++) {
    kit.app.broadcast("room:1", "said", { i });
    await kit.settle();
  }
  assertEquals(slow.closed, { code: 1013, reason: "slow consumer: the outbox is full" });
  assertEquals(slow.takeBrief(), ["ok:1"]);
  assertEquals(other.take().length, 11);
  assertEquals(left, ["closed"]);
  assertEquals(kit.app.connections.size, 1);
  assertEquals(kit.app.system.counters.get("connections.slow"), 1);
  other.connection.close();
  await kit.advance(2_000);
  assertEquals(kit.app.system.actorCount, actors);
  assertEquals(kit.clock.pending, 0);
});

Deno.test("Slow consumers: a client that reads again in time loses nothing", async () => {
  await using kit = new AppKit();
  kit.app.topic("room:*", {});
  for (const version of ["2.0.0", "2.1.0"]) {
    const client = await connect(kit, `/socket/websocket?vsn=${version}`);
    client.join("room:1");
    await kit.settle();
    client.take();
    client.connection.socket.bufferedBytes = 65_536;
    for (let i = 0; i < 1_000; i++) {
      kit.app.broadcast("room:1", "said", { i });
      if (i % 100 === 0) await kit.settle();
    }
    await kit.settle();
    assertEquals(client.take(), []);
    const [view] = [...kit.app.connections].slice(-1);
    assertEquals(view.backlog, 1_000);
    client.connection.socket.resume();
    await kit.advance(1_000);
    assertEquals(
      client.take().map(([, , , , p]) => (p as { i: number }).i),
      Array.from({ length: 1_000 }, (_, i) => i),
    );
    client.connection.close();
  }
});

Deno.test("Slow consumers: a 2.0.0 client never sees a batch, a 2.1.0 client sees the shared one", async () => {
  await using kit = new AppKit();
  kit.app.topic("room:*", {});
  const paths = ["2.0.0", "2.1.0", "2.1.0"].map((version) => `/socket/websocket?vsn=${version}`);
  const clients = [];
  for (const path of paths) clients.push(await kit.connect(path));
  for (const client of clients) client.send('["1","1","room:1","phx_join",{}]');
  await kit.settle();
  for (const client of clients) client.take();
  for (let i = 0; i < 3; i++) kit.app.broadcast("room:1", "said", { i });
  await kit.settle();
  const frames = clients.map((client) => client.take());
  assertEquals(frames.map((each) => each.length), [3, 1, 1]);
  assertEquals(JSON.parse(frames[1][0] as string).length, 3);
  const [a, b] = [clients[1], clients[2]].map(({ socket }) => socket.turns.at(-1)!.frames[0]);
  assert(a === b, "the same frame, not an equal one");
});

Deno.test("A close reason is cut to 123 bytes on a character boundary", async () => {
  await using kit = new AppKit();
  const client = await connect(kit);
  kit.app.disconnect("all", "é".repeat(100));
  await kit.settle();
  assertEquals(client.closed, { code: 1001, reason: "é".repeat(61) });
});

Deno.test("A connection that opens in the turn in which it is to leave is closed, and never is one of the open ones", () => {
  const log: string[] = [];
  const atFlush: (() => void)[] = [];
  const ports = {
    scheduler: { enter() {}, drain() {}, atFlush: (task: () => void) => void atFlush.push(task) },
    counters: { add: (name: string) => void log.push(name) },
    wheel: null,
    opened: () => log.push("opened"),
    closed: () => log.push("closed"),
  };
  const interpreter = {
    opened() {},
    received() {},
    handle() {},
    closed: (code: number) => void log.push(`end ${code}`),
  };
  const connection = new Connection(
    ports as unknown as ConnectionPorts,
    null!,
    { id: "ada" },
    null,
    interpreter,
  );
  const socket = {
    bufferedBytes: 0,
    coalesces: false,
    send() {},
    close: (code: number) => log.push(`close ${code}`),
  };
  connection.closeInTurn(1012, "the server goes away");
  connection.opened(socket);
  connection.received("too late");
  assertEquals([log.splice(0), connection.isOpen], [["closed"], false]);
  for (const task of atFlush) task();
  assertEquals(log, ["close 1012", "end 1012"]);
});

Deno.test("Nothing reaches a connection after its end, from either side", async () => {
  await using kit = new AppKit();
  const events: string[] = [];
  kit.app.component("/c", {
    message: () => void events.push("message"),
    close: (_conn, code) => void events.push(`close ${code}`),
  });
  const connection = await kit.connect("/c");
  const [{ id }] = [...kit.app.connections];
  connection.close(1001, "bye");
  connection.close(1000);
  connection.send("late");
  await kit.settle();
  assertEquals(kit.app.disconnect({ connection: id }), 0);
  assertEquals(events, ["close 1001"]);
  assertEquals(kit.app.system.counters.get("connections.closed"), 1);
});

Deno.test("After all connections are gone, actors, timers and topics are back where they were", async () => {
  await using kit = new AppKit();
  kit.app.topic("room:*", { on: { say: (ctx) => ctx.broadcast("said", {}) } })
    .component("/c", {
      open(conn) {
        conn.subscribe("news");
      },
    });
  const baseline = [kit.app.system.actorCount, kit.clock.pending];
  const clients = await Promise.all(Array.from({ length: 50 }, () => connect(kit)));
  const raw = await Promise.all(Array.from({ length: 50 }, () => kit.connect("/c")));
  for (const [i, client] of clients.entries()) {
    client.join(`room:${i % 7}`);
    client.push(`room:${i % 7}`, "say");
  }
  await kit.settle();
  assert(kit.app.system.actorCount > baseline[0] + 200);
  for (const [i, client] of clients.entries()) client.connection.close(i % 2 === 0 ? 1001 : 1006);
  for (const connection of raw) connection.close();
  await kit.advance(10_000);
  assertEquals([kit.app.system.actorCount, kit.clock.pending], baseline);
  assertEquals(kit.app.connections.size, 0);
});
