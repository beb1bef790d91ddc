import { assertEquals } from "@std/assert";
import { App, type AppOptions, type User } from "../../mod.ts";
import { VirtualClock } from "../../src/testing/virtual_clock.ts";
import { Client } from "./client.ts";
import { MemoryTransport } from "./memory_transport.ts";

const HANDSHAKE = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};

async function refusal(response: Response): Promise<[number, { reason: string }]> {
  return [response.status, await response.json()];
}

function overMemory(options: AppOptions = {}): { app: App; transport: MemoryTransport } {
  const transport = new MemoryTransport();
  return { app: new App({ transports: [transport], ...options }), transport };
}

function ask(app: App, path = "/socket/memory?vsn=2.0.0", headers: HeadersInit = {}): Promise<Response> {
  return app.fetch(new Request(`http://host${path}`, { headers: { host: "host", ...headers } }));
}

Deno.test("What is no handshake is refused: with 405, 426 or 400, and what is missing", async () => {
  const app = new App();
  const cases: [RequestInit, number, string, string, Record<string, string>][] = [
    [
      { method: "POST", headers: HANDSHAKE },
      405,
      "method_not_allowed",
      "a WebSocket handshake is a GET, got POST",
      {
        allow: "GET",
      },
    ],
    [{}, 426, "upgrade_required", "the connection header must hold upgrade", { upgrade: "websocket" }],
    [
      { headers: { ...HANDSHAKE, upgrade: "h2c" } },
      426,
      "upgrade_required",
      "the upgrade header must hold websocket",
      { upgrade: "websocket" },
    ],
    [
      { headers: { ...HANDSHAKE, "sec-websocket-version": "8" } },
      426,
      "bad_websocket_version",
      "sec-websocket-version must be 13, got 8",
      { "sec-websocket-version": "13" }, // RFC 6455, section 4.4
    ],
    [
      { headers: { connection: "upgrade", upgrade: "websocket", "sec-websocket-version": "13" } },
      400,
      "bad_handshake",
      "the sec-websocket-key header is absent",
      {},
    ],
  ];
  for (const [init, status, reason, message, headers] of cases) {
    const response = await app.fetch(new Request("http://host/socket/websocket?vsn=2.0.0", init));
    for (const [name, value] of Object.entries(headers)) assertEquals(response.headers.get(name), value);
    assertEquals(await refusal(response), [status, { reason, message }] as never);
  }
  const counted = new Set(cases.map(([, , reason]) => reason));
  assertEquals([...counted].map((reason) => app.system.counters.get(`upgrades.refused.${reason}`)), [
    1,
    2,
    1,
    1,
  ]);
  await app.close();
});

Deno.test("A page of another origin is refused with 403; of the same, let in; the mount's own policy wins", async () => {
  const { app } = overMemory();
  app.socket("/open", { origin: "any" });
  const evil = { origin: "https://evil.example" };
  assertEquals(await refusal(await ask(app, undefined, evil)), [
    403,
    { reason: "origin_not_allowed", origin: "https://evil.example" },
  ] as never);
  assertEquals((await ask(app, undefined, { origin: "http://host" })).status, 200);
  assertEquals((await ask(app, "/open/memory?vsn=2.0.0", evil)).status, 200);
  await app.close();
});

Deno.test("An origin function that throws answers 500 and lets nobody in", async () => {
  const { app, transport } = overMemory({
    origin: () => {
      throw new Error("no list");
    },
  });
  const response = await ask(app, undefined, { origin: "http://host" });
  assertEquals(await refusal(response), [500, { reason: "origin_check_failed" }]);
  assertEquals(transport.sinks, []);
  await app.close();
});

Deno.test("An offer of sub-protocols of which none is accepted is refused with 403", async () => {
  const { app } = overMemory({ subProtocols: ["chat"] });
  const response = await ask(app, undefined, { "sec-websocket-protocol": "other" });
  assertEquals(await refusal(response), [403, { reason: "no_sub_protocol", accepted: ["chat"] }] as never);
  await app.close();
});

Deno.test("An unknown version of the wire protocol is refused with 403 and those that are spoken", async () => {
  const { app } = overMemory();
  const [status, body] = await refusal(await ask(app, "/socket/memory?vsn=9.9.9"));
  assertEquals([status, body], [
    403,
    { reason: "unsupported_version", vsn: "9.9.9", accepted: ["1.0.0", "2.0.0", "2.1.0"] },
  ] as never);
  await app.close();
});

Deno.test("maxConnections: one more is refused with 503, until one has gone", async () => {
  const { app, transport } = overMemory({ limits: { maxConnections: 1 } });
  const atRest = app.system.actorCount;
  await ask(app);
  transport.open();
  const response = await ask(app);
  assertEquals(response.headers.get("retry-after"), "1");
  assertEquals(await refusal(response), [503, { reason: "too_many_connections" }]);
  assertEquals(app.system.counters.get("upgrades.refused.too_many_connections"), 1);
  app.disconnect("all");
  while (app.system.actorCount > atRest) await new Promise((resolve) => setTimeout(resolve));
  assertEquals((await ask(app)).status, 200);
  await app.close();
});

Deno.test("maxConnections: a connection whose authenticate is pending counts", async () => {
  let letIn: (user: User) => void = () => {};
  const { app } = overMemory({
    limits: { maxConnections: 1 },
    authenticate: () => new Promise<User>((resolve) => letIn = resolve),
  });
  const first = ask(app);
  assertEquals((await ask(app)).status, 503);
  letIn({ id: "u" });
  assertEquals((await first).status, 200);
  await app.close();
});

Deno.test("openTimeoutMs: a connection that never opens is let go of", async () => {
  const clock = new VirtualClock();
  const { app, transport } = overMemory({ clock, limits: { openTimeoutMs: 5_000 } });
  const atRest = app.system.actorCount;
  await ask(app);
  while (clock.step(5_400)); // at the earliest after 5,000 ms, at the latest 1/16 of it later
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(app.system.actorCount, atRest);
  assertEquals(app.system.counters.get("connections.never_opened"), 1);
  assertEquals(transport.open().closedWith?.code, 1001, "and if it opens after all, it is closed");
  await app.close();
});

Deno.test("A connection that opens in time leaves no timer behind", async () => {
  const clock = new VirtualClock();
  const { app, transport } = overMemory({ clock, limits: { idleMs: 0 } });
  await ask(app);
  transport.open();
  assertEquals(clock.pending, 0);
  await app.close();
});

Deno.test("App.close while authenticate is pending: 503, and nothing is left over", async () => {
  let letIn: (user: User) => void = () => {};
  const { app, transport } = overMemory({
    authenticate: () => new Promise<User>((resolve) => letIn = resolve),
  });
  const pending = ask(app);
  await app.close();
  letIn({ id: "u" });
  assertEquals(await refusal(await pending), [503, { reason: "shutting_down" }]);
  assertEquals(transport.sinks, []);
  assertEquals(app.system.actorCount, 0);
});

Deno.test("App.close while a connection is opening: it is closed with 1012 as soon as it is open", async () => {
  const { app, transport } = overMemory();
  await ask(app);
  await app.close();
  assertEquals(transport.open().closedWith?.code, 1012);
  assertEquals(app.connections.size, 0);
  assertEquals(app.system.actorCount, 0);
});

Deno.test("A request whose URL cannot be read is refused with 400", async () => {
  const app = new App({ fallback: () => new Response("reached") });
  await using server = app.listen({ port: 0, signals: false });
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await connection.write(
    new TextEncoder().encode("GET /socket HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n"),
  );
  const text = await new Response(connection.readable).text();
  assertEquals(text.slice(0, text.indexOf("\r\n")), "HTTP/1.1 400 Bad Request");
  assertEquals(text.endsWith('{"reason":"bad_url"}'), true);
});

Deno.test("A client that goes away while authenticate is pending leaves nothing behind", async () => {
  let letIn: (user: User) => void = () => {};
  const asked = Promise.withResolvers<void>();
  const app = new App({
    limits: { openTimeoutMs: 50 },
    authenticate: () => {
      asked.resolve();
      return new Promise<User>((resolve) => letIn = resolve);
    },
  });
  const atRest = app.system.actorCount;
  await using server = app.listen({ port: 0, signals: false });
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  const lines = Object.entries({ host: "a", ...HANDSHAKE }).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `GET /socket/websocket?vsn=2.0.0 HTTP/1.1\r\n${lines.join("")}\r\n`;
  await connection.write(new TextEncoder().encode(head));
  await asked.promise;
  connection.close();
  letIn({ id: "u" });
  // Whether the runtime tells of it or not: the time-out is the last resort.
  while (app.system.actorCount !== atRest || app.system.counters.get("connections.never_opened") === 0) {
    if (app.system.counters.get("connections.closed") > 0) break;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assertEquals(app.connections.size, 0);
});

Deno.test("A sub-protocol is negotiated however the client spaces its offers", async () => {
  const app = new App({ subProtocols: ["chat"] });
  await using server = app.listen({ port: 0, signals: false });
  const client = await Client.open(`ws://127.0.0.1:${server.port}/socket/websocket?vsn=2.0.0`, {
    protocols: ["other", "chat"],
  });
  assertEquals(client.protocol, "chat");
  await client.close();
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  const headers = { host: "a", ...HANDSHAKE, "sec-websocket-protocol": "other,chat" };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  await connection.write(
    new TextEncoder().encode(`GET /socket/websocket?vsn=2.0.0 HTTP/1.1\r\n${lines.join("")}\r\n`),
  );
  const bytes = new Uint8Array(1_024);
  const text = new TextDecoder().decode(bytes.subarray(0, await connection.read(bytes) ?? 0));
  assertEquals(text.split("\r\n")[0], "HTTP/1.1 101 Switching Protocols");
  assertEquals(/^sec-websocket-protocol: *(.*)$/im.exec(text)?.[1], "chat");
  connection.close();
});
