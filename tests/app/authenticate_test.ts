import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  App,
  type AppOptions,
  type Authenticated,
  type Handshake,
  type LogFields,
  type User,
} from "../../mod.ts";
import { VirtualClock } from "../../src/testing/virtual_clock.ts";
import { ChannelClient } from "./client.ts";
import { MemoryTransport } from "./memory_transport.ts";

const REQUEST = "http://host/socket/memory?vsn=2.0.0";

/** An app with this hook, over a transport in memory, and what it logs. */
function appWith(authenticate: unknown, options: AppOptions = {}) {
  const logged: LogFields[] = [];
  const transport = new MemoryTransport();
  const app = new App({
    transports: [transport],
    logger: { log: (_level, _message, fields) => void logged.push(fields ?? {}) },
    authenticate: authenticate as () => User,
    ...options,
  });
  return { app, transport, logged };
}

/** The status and the body of a handshake's answer. */
async function answer(app: App): Promise<[status: number, body: unknown]> {
  const response = await app.fetch(new Request(REQUEST));
  const text = await response.text();
  return [response.status, text.startsWith("{") ? JSON.parse(text) : text];
}

Deno.test("authenticate: a user is let in, whether it answers at once or later", async () => {
  for (const hook of [() => ({ id: "u" }), () => Promise.resolve({ id: "u" })]) {
    const { app, transport } = appWith(hook);
    assertEquals(await answer(app), [200, "accepted"]);
    transport.open();
    assertEquals([...app.connections].map(({ user }) => user), [{ id: "u" }]);
    await app.close();
  }
});

Deno.test("authenticate: null answers 403 and there is no upgrade", async () => {
  for (const hook of [() => null, () => Promise.resolve(null)]) {
    const { app, transport } = appWith(hook);
    assertEquals(await answer(app), [403, { reason: "not_authenticated" }]);
    assertEquals(transport.sinks, []);
    assertEquals(app.system.counters.get("upgrades.refused.not_authenticated"), 1);
    await app.close();
  }
});

Deno.test("authenticate: a response is passed on", async () => {
  const { app, transport } = appWith(() => new Response("slow down", { status: 429 }));
  assertEquals(await answer(app), [429, "slow down"]);
  assertEquals(transport.sinks, []);
  assertEquals(app.system.counters.get("upgrades.refused.by_authenticate"), 1);
  await app.close();
});

Deno.test("authenticate: a throw or a rejection answers 500 and is logged, not told", async () => {
  const fail = (): never => {
    throw new Error("the database is gone");
  };
  for (const hook of [fail, () => Promise.reject(new Error("the database is gone"))]) {
    const { app, logged } = appWith(hook);
    assertEquals(await answer(app), [500, { reason: "authenticate_failed" }]);
    assertEquals(logged[0].error, "the database is gone");
    assertEquals(app.system.counters.get("upgrades.refused.authenticate_failed"), 1);
    await app.close();
  }
});

Deno.test("authenticate: an answer that is no user answers 500, and the log says what is accepted", async () => {
  for (const wrong of [undefined, {}, { id: 7 }, "u", true]) {
    const { app, logged, transport } = appWith(() => wrong);
    assertEquals(await answer(app), [500, { reason: "authenticate_failed" }]);
    assertStringIncludes(
      String(logged[0].error),
      "a user with a string as its id, { user, expiresAt, tokenId }, null or a Response",
    );
    assertEquals(transport.sinks, []);
    await app.close();
  }
});

Deno.test("authenticate: too slow answers 503 with Retry-After, and a late answer is dropped", async () => {
  const clock = new VirtualClock();
  let answerLate: (user: User) => void = () => {};
  const hook = () => new Promise<User>((resolve) => answerLate = resolve);
  const { app, transport } = appWith(hook, { clock, limits: { authenticateTimeoutMs: 3_000 } });
  const pending = app.fetch(new Request(REQUEST));
  assertEquals(clock.nextDueMs, 3_000);
  clock.step(3_000);
  const response = await pending;
  assertEquals(response.status, 503);
  assertEquals(response.headers.get("retry-after"), "1");
  assertEquals(await response.json(), { reason: "authenticate_timeout" });
  answerLate({ id: "u" });
  await Promise.resolve();
  assertEquals(transport.sinks, []);
  assertEquals(app.system.counters.get("upgrades.refused.authenticate_timeout"), 1);
  await app.close();
});

Deno.test("authenticate: a timely answer leaves no timer behind", async () => {
  const clock = new VirtualClock();
  const { app } = appWith(() => Promise.resolve(null), { clock });
  await answer(app);
  assertEquals(clock.pending, 0);
  await app.close();
});

Deno.test("authenticate: without it everybody is a new anonymous user, named as the connection", async () => {
  const transport = new MemoryTransport();
  const app = new App({ transports: [transport] });
  await answer(app);
  transport.open();
  const [connection] = app.connections;
  assertEquals(connection.user, { id: connection.id });
  await app.close();
});

Deno.test("authenticate is given token, cookies, params, address and request", async () => {
  const given: Handshake[] = [];
  const app = new App({
    authenticate(handshake): Authenticated<User> {
      given.push(handshake);
      return { id: "u" };
    },
  });
  const server = app.listen({ port: 0, signals: false });
  const url = `ws://127.0.0.1:${server.port}/socket`;
  const phoenixToken = `base64url.bearer.phx.${btoa("from phoenix").replaceAll("=", "")}`;
  const clients = [
    await ChannelClient.open(url, { protocols: ["phoenix", phoenixToken], params: { room: "7" } }),
    await ChannelClient.open(url, {
      headers: {
        authorization: "Bearer from-header",
        cookie: "session=s1",
        origin: `http://127.0.0.1:${server.port}`,
      },
    }),
    await ChannelClient.open(url),
  ];
  assertEquals(given.map(({ token }) => token), ["from phoenix", "from-header", null]);
  assertEquals(clients.map(({ client }) => client.protocol), ["phoenix", "", ""]);
  assertEquals({ ...given[0].params }, { vsn: "2.0.0", room: "7" });
  assertEquals({ ...given[1].cookies }, { session: "s1" });
  assertEquals(given[0].remoteAddress, "127.0.0.1");
  assertEquals(new URL(given[0].request.url).pathname, "/socket/websocket");
  for (const client of clients) await client.close();
  await server.close();
});
