/**
 * The published phoenix client, 1.8.16, against a real server: what an application of it would do.
 *
 * @module
 */

import { assert, assertEquals, assertFalse, assertStrictEquals } from "@std/assert";
import { deadline } from "@std/async/deadline";
import { LongPoll, Socket, type SocketOptions } from "phoenix";
import { App, type Listening } from "../../mod.ts";
import { createCodec } from "../../src/protocol/mod.ts";
import { answer, next, PATIENCE_MS, rejoined } from "../app/phoenix_client.ts";
import { referenceApp } from "./reference_app.ts";

/** A server, and clients that are disconnected before it goes. */
class Stage implements AsyncDisposable {
  readonly app: App;
  readonly #server: Listening;
  readonly #sockets: Socket[] = [];

  constructor(app: App) {
    this.app = app;
    this.#server = app.listen({ port: 0, signals: false });
  }

  /** A client. It reconnects and rejoins without a pause. */
  socket(options: SocketOptions = {}): Socket {
    const socket = new Socket(`ws://127.0.0.1:${this.#server.port}/socket`, {
      reconnectAfterMs: () => 1,
      rejoinAfterMs: () => 1,
      ...options,
    });
    this.#sockets.push(socket);
    return socket;
  }

  /** One that is connected, by WebSocket and nothing else. */
  async connected(options: SocketOptions = {}): Promise<Socket> {
    const socket = this.socket(options);
    const opened = new Promise<void>((resolve) => socket.onOpen(resolve));
    socket.connect();
    await deadline(opened, PATIENCE_MS);
    assert(socket.conn instanceof WebSocket);
    assertFalse(socket.conn instanceof LongPoll);
    return socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) {
      await deadline(new Promise<void>((resolve) => socket.disconnect(resolve)), PATIENCE_MS);
    }
    await this.#server.close();
  }
}

Deno.test("phoenix 1.8.16 speaks WebSocket here: the global one, not long-poll", async () => {
  await using stage = new Stage(referenceApp());
  const socket = await stage.connected();
  assertStrictEquals(socket.transport, WebSocket);
  assertEquals(socket.vsn, "2.0.0");
  assertEquals(socket.endPointURL().split("?")[1], "vsn=2.0.0");
});

Deno.test("phoenix 1.8.16 joins, pushes, is answered, and broadcasts to a second client", async () => {
  await using stage = new Stage(referenceApp());
  const [ada, bob] = await Promise.all([
    stage.connected({ params: { id: "ada" } }),
    stage.connected({ params: { id: "bob" } }),
  ]);
  const adas = ada.channel("room:hello", { nickname: "Ada" });
  const bobs = bob.channel("room:hello", () => ({ nickname: "Bob" }));
  assertEquals(await answer(adas.join()), ["ok", { hello: "there", you_sent: { nickname: "Ada" } }]);
  assertEquals(await answer(bobs.join()), ["ok", { hello: "there", you_sent: { nickname: "Bob" } }]);
  assertEquals(await answer(adas.push("echo", { n: 1, "ü": "é" })), ["ok", { n: 1, "ü": "é" }]);
  assertEquals(await answer(adas.push("echo_error", { reason: "no" })), ["error", { reason: "no" }]);
  assertEquals(await answer(adas.push("reply_bare", {})), ["ok", {}]);
  assertEquals(await answer(adas.push("async", { n: 2 })), ["ok", { n: 2 }]);

  const heard = Promise.all([next(adas, "said"), next(bobs, "said")]);
  assertEquals(await answer(adas.push("say_ok", { text: "hi" })), ["ok", {}]);
  assertEquals(await heard, [{ text: "hi" }, { text: "hi" }]);

  const own: unknown[] = [];
  adas.on("said", (payload) => own.push(payload));
  const others = next(bobs, "said");
  adas.push("say_from", { text: "psst" });
  assertEquals(await others, { text: "psst" });
  const pushed = next(adas, "pushed");
  adas.push("push_me", { only: "me" });
  assertEquals(await pushed, { only: "me" });
  assertEquals(await answer(adas.push("echo", {})), ["ok", {}]);
  assertEquals(own, []);
});

Deno.test("phoenix 1.8.16 is refused, with the reason", async () => {
  await using stage = new Stage(referenceApp());
  const socket = await stage.connected();
  const refusals: [string, string][] = [
    ["room:refuse", "unauthorized"],
    ["room:crashjoin", "join crashed"],
    ["nosuch:topic", "unmatched topic"],
  ];
  for (const [topic, reason] of refusals) {
    const channel = socket.channel(topic);
    assertEquals(await answer(channel.join()), ["error", { reason }]);
    channel.leave();
  }
});

Deno.test("phoenix 1.8.16 rejoins by itself after a crash; its other channels and the other clients notice nothing", async () => {
  await using stage = new Stage(referenceApp());
  const [ada, bob] = await Promise.all([stage.connected(), stage.connected()]);
  const [crashing, other, bobs] = [ada.channel("room:a"), ada.channel("room:b"), bob.channel("room:a")];
  for (const channel of [crashing, other, bobs]) assertEquals(await answer(channel.join()), ["ok", {}]);
  const harmed: string[] = [];
  for (const channel of [other, bobs]) channel.onError(() => harmed.push(channel.topic));
  const before = crashing.joinRef();
  const again = rejoined(crashing);
  const error = new Promise((resolve) => crashing.onError(resolve));
  crashing.push("boom", {});
  assertEquals(await error, { reason: "channel_crash" });
  await again;
  assert(crashing.joinRef() !== before);
  assertEquals(await answer(crashing.push("echo", { n: 1 })), ["ok", { n: 1 }]);
  assertEquals(await answer(other.push("echo", { n: 2 })), ["ok", { n: 2 }]);
  const heard = next(bobs, "said");
  crashing.push("say", { n: 3 });
  assertEquals(await heard, { n: 3 });
  assertEquals(harmed, []);
});

Deno.test("phoenix 1.8.16: a second channel of the same topic closes the first", async () => {
  await using stage = new Stage(referenceApp());
  const socket = await stage.connected();
  const first = socket.channel("room:a");
  assertEquals(await answer(first.join()), ["ok", {}]);
  const closed = new Promise<void>((resolve) => first.onClose(() => resolve()));
  const second = socket.channel("room:a");
  assertEquals(await answer(second.join()), ["ok", {}]);
  await deadline(closed, PATIENCE_MS);
  assertEquals([first.state, second.state], ["closed", "joined"]);
  assertEquals(await answer(second.push("echo", { n: 1 })), ["ok", { n: 1 }]);
  let times = 0;
  second.on("said", () => times++);
  const heard = next(second, "said");
  second.push("say", { n: 2 });
  await heard;
  assertEquals(await answer(second.push("echo", {})), ["ok", {}]);
  assertEquals(times, 1);
});

Deno.test("phoenix 1.8.16 leaves, and is told that it is closed", async () => {
  await using stage = new Stage(referenceApp());
  const socket = await stage.connected();
  const channel = socket.channel("room:a");
  assertEquals(await answer(channel.join()), ["ok", {}]);
  const closed = new Promise<void>((resolve) => channel.onClose(() => resolve()));
  assertEquals(await answer(channel.leave()), ["ok", {}]);
  await deadline(closed, PATIENCE_MS);
  assertEquals(socket.channels.length, 0);
});

Deno.test("phoenix 1.8.16: a channel that the server stops is closed, and not joined again", async () => {
  await using stage = new Stage(referenceApp());
  const socket = await stage.connected();
  const channel = socket.channel("room:a");
  assertEquals(await answer(channel.join()), ["ok", {}]);
  const closed = new Promise<void>((resolve) => channel.onClose(() => resolve()));
  assertEquals(await answer(channel.push("stop_reply", { bye: true })), ["ok", { bye: true }]);
  await deadline(closed, PATIENCE_MS);
  assertEquals(channel.state, "closed");
});

Deno.test("phoenix 1.8.16 pushes bytes, and gets bytes as reply, push and broadcast", async () => {
  await using stage = new Stage(referenceApp());
  const [ada, bob] = await Promise.all([stage.connected(), stage.connected()]);
  const [adas, bobs] = [ada.channel("room:ünïcode😀"), bob.channel("room:ünïcode😀")];
  for (const channel of [adas, bobs]) assertEquals(await answer(channel.join()), ["ok", {}]);
  const bytes = new Uint8Array([0, 1, 254, 255]).buffer;
  assertEquals(await answer(adas.push("echo", bytes)), ["ok", bytes]);
  assertEquals(await answer(adas.push("echo_error", bytes)), ["error", bytes]);
  assertEquals(await answer(adas.push("echo", new ArrayBuffer(0))), ["ok", new ArrayBuffer(0)]);
  const heard = Promise.all([next(adas, "said"), next(bobs, "said"), next(adas, "pushed_bin")]);
  adas.push("say", bytes);
  adas.push("bin_push", bytes);
  assertEquals(await heard, [bytes, bytes, bytes]);
});

Deno.test("phoenix 1.8.16 comes back after a forced disconnect, and its channels with it", async () => {
  await using stage = new Stage(referenceApp());
  const socket = await stage.connected({ params: { id: "ada" } });
  const channel = socket.channel("room:a");
  assertEquals(await answer(channel.join()), ["ok", {}]);
  const closed = new Promise<CloseEvent>((resolve) => socket.onClose(resolve));
  const again = rejoined(channel);
  assertEquals(stage.app.disconnect({ user: "sock:ada" }), 1);
  assertEquals((await deadline(closed, PATIENCE_MS)).code, 1001);
  await again;
  assertEquals(await answer(channel.push("echo", { n: 1 })), ["ok", { n: 1 }]);
});

Deno.test("phoenix 1.8.16's heartbeat is answered: ping tells the round trip", async () => {
  await using stage = new Stage(referenceApp());
  const socket = await stage.connected();
  const roundTripMs = await deadline(
    new Promise<number>((resolve) => assert(socket.ping(resolve))),
    PATIENCE_MS,
  );
  assert(roundTripMs >= 0);
});

Deno.test("phoenix 1.8.16's authToken reaches authenticate, decoded; a wrong one opens nothing", async () => {
  const seen: (string | null)[] = [];
  const app: App = new App({
    authenticate({ token }) {
      seen.push(token);
      return token === "sesame ?>ÿ" ? { id: "ada" } : null;
    },
  }).topic("room:*", { on: { whoami: (ctx) => ({ id: ctx.user.id }) } });
  await using stage = new Stage(app);
  // The client gives the token to btoa, which takes Latin-1.
  const token = String.fromCharCode(...new TextEncoder().encode("sesame ?>ÿ"));
  const socket = await stage.connected({ authToken: token });
  assertEquals((socket.conn as WebSocket).protocol, "phoenix");
  const channel = socket.channel("room:a");
  await answer(channel.join());
  assertEquals(await answer(channel.push("whoami", {})), ["ok", { id: "ada" }]);

  const stranger = stage.socket({ authToken: "wrong", reconnectAfterMs: () => PATIENCE_MS });
  const failed = new Promise<CloseEvent>((resolve) => stranger.onClose(resolve));
  stranger.connect();
  await deadline(failed, PATIENCE_MS);
  assertFalse(stranger.isConnected());
  assertEquals(seen, ["sesame ?>ÿ", "wrong"]);
});

Deno.test("phoenix 1.8.16 with createCodec speaks 2.1.0: batches arrive, and every message once, in order", async () => {
  // All of it in one turn, however slow the machine is.
  await using stage = new Stage(referenceApp({ scheduler: { maxMs: 60_000 } }));
  const codec = createCodec();
  const frames: unknown[] = [];
  const socket = await stage.connected({
    vsn: "2.1.0",
    ...codec,
    decode(raw, callback) {
      if (typeof raw === "string") frames.push(JSON.parse(raw));
      codec.decode(raw, callback);
    },
  });
  const [a, b] = [socket.channel("room:a"), socket.channel("room:b")];
  for (const channel of [a, b]) assertEquals(await answer(channel.join()), ["ok", {}]);

  const heard: unknown[] = [];
  for (const channel of [a, b]) {
    channel.on<{ n: number }>("said", ({ n }) => heard.push(`${channel.topic} ${n}`));
  }
  const last = new Promise<void>((resolve) => b.on<{ n: number }>("said", ({ n }) => n === 300 && resolve()));
  frames.length = 0;
  for (let n = 1; n <= 300; n++) stage.app.broadcast("room:a", "said", { n });
  for (let n = 1; n <= 300; n++) stage.app.broadcast("room:b", "said", { n });
  await deadline(last, PATIENCE_MS);
  assertEquals(heard.length, 600);
  assertEquals(heard.slice(0, 300), Array.from({ length: 300 }, (_, i) => `room:a ${i + 1}`));
  assertEquals(heard.slice(300), Array.from({ length: 300 }, (_, i) => `room:b ${i + 1}`));
  const batches = frames.filter((frame) => Array.isArray(frame) && Array.isArray(frame[0])) as unknown[][];
  assert(batches.length > 0, "no batch came");
  assert(frames.length < 10, `600 publications of one turn came in ${frames.length} frames`);
  for (const batch of batches) assert(batch.length <= 256);

  const bytes = new Uint8Array([1, 2, 3]).buffer;
  assertEquals(await answer(a.push("echo", bytes)), ["ok", bytes]);
  assertEquals(await answer(a.push("echo", { n: 1 })), ["ok", { n: 1 }]);
  const again = rejoined(a);
  a.push("boom", {});
  await again;
  assertEquals(await answer(a.push("echo", { n: 2 })), ["ok", { n: 2 }]);
});

Deno.test("phoenix 1.8.16 with its own codec never gets a batch", async () => {
  await using stage = new Stage(referenceApp());
  const socket = await stage.connected();
  const channel = socket.channel("room:a");
  assertEquals(await answer(channel.join()), ["ok", {}]);
  const heard: number[] = [];
  const last = new Promise<void>((resolve) => {
    channel.on<{ n: number }>("said", ({ n }) => heard.push(n) === 100 && resolve());
  });
  for (let n = 1; n <= 100; n++) stage.app.broadcast("room:a", "said", { n });
  await deadline(last, PATIENCE_MS);
  assertEquals(heard, Array.from({ length: 100 }, (_, i) => i + 1));
});
