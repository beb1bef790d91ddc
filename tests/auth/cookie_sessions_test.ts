import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import {
  COOKIE_SESSION,
  cookieSessions,
  type CookieSessionsOptions,
  hmacSigner,
  MemorySessionStore,
  Values,
} from "../../src/auth/mod.ts";
import { TroupeError } from "../../src/base/errors.ts";
import { seededRandom } from "../../src/base/random.ts";
import { VirtualClock } from "../../src/testing/virtual_clock.ts";

const SECRET = "thirty-two bytes of a secret, at the least";
const DAY = 86_400_000;

/** The sessions of one server, and a browser's cookie jar. */
class Site {
  readonly clock = new VirtualClock();
  readonly store = new MemorySessionStore({ clock: this.clock });
  readonly sessions;
  cookie = "";

  constructor(options: Partial<CookieSessionsOptions> = {}) {
    const { clock, store } = this;
    this.sessions = cookieSessions({ secret: SECRET, clock, store, random: seededRandom(1), ...options });
  }

  request(headers: Record<string, string> = {}): Request {
    return new Request("https://chat.example/socket", {
      headers: { host: "chat.example", cookie: this.cookie, ...headers },
    });
  }

  /** Calls `respond` with the headers of a response, and keeps the cookie that it sets. */
  async visit<T>(respond: (headers: Headers) => Promise<T>): Promise<T> {
    const headers = new Headers();
    const result = await respond(headers);
    const set = headers.get("set-cookie");
    if (set !== null) this.cookie = set.split(";")[0];
    return result;
  }

  login(userId = "ada", data: unknown = null) {
    return this.visit((headers) => this.sessions.issue(headers, this.request(), userId, { data }));
  }
}

Deno.test("cookie sessions: who has logged in is known by the cookie, with what was kept", async () => {
  const site = new Site();
  assertEquals(await site.sessions.read(site.request()), null);
  const issued = await site.login("ada", { theme: "dark" });
  assertEquals(await site.sessions.read(site.request()), issued);
  assertEquals([issued.userId, issued.data], ["ada", { theme: "dark" }]);
  assertEquals(issued.expiresAtMs - issued.createdAtMs, DAY);
  assertEquals(await site.sessions.authenticate({ request: site.request() }), {
    user: { id: "ada" },
    expiresAt: issued.expiresAtMs,
    tokenId: issued.id,
  });
});

Deno.test("cookie sessions: the cookie is HttpOnly, Secure, SameSite=Lax, of this host alone, and holds the signed id", async () => {
  const site = new Site();
  const headers = new Headers();
  const { id } = await site.sessions.issue(headers, site.request(), "ada", { data: "secret of the server" });
  const [cookie, ...attributes] = headers.get("set-cookie")!.split("; ");
  assertEquals(attributes.sort(), ["HttpOnly", "Max-Age=86400", "Path=/", "SameSite=Lax", "Secure"]);
  assertEquals(cookie, `__Host-session=${hmacSigner(SECRET).sign("cookie_session", id)}`);
});

Deno.test("cookie sessions: name, path, domain, SameSite and Secure can be chosen", async () => {
  const cookie = { path: "/chat", domain: "chat.example", sameSite: "Strict", secure: false } as const;
  const site = new Site({ cookie });
  const headers = new Headers();
  await site.sessions.issue(headers, site.request(), "ada");
  const [pair, ...attributes] = headers.get("set-cookie")!.split("; ");
  assertMatch(pair, /^session=/);
  assertEquals(attributes.sort(), [
    "Domain=chat.example",
    "HttpOnly",
    "Max-Age=86400",
    "Path=/chat",
    "SameSite=Strict",
  ]);
});

Deno.test("cookie sessions: a login gets a new id, and the one that it came with is worth nothing any more", async () => {
  const site = new Site();
  const planted = await site.login("eve");
  const plantedCookie = site.cookie;
  const own = await site.login("ada");
  assertNotEquals(own.id, planted.id);
  site.cookie = plantedCookie;
  assertEquals(await site.sessions.read(site.request()), null);
  assertEquals(site.store.size, 1);
});

Deno.test("cookie sessions: whatever stands in the cookie, nobody is let in by what was not signed", async () => {
  const site = new Site();
  const { id } = await site.login();
  const signed = site.cookie.slice("__Host-session=".length);
  const forgeries = [
    id,
    `${id}.`,
    signed.slice(0, -1),
    `${signed}x.`,
    hmacSigner(SECRET).sign("longpoll", id),
  ];
  for (const value of forgeries) {
    site.cookie = `__Host-session=${value}`;
    assertEquals(await site.sessions.read(site.request()), null);
  }
  assertEquals(site.sessions.counters.get("cookie_sessions.refused.forged"), forgeries.length);
  const text = fc.string().filter((value) => /^[\x20-\x7e]*$/.test(value) && !value.includes(signed));
  await fc.assert(fc.asyncProperty(text, text, async (before, value) => {
    site.cookie = `${before}; __Host-session=${value}`;
    assertEquals(await site.sessions.read(site.request()), null);
  }));
});

Deno.test("cookie sessions: a session ends by the clock; refreshing makes it last, up to its longest life", async () => {
  const site = new Site({ ttlMs: DAY, maxLifetimeMs: 3 * DAY });
  const { id, createdAtMs } = await site.login("ada", 1);
  const refresh = (data?: unknown) =>
    site.visit((headers) =>
      site.sessions.refresh(headers, site.request(), data === undefined ? {} : { data })
    );
  site.clock.step(DAY - 1);
  assertEquals((await refresh())?.expiresAtMs, createdAtMs + 2 * DAY - 1);
  site.clock.step(2 * DAY - 2);
  assertEquals((await refresh())?.expiresAtMs, createdAtMs + 3 * DAY - 2);
  site.clock.step(3 * DAY - 3);
  const again = await refresh(2);
  assertEquals([again?.id, again?.data, again?.expiresAtMs], [id, 2, createdAtMs + 3 * DAY]);
  site.clock.step(3 * DAY - 1);
  assertEquals((await site.sessions.read(site.request()))?.data, 2);
  site.clock.step(3 * DAY);
  assertEquals([await site.sessions.read(site.request()), await refresh()], [null, null]);
  assertEquals(site.sessions.counters.get("cookie_sessions.refreshed"), 3);
});

Deno.test("cookie sessions: a store that still has an expired session lets nobody in", async () => {
  const site = new Site();
  const { id } = await site.login();
  const ended = { userId: "ada", data: "null", createdAtMs: 0, expiresAtMs: site.clock.now() };
  const late = cookieSessions({
    secret: SECRET,
    clock: site.clock,
    store: { get: () => ended, create() {}, replace: () => true, delete() {}, deleteOfUser: () => [id] },
  });
  assertEquals(await late.read(site.request()), null);
  assertEquals(late.counters.get("cookie_sessions.refused.expired"), 1);
});

Deno.test("cookie sessions: a logout ends the session and takes the cookie back", async () => {
  const site = new Site();
  const { id } = await site.login();
  const cookie = site.cookie;
  const headers = new Headers();
  assertEquals(await site.sessions.destroy(headers, site.request()), id);
  assertMatch(headers.get("set-cookie")!, /^__Host-session=; .*Max-Age=0/);
  site.cookie = cookie;
  assertEquals(await site.sessions.read(site.request()), null);
  site.cookie = "";
  assertEquals(await site.sessions.destroy(new Headers(), site.request()), null);
});

Deno.test("cookie sessions: a refresh that comes after the logout does not bring the session back", async () => {
  const site = new Site();
  await site.login();
  const request = site.request();
  const headers = new Headers();
  const [refreshed] = await Promise.all([
    site.sessions.refresh(headers, request),
    site.sessions.destroy(new Headers(), request),
  ]);
  assertEquals([refreshed, headers.get("set-cookie"), site.store.size], [null, null, 0]);
});

Deno.test("cookie sessions: all of a user's end at once", async () => {
  const site = new Site();
  const first = await site.login("ada");
  site.cookie = "";
  const second = await site.login("ada");
  assertEquals(await site.sessions.destroyAll("ada"), [first.id, second.id]);
  assertEquals(await site.sessions.read(site.request()), null);
  assertEquals(site.sessions.counters.get("cookie_sessions.destroyed"), 2);
});

Deno.test("cookie sessions: the cookie is worth nothing on another site's page (CSWSH)", async () => {
  const site = new Site();
  await site.login();
  const who = (headers: Record<string, string>) =>
    site.sessions.authenticate({ request: site.request(headers) }).then((identity) =>
      identity?.user.id ?? null
    );
  assertEquals(await who({ origin: "https://chat.example" }), "ada");
  assertEquals(await who({ origin: "https://evil.example" }), null);
  assertEquals(await who({ origin: "null" }), null);
  assertEquals(await who({ "sec-fetch-site": "cross-site" }), null);
  assertEquals(await who({ "sec-fetch-site": "same-site" }), null);
  assertEquals(await who({ "sec-fetch-site": "same-origin" }), "ada");
  assertEquals(await who({ "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" }), "ada"); // a link
  assertEquals(await who({}), "ada"); // no browser: it sends the cookie on purpose
  assertEquals(site.sessions.counters.get("cookie_sessions.refused.origin"), 4);
});

Deno.test("cookie sessions: pages that are named may use the cookie", async () => {
  const site = new Site({ origin: ["https://shop.example"] });
  await site.login();
  const read = (origin: string) => site.sessions.read(site.request({ origin }));
  assertEquals((await read("https://shop.example"))?.userId, "ada");
  assertEquals(await read("https://chat.example"), null);
});

Deno.test("cookie sessions: the user hook makes the user of the session, or says that it is nobody any more", async () => {
  const clock = new VirtualClock();
  const sessions = cookieSessions({
    secret: SECRET,
    clock,
    user: ({ userId, data }) => userId === "ada" ? { id: userId, name: String(data) } : null,
  });
  for (const [userId, user] of [["ada", { id: "ada", name: "Ada" }], ["gone", undefined]] as const) {
    const headers = new Headers();
    await sessions.issue(headers, new Request("https://chat.example"), userId, { data: "Ada" });
    const cookie = headers.get("set-cookie")!.split(";")[0];
    const request = new Request("https://chat.example", { headers: { cookie } });
    assertEquals((await sessions.authenticate({ request }))?.user, user);
  }
  assertEquals(sessions.counters.get("cookie_sessions.refused.user"), 1);
});

Deno.test("cookie sessions: data is what JSON can say, within its bound", async () => {
  const site = new Site({ maxDataLength: 10 });
  const codeOf = async (data: unknown) =>
    (await assertRejects(() => site.login("ada", data), TroupeError)).code;
  assertEquals(await codeOf("x".repeat(9)), "session_too_large");
  assertEquals(await codeOf(() => {}), "invalid_session_data");
  assertEquals(await codeOf(1n), "invalid_session_data");
  const cycle: unknown[] = [];
  cycle.push(cycle);
  assertEquals(await codeOf(cycle), "invalid_session_data");
  assertEquals((await site.login("ada", "x".repeat(8))).data, "x".repeat(8));
});

Deno.test("cookie sessions: a store that fails lets nobody in, and the fault is not taken for a wrong cookie", async () => {
  const site = new Site();
  await site.login();
  const fails = () => Promise.reject(new Error("the store is down"));
  const sessions = cookieSessions({
    secret: SECRET,
    clock: site.clock,
    store: { get: fails, create: fails, replace: fails, delete: fails, deleteOfUser: fails },
  });
  await assertRejects(() => sessions.authenticate({ request: site.request() }), Error, "the store is down");
});

Deno.test("cookie sessions: the middleware leaves the session with the connection, and refreshes it when half is over", async () => {
  const site = new Site();
  const { id, expiresAtMs } = await site.login();
  const upgrade = async (): Promise<[Values, Headers]> => {
    const values = new Values();
    const responseHeaders = new Headers();
    const request = site.request();
    const url = new URL(request.url);
    const verdict = await site.sessions.middleware().upgrade!({
      request,
      url,
      values,
      responseHeaders,
      remoteAddress: "",
      transport: "websocket",
    });
    assert(verdict === undefined);
    return [values, responseHeaders];
  };
  const [early, none] = await upgrade();
  assertEquals([early.get(COOKIE_SESSION)?.id, none.get("set-cookie")], [id, null]);
  site.clock.step(DAY / 2);
  const [late, set] = await upgrade();
  assertEquals(late.get(COOKIE_SESSION)?.expiresAtMs, expiresAtMs + DAY / 2);
  assertMatch(set.get("set-cookie")!, /^__Host-session=.*Max-Age=86400/);
  site.cookie = "";
  const [nobody] = await upgrade();
  assertEquals(nobody.get(COOKIE_SESSION), undefined);
});
