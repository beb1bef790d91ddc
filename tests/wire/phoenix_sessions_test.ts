/**
 * Sessions that outlive their connection, with the published phoenix client, 1.8.16, over a real socket.
 *
 * @module
 */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { deadline } from "@std/async/deadline";
import { type Channel, LongPoll, Socket, type SocketOptions } from "phoenix";
import { App, joined } from "../../mod.ts";
import { until } from "../app/client.ts";

/** Only a broken server or client is that slow. */
const PATIENCE_MS = 20_000;

interface Answer {
  readonly hello: string;
  readonly troupe: { readonly session: string; readonly resumed?: true };
}

/** A server whose sessions wait, and which lets nobody in while `door` is shut. */
function serve() {
  const log: string[] = [];
  const door = { open: Promise.resolve() };
  const app: App = new App({
    limits: { graceMs: 60_000 },
    async authenticate({ params }) {
      await door.open;
      return { id: `${params.user}` };
    },
  }).topic("room:*", {
    join: () => joined({ n: 0 }, { hello: "there" }),
    on: { add: (ctx) => ({ n: ++ctx.state.n }) },
    suspended: () => void log.push("suspended"),
    resumed: () => void log.push("resumed"),
    leave: (_ctx, { kind }) => void log.push(kind),
  });
  return { app, log, door };
}

/** A page: a socket, and a channel that keeps the secret in `storage` and gives it back. */
function page(port: number, user: string, storage: { secret: string | null }, options: SocketOptions = {}) {
  const socket = new Socket(`ws://127.0.0.1:${port}/socket`, {
    params: { user },
    reconnectAfterMs: () => 1,
    rejoinAfterMs: () => 1,
    ...options,
  });
  const channel = socket.channel("room:a", () => ({ "troupe:session": storage.secret }));
  const answers: Answer[] = [];
  const waiting: ((answer: Answer) => void)[] = [];
  const next = (): Promise<Answer> => {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    waiting.push(resolve);
    return deadline(promise, PATIENCE_MS);
  };
  const first = next();
  socket.connect();
  channel.join().receive("ok", (response) => {
    const answer = response as Answer;
    storage.secret = answer.troupe.session;
    answers.push(answer);
    waiting.shift()?.(answer);
  });
  return { socket, channel, first, next };
}

function add(channel: Channel): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  channel.push("add", {}).receive("ok", (response) => resolve((response as { n: number }).n));
  return deadline(promise, PATIENCE_MS);
}

const disconnected = (socket: Socket): Promise<void> =>
  deadline(new Promise<void>((resolve) => socket.disconnect(resolve)), PATIENCE_MS);

Deno.test("phoenix 1.8.16 comes back to its session when the connection drops, and hears how much it has missed", async () => {
  const { app, log, door } = serve();
  await using server = app.listen({ port: 0, signals: false });
  const storage = { secret: null as string | null };
  const { socket, channel, first, next } = page(server.port, "ada", storage);
  assertEquals((await first).troupe.resumed, undefined);
  const before = storage.secret;
  assertEquals(await add(channel), 1);

  const shut = Promise.withResolvers<void>();
  door.open = shut.promise;
  const back = next();
  const missed: unknown[] = [];
  channel.on("troupe:missed", (payload) => missed.push(payload));
  const heard: unknown[] = [];
  const last = Promise.withResolvers<void>();
  channel.on("said", (payload) => {
    heard.push(payload);
    last.resolve();
  });
  socket.conn!.close();
  await until(() => log.length === 1);
  for (const n of [1, 2]) app.broadcast("room:a", "said", { n });
  await until(() => app.system.counters.get("sessions.undelivered") === 2);
  shut.resolve();
  const answer = await back;
  assertEquals([answer.hello, answer.troupe.resumed], ["there", true]);
  assertNotEquals(storage.secret, before);
  app.broadcast("room:a", "said", { n: 3 });
  await deadline(last.promise, PATIENCE_MS);
  assertEquals([missed, heard], [[{ count: 2, from: null, to: null }], [{ n: 3 }]]);
  assertEquals(await add(channel), 2);
  assertEquals(log, ["suspended", "resumed"]);

  await new Promise((resolve) => channel.leave().receive("ok", resolve));
  await disconnected(socket);
  assertEquals(log, ["suspended", "resumed", "left"]);
});

Deno.test("phoenix 1.8.16: a page that is loaded again comes back to its session; another user does not", async () => {
  const { app, log } = serve();
  await using server = app.listen({ port: 0, signals: false });
  const storage = { secret: null as string | null };
  const old = page(server.port, "ada", storage);
  await old.first;
  assertEquals(await add(old.channel), 1);
  await disconnected(old.socket);
  await until(() => log.length === 1);

  const thief = page(server.port, "eve", { ...storage });
  assertEquals((await thief.first).troupe.resumed, undefined);
  assertEquals(await add(thief.channel), 1);
  const fresh = page(server.port, "ada", storage);
  assert((await fresh.first).troupe.resumed);
  assertEquals(await add(fresh.channel), 2);
  assertEquals(app.system.counters.get("sessions.claim_refused"), 1);
  for (const { socket } of [thief, fresh]) await disconnected(socket);
});

Deno.test("phoenix 1.8.16 comes back over long-poll to what it began over WebSocket, and the other way round", async () => {
  const { app, log } = serve();
  await using server = app.listen({ port: 0, signals: false });
  const storage = { secret: null as string | null };
  const ways: SocketOptions[] = [{}, { transport: LongPoll }, {}];
  for (const [i, options] of ways.entries()) {
    const { socket, channel, first } = page(server.port, "ada", storage, options);
    assertEquals((await first).troupe.resumed, i === 0 ? undefined : true);
    assertEquals(await add(channel), i + 1);
    const heard = Promise.withResolvers<unknown>();
    channel.on("said", heard.resolve);
    app.broadcast("room:a", "said", { i });
    assertEquals(await deadline(heard.promise, PATIENCE_MS), { i });
    await disconnected(socket);
    if (options.transport === undefined) await until(() => log.at(-1) === "suspended");
  }
});

Deno.test("A stream of server-sent events has no session to come back to: it ends with its connection", async () => {
  const { app, log } = serve();
  await using _app = app;
  const request = new Request("http://app.example/socket/sse?topic=room:a&user=ada");
  const response = await app.fetch(request);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await deadline(reader.read(), PATIENCE_MS);
  assert(value!.includes('"response":{"hello":"there"}'), value);
  await reader.cancel();
  await until(() => log.length > 0);
  assertEquals(log, ["closed"]);
});
