/** Tokens and cookie sessions as what they are for: the answer to `authenticate`. */

import { assertEquals, assertInstanceOf, assertMatch } from "@std/assert";
import { App } from "../../mod.ts";
import { COOKIE_SESSION, cookieSessions, jwt, MemorySessionStore } from "../../src/auth/mod.ts";
import type { Clock } from "../../src/base/clock.ts";
import { AppKit, type VirtualClock } from "../../src/testing/mod.ts";
import { Client } from "../app/client.ts";
import { issuerKey, keySetOf, signed, signedWithSecret } from "./tokens.ts";

const SECRET = "thirty-two bytes of a shared secret, at the least";
const SOCKET = "/socket/websocket?vsn=2.0.0";

/** A kit, as far as its time goes. */
interface Timed {
  readonly clock: VirtualClock;
}

/** The clock of a kit that is made later. */
function clockOf(kit: () => Timed): Clock {
  return {
    now: () => kit().clock.now(),
    elapsedMs: () => kit().clock.elapsedMs(),
    setTimer: (callback, delayMs) => kit().clock.setTimer(callback, delayMs),
    clearTimer: (id) => kit().clock.clearTimer(id),
  };
}

Deno.test("jwt stands as authenticate: a good token is let in until it ends", async () => {
  const verify = jwt({ secret: SECRET, algorithms: ["HS256"], clock: clockOf((): Timed => kit) });
  await using kit = new AppKit({ authenticate: verify, limits: { idleMs: 86_400_000 } });
  const token = await signedWithSecret(SECRET, kit.clock, { jti: "t-1" });
  const headers = { authorization: `Bearer ${token}` };
  const client = await kit.connect(SOCKET, headers);
  assertEquals([...kit.app.connections].map(({ user }) => user), [{ id: "ada" }]);
  await kit.advance(3_599_999);
  assertEquals(client.closed, null);
  await kit.advance(1);
  assertEquals(client.closed?.code, 4401);
  const late = await kit.tryConnect(SOCKET, headers);
  assertInstanceOf(late, Response);
  assertEquals([late.status, verify.counters.get("jwt.refused.expired")], [403, 1]);
});

Deno.test("jwt stands as authenticate: the token's id is what it is revoked by", async () => {
  const verify = jwt({ secret: SECRET, algorithms: ["HS256"], clock: clockOf((): Timed => kit) });
  await using kit = new AppKit({ authenticate: verify });
  const connect = async (jti: string) =>
    kit.connect(SOCKET, { authorization: `Bearer ${await signedWithSecret(SECRET, kit.clock, { jti })}` });
  const [stolen, other] = [await connect("t-1"), await connect("t-2")];
  assertEquals(kit.app.revoke({ tokenId: "t-1" }), 1);
  await kit.settle();
  assertEquals([stolen.closed?.code, other.closed], [4401, null]);
});

Deno.test("jwt: a phoenix token over a real socket, verified with a key set that a real server has", async () => {
  const key = await issuerKey("1");
  const issuer = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    () => new Response(keySetOf(key)),
  );
  const jwks = `http://127.0.0.1:${(issuer.addr as Deno.NetAddr).port}/keys`;
  const app = new App({ authenticate: jwt({ jwks, algorithms: ["ES256"] }) });
  await using server = app.listen({ port: 0, signals: false });
  const token = await signed(key, { now: () => Date.now() } as VirtualClock);
  const protocols = ["phoenix", `base64url.bearer.phx.${btoa(token).replaceAll("=", "")}`];
  const client = await Client.open(`ws://127.0.0.1:${server.port}${SOCKET}`, { protocols });
  assertEquals([...app.connections].map(({ user }) => user.id), ["ada"]);
  await client.close();
  await issuer.shutdown();
});

Deno.test("cookie sessions stand as authenticate: from the login to the logout, on the virtual clock", async () => {
  const clock = clockOf((): Timed => kit);
  const sessions = cookieSessions({ secret: SECRET, clock, ttlMs: 3_600_000 });
  await using kit = new AppKit({
    authenticate: sessions.authenticate,
    middleware: [sessions.middleware()],
    limits: { idleMs: 86_400_000 },
  });
  const seen: unknown[] = [];
  kit.app.topic("room:{id}", {
    join: (ctx) => void seen.push(ctx.connection.values.get(COOKIE_SESSION)?.data),
  });
  const page = { origin: "http://app.example", host: "app.example" };
  assertInstanceOf(await kit.tryConnect(SOCKET, page), Response);

  const login = new Headers();
  const { id } = await sessions.issue(login, new Request("http://app.example/login"), "ada", {
    data: "dark",
  });
  const headers = { ...page, cookie: login.get("set-cookie")!.split(";")[0] };
  const client = await kit.connect(SOCKET, headers);
  client.send('["1","1","room:1","phx_join",{}]');
  await kit.settle();
  assertEquals([[...kit.app.connections].map(({ user }) => user), seen], [[{ id: "ada" }], ["dark"]]);

  const elsewhere = await kit.tryConnect(SOCKET, { ...headers, origin: "http://evil.example" });
  assertInstanceOf(elsewhere, Response);
  assertEquals(elsewhere.status, 403);

  await kit.advance(3_600_000);
  assertEquals(client.closed?.code, 4401);

  await sessions.issue(login, new Request("http://app.example/login"), "ada");
  const again = await kit.connect(SOCKET, { ...page, cookie: login.getSetCookie()[1].split(";")[0] });
  const ids = await sessions.destroyAll("ada");
  assertEquals(ids.length, 1);
  assertEquals(ids.map((tokenId) => kit.app.revoke({ tokenId })), [1]);
  await kit.settle();
  assertEquals([again.closed?.code, ids.includes(id)], [4401, false]);
});

Deno.test("S6: a page's session is that of its connection, over a real socket", async () => {
  const store = new MemorySessionStore();
  const sessions = cookieSessions({
    secret: SECRET,
    store,
    user: ({ userId, data }) => ({ id: userId, name: data }),
  });
  const app = new App({
    authenticate: sessions.authenticate,
    middleware: [sessions.middleware()],
    async fallback(request) {
      const headers = new Headers();
      await sessions.issue(headers, request, "ada", { data: "Ada" });
      return new Response(null, { status: 204, headers });
    },
  }).component("/who", { open: (conn) => conn.send(JSON.stringify(conn.user)) });
  await using server = app.listen({ port: 0, signals: false });
  const origin = `http://127.0.0.1:${server.port}`;
  const login = await fetch(`${origin}/login`, { method: "POST" });
  assertMatch(
    login.headers.get("set-cookie")!,
    /^__Host-session=[^;]+; Secure; HttpOnly; Max-Age=86400; SameSite=Lax; Path=\/$/,
  );
  const cookie = login.headers.get("set-cookie")!.split(";")[0];
  const client = await Client.open(`ws://127.0.0.1:${server.port}/who`, { headers: { cookie, origin } });
  assertEquals(await client.next(), '{"id":"ada","name":"Ada"}');
  await client.close();
});
