/**
 * The published phoenix client, 1.8.16, over long-poll against a real server: alone, and where it falls back to it.
 *
 * @module
 */

import { assert, assertEquals, assertFalse, assertStrictEquals } from "@std/assert";
import { deadline } from "@std/async/deadline";
import { LongPoll, Socket, type SocketOptions, type TransportInstance } from "phoenix";
import { App, type Listening, longpoll } from "../../mod.ts";
import { createCodec } from "../../src/protocol/mod.ts";
import { answer, next, PATIENCE_MS, rejoined } from "../app/phoenix_client.ts";
import { referenceApp } from "./reference_app.ts";

/** A server, and clients that are disconnected before it goes. */
class Stage implements AsyncDisposable {
  readonly app: App;
  readonly server: Listening;
  readonly #sockets: Socket[] = [];

  constructor(app: App, port = 0) {
    this.app = app;
    this.server = app.listen({ port, signals: false });
  }

  /** A client. It reconnects and rejoins without a pause. */
  socket(options: SocketOptions = {}): Socket {
    const socket = new Socket(`ws://127.0.0.1:${this.server.port}/socket`, {
      reconnectAfterMs: () => 1,
      rejoinAfterMs: () => 1,
      transport: LongPoll,
      ...options,
    });
    this.#sockets.push(socket);
    return socket;
  }

  /** One that is connected, by long-poll. */
  async connected(options: SocketOptions = {}): Promise<Socket> {
    const socket = this.socket(options);
    const opened = new Promise<void>((resolve) => socket.onOpen(resolve));
    socket.connect();
    await deadline(opened, PATIENCE_MS);
    assert(socket.conn instanceof LongPoll);
    return socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) {
      await deadline(new Promise<void>((resolve) => socket.disconnect(resolve)), PATIENCE_MS);
    }
    await this.server.close();
  }
}

/** The next close of a socket's connection. */
function closed(socket: Socket): Promise<CloseEvent> {
  return deadline(new Promise<CloseEvent>((resolve) => socket.onClose(resolve)), PATIENCE_MS);
}

Deno.test("phoenix 1.8.16 over long-poll joins, pushes, is answered, and broadcasts to a second client", async () => {
  await using stage = new Stage(referenceApp());
  const [ada, bob] = await Promise.all([
    stage.connected({ params: { id: "ada" } }),
    stage.connected({ params: { id: "bob" } }),
  ]);
  assertFalse("XMLHttpRequest" in globalThis); // it polls by fetch here
  const [adas, bobs] = [
    ada.channel("room:hello", { n: "Ada" }),
    bob.channel("room:hello", () => ({ n: "Bob" })),
  ];
  assertEquals(await answer(adas.join()), ["ok", { hello: "there", you_sent: { n: "Ada" } }]);
  assertEquals(await answer(bobs.join()), ["ok", { hello: "there", you_sent: { n: "Bob" } }]);
  assertEquals(await answer(adas.push("echo", { n: 1, "ü": "é\n😀" })), ["ok", { n: 1, "ü": "é\n😀" }]);
  assertEquals(await answer(adas.push("echo_error", { reason: "no" })), ["error", { reason: "no" }]);
  assertEquals(await answer(adas.push("async", { n: 2 })), ["ok", { n: 2 }]);
  const heard = Promise.all([next(adas, "said"), next(bobs, "said")]);
  assertEquals(await answer(adas.push("say_ok", { text: "hi" })), ["ok", {}]);
  assertEquals(await heard, [{ text: "hi" }, { text: "hi" }]);
  const pushed = next(adas, "pushed");
  adas.push("push_me", { only: "me" });
  assertEquals(await pushed, { only: "me" });
  for (const [topic, reason] of [["room:refuse", "unauthorized"], ["nosuch:topic", "unmatched topic"]]) {
    const channel = ada.channel(topic);
    assertEquals(await answer(channel.join()), ["error", { reason }]);
    channel.leave();
  }
  const left = new Promise<void>((resolve) => adas.onClose(() => resolve()));
  assertEquals(await answer(adas.leave()), ["ok", {}]);
  await deadline(left, PATIENCE_MS);
});

Deno.test("phoenix 1.8.16 over long-poll rejoins by itself after a crash; its other channel notices nothing", async () => {
  await using stage = new Stage(referenceApp());
  const socket = await stage.connected();
  const [crashing, other] = [socket.channel("room:a"), socket.channel("room:b")];
  for (const channel of [crashing, other]) assertEquals(await answer(channel.join()), ["ok", {}]);
  let harmed = false;
  other.onError(() => harmed = true);
  const again = rejoined(crashing);
  const error = new Promise((resolve) => crashing.onError(resolve));
  crashing.push("boom", {});
  assertEquals(await error, { reason: "channel_crash" });
  await again;
  assertEquals(await answer(crashing.push("echo", { n: 1 })), ["ok", { n: 1 }]);
  assertEquals(await answer(other.push("echo", { n: 2 })), ["ok", { n: 2 }]);
  assertFalse(harmed);
});

Deno.test("phoenix 1.8.16 over long-poll: hundreds of messages at once arrive once each, in order, both ways", async () => {
  await using stage = new Stage(referenceApp());
  const socket = await stage.connected();
  const channel = socket.channel("room:a");
  assertEquals(await answer(channel.join()), ["ok", {}]);
  const numbers = Array.from({ length: 350 }, (_, i) => i + 1);
  const answered: unknown[] = [];
  await Promise.all(
    numbers.map((n) => answer(channel.push("echo", { n })).then(([, response]) => answered.push(response))),
  );
  assertEquals(answered, numbers.map((n) => ({ n })));
  const heard: number[] = [];
  const last = new Promise<void>((resolve) => {
    channel.on<{ n: number }>("said", ({ n }) => heard.push(n) === numbers.length && resolve());
  });
  for (const n of numbers) stage.app.broadcast("room:a", "said", { n });
  await deadline(last, PATIENCE_MS);
  assertEquals(heard, numbers);
});

Deno.test("phoenix 1.8.16 over long-poll pushes bytes; what comes back says that it is bytes", async () => {
  await using stage = new Stage(referenceApp());
  const socket = await stage.connected();
  const channel = socket.channel("room:a");
  assertEquals(await answer(channel.join()), ["ok", {}]);
  const bytes = new Uint8Array([0, 1, 254, 255]).buffer;
  assertEquals(await answer(channel.push("echo", bytes)), ["ok", { "troupe:bytes": "AAH+/w==" }]);
  const heard = next(channel, "said");
  channel.push("say", bytes);
  assertEquals(await heard, { "troupe:bytes": "AAH+/w==" });
});

Deno.test("phoenix 1.8.16 over long-poll comes back after a forced disconnect, and its channels with it", async () => {
  await using stage = new Stage(referenceApp());
  const socket = await stage.connected({ params: { id: "ada" } });
  const channel = socket.channel("room:a");
  assertEquals(await answer(channel.join()), ["ok", {}]);
  const [end, again] = [closed(socket), rejoined(channel)];
  assertEquals(stage.app.disconnect({ user: "sock:ada" }), 1);
  assertEquals((await end).code, 3410); // what the client makes of 410
  await again;
  assertEquals(await answer(channel.push("echo", { n: 1 })), ["ok", { n: 1 }]);
});

Deno.test("phoenix 1.8.16 over long-poll finds the next server after a restart", async () => {
  let stage = new Stage(referenceApp());
  const { port } = stage.server;
  const socket = await stage.connected();
  const channel = socket.channel("room:a");
  assertEquals(await answer(channel.join()), ["ok", {}]);
  const [end, again] = [closed(socket), rejoined(channel)];
  await stage.server.close();
  await end;
  stage = new Stage(referenceApp(), port);
  await again;
  assertEquals(await answer(channel.push("echo", { n: 1 })), ["ok", { n: 1 }]);
  await deadline(new Promise<void>((resolve) => socket.disconnect(resolve)), PATIENCE_MS);
  await stage[Symbol.asyncDispose]();
});

Deno.test("phoenix 1.8.16 over long-poll: a session that is gone is replaced by another, without a loop", async () => {
  await using stage = new Stage(referenceApp());
  const socket = await stage.connected();
  const channel = socket.channel("room:a");
  assertEquals(await answer(channel.join()), ["ok", {}]);
  const opened = stage.app.system.counters.get("connections.opened");
  const again = rejoined(channel);
  stage.app.disconnect("all");
  await again;
  assertEquals(stage.app.system.counters.get("connections.opened"), opened + 1);
});

Deno.test("phoenix 1.8.16's authToken reaches authenticate over long-poll as over WebSocket; a wrong one opens nothing", async () => {
  const seen: (string | null)[] = [];
  const app = new App({
    authenticate({ token }) {
      seen.push(token);
      return token === "sesame ?>ÿ" ? { id: "ada" } : null;
    },
  });
  await using stage = new Stage(app);
  // The client gives the token to btoa, which takes Latin-1.
  await stage.connected({ authToken: String.fromCharCode(...new TextEncoder().encode("sesame ?>ÿ")) });
  const stranger = stage.socket({ authToken: "wrong", reconnectAfterMs: () => PATIENCE_MS });
  const end = closed(stranger);
  stranger.connect();
  assertEquals((await end).code, 1008);
  assertFalse(stranger.isConnected());
  assertEquals(seen, ["sesame ?>ÿ", "wrong"]);
});

Deno.test("phoenix 1.8.16 falls back to long-poll where the server has no WebSocket, and remembers it", async () => {
  const app: App = new App({ path: false })
    .socket("/socket", { transports: [longpoll()] })
    .topic("room:*", { on: { echo: (_ctx, payload) => payload } });
  await using stage = new Stage(app);
  const memory = new Map<string, string>();
  const sessionStorage = {
    getItem: (key: string) => memory.get(key) ?? null,
    setItem: (key: string, value: string) => void memory.set(key, value),
  };
  const options = { transport: WebSocket, longPollFallbackMs: PATIENCE_MS, sessionStorage };
  const socket = stage.socket(options);
  assertStrictEquals(socket.transport, WebSocket);
  const channel = socket.channel("room:a");
  socket.connect();
  assertEquals(await deadline(answer(channel.join()), PATIENCE_MS), ["ok", {}]);
  assert(socket.conn instanceof LongPoll);
  assertEquals(await answer(channel.push("echo", { n: 1 })), ["ok", { n: 1 }]);
  assertEquals([...memory], [["phx:fallback:LongPoll", "true"]]);
  const second = stage.socket(options);
  second.connect();
  assertStrictEquals(second.transport, LongPoll, "at once, this time");
});

/** A WebSocket on a network that swallows it: it never opens, and never fails. */
class SwallowedWebSocket implements TransportInstance {
  readonly readyState = 0;
  send(): void {}
  close(): void {}
}

Deno.test("phoenix 1.8.16 with longPollFallbackMs switches from a WebSocket that never opens, and all works", async () => {
  await using stage = new Stage(referenceApp());
  const socket = stage.socket({
    transport: SwallowedWebSocket,
    longPollFallbackMs: 10,
    sessionStorage: { getItem: () => null, setItem: () => {} },
  });
  const channel = socket.channel("room:a");
  socket.connect();
  assert(socket.conn instanceof SwallowedWebSocket);
  assertEquals(await deadline(answer(channel.join()), PATIENCE_MS), ["ok", {}]);
  assert(socket.conn instanceof LongPoll);
  const heard = next(channel, "said");
  assertEquals(await answer(channel.push("say_ok", { n: 1 })), ["ok", {}]);
  assertEquals(await heard, { n: 1 });
});

Deno.test("phoenix 1.8.16 with createCodec falls back to long-poll with 2.1.0, and gets message by message", async () => {
  await using stage = new Stage(referenceApp());
  const codec = createCodec();
  const frames: unknown[] = [];
  const socket = stage.socket({
    transport: SwallowedWebSocket,
    longPollFallbackMs: 10,
    sessionStorage: { getItem: () => null, setItem: () => {} },
    vsn: "2.1.0",
    encode: codec.encode,
    decode(raw, callback) {
      frames.push(JSON.parse(raw as string)[0]);
      codec.decode(raw, callback);
    },
  });
  const channel = socket.channel("room:a");
  socket.connect();
  assertEquals(await deadline(answer(channel.join()), PATIENCE_MS), ["ok", {}]);
  const heard: number[] = [];
  const last = new Promise<void>((resolve) => {
    channel.on<{ n: number }>("said", ({ n }) => heard.push(n) === 300 && resolve());
  });
  for (let n = 1; n <= 300; n++) stage.app.broadcast("room:a", "said", { n });
  await deadline(last, PATIENCE_MS);
  assertEquals(heard, Array.from({ length: 300 }, (_, i) => i + 1));
  assertFalse(frames.some((first) => Array.isArray(first)), "a batch came");
});
