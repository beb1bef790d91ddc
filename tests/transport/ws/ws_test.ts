import { deadline } from "@std/async/deadline";
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { App, type AppOptions, type Listening, TroupeError } from "../../../mod.ts";
import { VirtualClock } from "../../../src/testing/mod.ts";
import { ws, type WsOptions } from "../../../src/transport/ws/mod.ts";
import { encodeFrame, handshake, RawClient, textFrame } from "../../wire/raw_client.ts";
import { ChannelClient, until } from "../../app/client.ts";
import { selfSigned } from "../../certificate.ts";
import { testWith } from "../../optional.ts";

/** An app with an echo and a shout, on this transport, on a port of its own. */
function serve(options: AppOptions = {}, wsOptions: WsOptions = {}): { app: App; server: Listening } {
  const app = new App({ transports: [ws(wsOptions)], ...options })
    .component("/echo", { message: (conn, data) => conn.send(data) })
    .component("/shout", {
      open: (conn) => conn.subscribe("shout"),
      message(conn, data) {
        conn.publish("shout", data); // to all others
        conn.send(data);
      },
    });
  return { app, server: app.listen({ port: 0, signals: false }) };
}

function pass(clock: VirtualClock, ms: number): void {
  const untilMs = clock.elapsedMs() + ms;
  while (clock.step(untilMs));
}

/** An open WebSocket over bare TCP that answers nothing by itself. */
async function mute(port: number, path: string): Promise<Deno.TcpConn> {
  const tcp = await Deno.connect({ hostname: "127.0.0.1", port });
  await tcp.write(new TextEncoder().encode([...handshake(path), "", ""].join("\r\n")));
  const answer = new Uint8Array(1_000);
  const count = await tcp.read(answer);
  assertMatch(new TextDecoder().decode(answer.subarray(0, count!)), /^HTTP\/1\.1 101 [^]*\r\n\r\n$/);
  return tcp;
}

/** Everything that still comes, until the server closes or drops the connection. */
async function rest(tcp: Deno.TcpConn): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  try {
    const chunk = new Uint8Array(65_536);
    for (let count; (count = await tcp.read(chunk)) !== null;) parts.push(chunk.slice(0, count));
  } catch {
    // Reset.
  }
  return Buffer.concat(parts);
}

Deno.test("ws: options that make no sense fail at start, and say what is accepted", () => {
  const cases: [unknown, string][] = [
    [{ pingms: 1 }, 'there is no option "pingms". Accepted: pingMs, perMessageDeflate'],
    [{ pingMs: -1 }, "at pingMs: expected a number of 0 or more"],
    [{ pingMs: NaN }, "at pingMs"],
    [{ perMessageDeflate: true }, "at perMessageDeflate: expected an object. Accepted: thresholdBytes"],
    [{ perMessageDeflate: { level: 9 } }, 'at perMessageDeflate: there is no option "level"'],
    [{ perMessageDeflate: { thresholdBytes: "1" } }, "at perMessageDeflate.thresholdBytes"],
  ];
  for (const [options, text] of cases) {
    const error = assertThrows(() => ws(options as WsOptions), TroupeError);
    assertEquals(error.code, "invalid_options");
    assertStringIncludes(error.message, text);
  }
});

Deno.test("ws: without its own listener the refusal says what to do", async () => {
  const app = new App({ transports: [ws()] });
  const response = await app.fetch(
    new Request("http://a/socket/websocket", {
      headers: {
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      },
    }),
  );
  assertEquals(response.status, 500);
  const { reason, message } = await response.json();
  assertEquals(reason, "no_raw_socket");
  assertStringIncludes(message, "app.listen");
  assertEquals(app.system.counters.get("upgrades.refused.no_raw_socket"), 1);
  await app.close();
});

Deno.test("ws: it can be mounted inside of another handler, on its own listener", async () => {
  const transport = ws();
  const app = new App({ transports: [transport], basePath: "/realtime" })
    .component("/echo", { message: (conn, data) => conn.send(data) });
  const onError = (): Response => new Response(null, { status: 500 });
  const server = transport.serve!(
    { hostname: "127.0.0.1", port: 0, onError },
    (request, info) => app.handles(request) ? app.fetch(request, info) : new Response("the site"),
  );
  assertEquals(await (await fetch(`http://127.0.0.1:${server.addr.port}/`)).text(), "the site");
  using client = await RawClient.open(server.addr.port, "/realtime/echo");
  await client.text("hi");
  assertEquals(await client.next(), { kind: "text", text: "hi" });
  await app.close();
  await server.shutdown();
});

Deno.test("ws: a key that is none is refused with 400 before anything is written", async () => {
  const { app, server } = serve();
  using client = await RawClient.connect(server.port);
  const lines = handshake("/echo").map((line) => line.startsWith("Sec-WebSocket-Key") ? `${line}x` : line);
  const { status, body } = await client.request(lines);
  assertEquals([status, JSON.parse(body).reason], ["400 Bad Request", "bad_handshake"]);
  assertEquals(app.system.counters.get("upgrades.refused.bad_handshake"), 1);
  assertEquals(app.connections.size, 0);
  await server.close();
});

Deno.test("ws: the sub-protocol is ours to choose", async () => {
  const { server } = serve({ subProtocols: ["chat"] });
  using client = await RawClient.connect(server.port);
  const answer = await client.request(handshake("/echo", { "Sec-WebSocket-Protocol": "a b,other,chat" }));
  assertEquals([answer.status, answer.headers.get("sec-websocket-protocol")], [
    "101 Switching Protocols",
    "chat",
  ]);
  await server.close();
});

Deno.test("ws: what comes in one packet with the handshake is not lost", async () => {
  const { server } = serve();
  using client = await RawClient.connect(server.port);
  await client.request(handshake("/echo"), textFrame("early"), textFrame("bird"));
  assertEquals(await client.next(), { kind: "text", text: "early" });
  assertEquals(await client.next(), { kind: "text", text: "bird" });
  await server.close();
});

Deno.test("ws: a client that is gone before authenticate has answered becomes no connection", async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<{ id: string }>();
  const { app, server } = serve({
    authenticate({ params }) {
      if (!("slow" in params)) return { id: "b" };
      asked.resolve();
      return answer.promise;
    },
  });
  const tcp = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await tcp.write(new TextEncoder().encode([...handshake("/echo?slow"), "", ""].join("\r\n")));
  await asked.promise;
  tcp.close();
  answer.resolve({ id: "a" });
  using other = await RawClient.open(server.port, "/echo");
  await other.text("x");
  await other.next();
  await until(() => app.connections.size === 1);
  await server.close();
});

Deno.test("ws: the limit counts all fragments, and 1009 comes before they are held", async () => {
  const { app, server } = serve({ limits: { maxMessageBytes: 1_000 } });
  using client = await RawClient.open(server.port, "/echo");
  const fragment = (opcode: number, fin: boolean): Uint8Array =>
    encodeFrame({ opcode, fin, payload: new Uint8Array(400).fill(120) });
  await client.send(fragment(1, false), fragment(0, true));
  assertEquals(await client.next(), { kind: "text", text: "x".repeat(800) });
  await client.send(fragment(1, false), fragment(0, false), fragment(0, false)); // its end never comes
  assertEquals(await client.next(), { kind: "close", code: 1009, reason: "a message may have 1000 bytes" });

  using huge = await RawClient.open(server.port, "/echo");
  await huge.send(new Uint8Array([0x82, 0xff, 0, 0, 0, 255, 0, 0, 0, 0])); // only says that it will be large
  assertEquals((await huge.next() as { code: number }).code, 1009);
  assertEquals(app.system.counters.get("connections.too_big"), 2);
  await server.close();
});

Deno.test("ws: what RFC 6455 does not allow is closed with its code, told and counted", async () => {
  const told: unknown[] = [];
  const app = new App({ transports: [ws()] }).component("/", {
    close: (_conn, code, reason) => void told.push([code, reason]),
  });
  const server = app.listen({ port: 0, signals: false });
  const breaches: [Uint8Array, number][] = [
    [encodeFrame({ opcode: 1, payload: new Uint8Array([0xff]) }), 1007],
    [encodeFrame({ opcode: 1, masked: false }), 1002],
    [encodeFrame({ opcode: 1, reserved: 2 }), 1002],
    [encodeFrame({ opcode: 3 }), 1002],
    [encodeFrame({ opcode: 8, payload: new Uint8Array([3, 237]) }), 1002], // 1005
  ];
  for (const [bytes, code] of breaches) {
    using client = await RawClient.open(server.port, "/");
    await client.send(bytes);
    const received = await client.next();
    assertEquals(received.kind === "close" && received.code, code);
  }
  assertEquals(told.map((each) => (each as [number])[0]), [1007, 1002, 1002, 1002, 1002]);
  const { counters } = app.system;
  assertEquals([counters.get("connections.malformed"), counters.get("connections.breaches")], [1, 4]);
  await server.close();
});

Deno.test("ws: who does not answer a ping is cut off; who does, or talks, is not", async () => {
  const clock = new VirtualClock();
  const { app, server } = serve({ clock }, { pingMs: 1_000 });
  const silent = await mute(server.port, "/echo");
  using answering = await RawClient.open(server.port, "/echo");
  await until(() => app.connections.size === 2);
  pass(clock, 1_000);
  assertEquals((await answering.next()).kind, "ping");
  await answering.send(encodeFrame({ opcode: 10 }));
  for (let second = 0; second < 5; second++) {
    await answering.text("seen"); // its echo shows that the pong has been read; and it is a sign of life
    assertEquals(await answering.next(), { kind: "text", text: "seen" });
    pass(clock, 1_000);
  }
  const { counters } = app.system;
  assertEquals(counters.get("connections.unresponsive"), 1);
  assert((await rest(silent)).includes(0x89), "it was pinged");
  silent.close();
  await until(() => app.connections.size === 1);
  await server.close();
});

Deno.test("ws: who does not answer a close is cut off in time, and counted", async () => {
  const clock = new VirtualClock();
  const { app, server } = serve({ clock, limits: { closeTimeoutMs: 2_000 } });
  const stuck = await mute(server.port, "/echo");
  using polite = await RawClient.open(server.port, "/echo");
  await until(() => app.connections.size === 2);
  assertEquals(app.disconnect("all", "enough", 4_000), 2);
  assertEquals(await polite.next(), { kind: "close", code: 4_000, reason: "enough" });
  await polite.closed;
  for (let i = 0; i < 2; i++) { // by then the server has seen its end, too
    using other = await RawClient.open(server.port, "/echo");
    await other.text("x");
    await other.next();
  }

  pass(clock, 1_999);
  assertEquals(app.system.counters.get("connections.cut_off"), 0);
  pass(clock, 1);
  assertEquals(app.system.counters.get("connections.cut_off"), 1);
  assertEquals([...await rest(stuck)].slice(0, 4), [0x88, 8, 0x0f, 0xa0]);
  stuck.close();
  await server.close();
});

Deno.test("ws: a client that reads nothing is closed, cut off and forgotten, whatever waits for it", async () => {
  const clock = new VirtualClock();
  const { app, server } = serve({ clock }, { pingMs: 0 });
  const stuck = await mute(server.port, "/echo");
  await until(() => app.connections.size === 1);
  await until(() => {
    app.send("all", "x".repeat(60_000));
    pass(clock, 10); // the engine looks again
    return app.connections.size === 0;
  });
  const { counters } = app.system;
  assertEquals(counters.get("connections.slow"), 1);
  pass(clock, 10_000);
  assertEquals(counters.get("connections.cut_off"), 1);
  await rest(stuck);
  stuck.close();
  await server.close();
});

Deno.test("ws: the end of an app cuts off who has not answered its close", async () => {
  const { app, server } = serve();
  const stuck = await mute(server.port, "/echo");
  await until(() => app.connections.size === 1);
  await server.close({ deadlineMs: 50 });
  assertEquals([...await rest(stuck)].slice(0, 4), [0x88, 21, 0x03, 0xf4]);
  stuck.close();
});

Deno.test("ws: permessage-deflate compresses what reaches the threshold, both ways, and only for who offers it", async () => {
  const { server } = serve({}, { perMessageDeflate: { thresholdBytes: 20 } });
  const deflate = { "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits" };
  using plain = await RawClient.open(server.port, "/shout");
  using small = await RawClient.connect(server.port);
  const window = { "Sec-WebSocket-Extensions": "permessage-deflate; server_max_window_bits=9" };
  const declined = await small.request(handshake("/echo", window));
  assertEquals(declined.headers.get("sec-websocket-extensions"), null);

  const tcp = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await tcp.write(new TextEncoder().encode([...handshake("/shout", deflate), "", ""].join("\r\n")));
  const chunk = new Uint8Array(4_096);
  const answer = new TextDecoder().decode(chunk.subarray(0, (await tcp.read(chunk))!));
  assertMatch(answer, /permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n/);

  const long = "hello ".repeat(100);
  for (const text of ["short", long, long]) {
    await plain.text(text);
    assertEquals(await plain.next(), { kind: "text", text });
    const frame = chunk.slice(0, (await tcp.read(chunk))!);
    assertEquals(frame[0], text === long ? 0xc1 : 0x81);
    assertEquals(frame.length, 2 + frame[1]);
    const payload = frame.subarray(2);
    if (text !== long) continue;
    assert(frame.length < 40);
    const whole = Buffer.concat([payload, Buffer.from([0, 0, 0xff, 0xff])]);
    assertEquals(inflateRawSync(whole, { finishFlush: constants.Z_SYNC_FLUSH }).toString(), long);
  }
  const sent = deflateRawSync("hello ".repeat(50), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
  await tcp.write(encodeFrame({ opcode: 1, reserved: 4, payload: sent }));
  assertEquals(await plain.next(), { kind: "text", text: "hello ".repeat(50) });
  tcp.close();
  await server.close();
});

Deno.test("ws: a bomb is closed with 1009 before it is unpacked", async () => {
  const { app, server } = serve({ limits: { maxMessageBytes: 10_000 } }, { perMessageDeflate: {} });
  using client = await RawClient.connect(server.port);
  await client.request(handshake("/echo", { "Sec-WebSocket-Extensions": "permessage-deflate" }));
  const bomb = deflateRawSync(Buffer.alloc(5_000_000), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(
    0,
    -4,
  );
  assert(bomb.length < 10_000);
  await client.send(encodeFrame({ opcode: 2, reserved: 4, payload: bomb }));
  assertEquals((await client.next() as { code: number }).code, 1009);
  assertEquals(app.system.counters.get("connections.too_big"), 1);
  await server.close();
});

testWith("openssl", "ws: over TLS, too", async (openssl) => {
  await using certificate = await selfSigned(openssl);
  const { cert, key } = certificate;
  const app = new App({ transports: [ws()] }).topic("room:{id}", {
    on: { say: (ctx, payload) => ctx.broadcast("said", payload) },
  });
  await using server = app.listen({ port: 0, signals: false, cert, key });
  using client = Deno.createHttpClient({ caCerts: [cert] });
  const channels = await ChannelClient.open(`wss://127.0.0.1:${server.port}/socket`, { client });
  assertEquals(await channels.join("room:1"), { status: "ok", response: {} });
  channels.send("j", "1", "room:1", "say", { text: "x".repeat(100_000) });
  assertEquals((await channels.next())[4], { text: "x".repeat(100_000) });
  await channels.close();
});

Deno.test("ws: a connection on which no request, or half of one, has come does not hold up the close", async () => {
  const { server } = serve();
  const heads = ["", "GET / HT", "GET / HTTP/1.1\r\nHost: a\r\n"];
  const silent = await Promise.all(heads.map(async (head) => {
    const tcp = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    if (head !== "") await tcp.write(new TextEncoder().encode(head));
    return tcp;
  }));
  assertEquals(
    (await fetch(`http://127.0.0.1:${server.port}/`).then((each) => each.text())).length > 0,
    true,
  );
  await deadline(server.close({ deadlineMs: 600_000 }), 20_000);
  for (const tcp of silent) assertEquals((await rest(tcp)).length, 0);
  for (const tcp of silent) tcp.close();
});
