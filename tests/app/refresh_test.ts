import { assertEquals } from "@std/assert";
import type { Authenticated, Handshake, User } from "../../mod.ts";
import { AppKit } from "../../src/testing/app_kit.ts";
import type { FakeConnection } from "../../src/testing/fake_transport.ts";

interface Account extends User {
  readonly role?: string;
}

type Answer = Authenticated<Account> | Promise<Authenticated<Account>>;

/** An app whose hook the test writes, and a client of `ada` whose authorization ends after a minute. */
async function stage(refreshed: (handshake: Handshake, kit: AppKit<Account>) => Answer) {
  let handshakes = 0;
  const kit: AppKit<Account> = new AppKit<Account>({
    limits: { idleMs: 0 },
    authenticate: (handshake): Answer =>
      handshakes++ === 0
        ? { user: { id: "ada" }, expiresAt: kit.clock.now() + 60_000, tokenId: "first" }
        : refreshed(handshake, kit),
  });
  const client = await kit.connect("/socket/websocket?vsn=2.0.0&room=7&token=old", {
    authorization: "Bearer old",
    "x-own": "1",
  });
  return { kit, client };
}

/** Sends a refresh and takes its answer. */
async function refresh(kit: AppKit<Account>, client: FakeConnection, payload: unknown = { token: "new" }) {
  client.send(JSON.stringify([null, "7", "troupe", "troupe:refresh", payload]));
  await kit.settle();
  return client.take().map((frame) => JSON.parse(frame as string));
}

const reply = (status: string, response: unknown) => [
  [null, "7", "troupe", "phx_reply", { response, status }],
];

Deno.test("Refresh: a new token moves the expiry in place, and the client is told again before the new one", async () => {
  const { kit, client } = await stage((_, { clock }) => ({
    user: { id: "ada" },
    expiresAt: clock.now() + 600_000,
  }));
  await using _ = kit;
  await kit.advance(30_000);
  assertEquals(client.take().length, 1); // troupe:expiring
  const expiresAt = kit.clock.now() + 600_000;
  assertEquals(await refresh(kit, client), reply("ok", { expiresAt }));
  await kit.advance(539_999);
  assertEquals([client.take(), client.closed], [[], null]);
  await kit.advance(1);
  assertEquals(client.take(), [
    `[null,null,"troupe","troupe:expiring",{"expiresAt":${expiresAt},"inMs":60000}]`,
  ]);
  await kit.advance(60_000);
  assertEquals(client.closed, { code: 4401, reason: "expired" });
  assertEquals(kit.app.system.counters.get("refreshes.granted"), 1);
});

Deno.test("Refresh: the hook gets the handshake's own data, and the new token in the place of the old one", async () => {
  const given: Handshake[] = [];
  const { kit, client } = await stage((handshake) => {
    given.push(handshake);
    return { id: "ada" };
  });
  await using _ = kit;
  assertEquals(await refresh(kit, client), reply("ok", { expiresAt: null }));
  const [{ token, params, request, cookies }] = given;
  assertEquals([token, request.headers.get("authorization")], ["new", "Bearer new"]);
  assertEquals([{ ...params }.room, { ...params }.token, { ...cookies }], ["7", "old", {}]);
  assertEquals([new URL(request.url).pathname, request.headers.get("x-own")], ["/socket/websocket", "1"]);
  await kit.advance(600_000);
  assertEquals(client.closed, null); // for ever now
});

Deno.test("Refresh: params replace those of the handshake, for apps that take the token from there", async () => {
  const tokens: unknown[] = [];
  const { kit, client } = await stage(({ token, params, request }) => {
    tokens.push(token, params.token, params.room, new URL(request.url).searchParams.get("token"));
    return { id: "ada" };
  });
  await using _ = kit;
  assertEquals(await refresh(kit, client, { params: { token: "new" } }), reply("ok", { expiresAt: null }));
  assertEquals(tokens, [null, "new", "7", "new"]);
});

Deno.test("Refresh: a token that no header can hold is a token all the same", async () => {
  const tokens: unknown[] = [];
  const { kit, client } = await stage(({ token, request }) => {
    tokens.push(token, request.headers.get("authorization"));
    return { id: "ada" };
  });
  await using _ = kit;
  await refresh(kit, client, { token: "a\nb ü" });
  assertEquals(tokens, ["a\nb ü", null]);
});

Deno.test("Refresh: handlers see what is new about the user", async () => {
  const { kit, client } = await stage(() => ({ id: "ada", role: "admin" }));
  await using _ = kit;
  kit.app.topic("room:{id}", { on: { who: (ctx) => ({ role: ctx.user.role ?? "none" }) } });
  const who = async (): Promise<unknown> => {
    client.send('["1","2","room:1","who",{}]');
    await kit.settle();
    return JSON.parse(client.take().at(-1) as string)[4].response.role;
  };
  client.send('["1","1","room:1","phx_join",{}]');
  assertEquals(await who(), "none");
  await refresh(kit, client);
  assertEquals(await who(), "admin");
  assertEquals([...kit.app.connections].map(({ user }) => user), [{ id: "ada", role: "admin" }]);
});

Deno.test("Refresh: what is refused leaves the connection as it is, until its own expiry", async () => {
  const past = (kit: AppKit<Account>) => ({ user: { id: "ada" }, expiresAt: kit.clock.now() });
  const cases: [string, (kit: AppKit<Account>) => Answer][] = [
    ["not_authenticated", () => null],
    ["other_user", () => ({ id: "eve" })],
    ["authorization_expired", past],
    ["by_authenticate", () => new Response(null, { status: 429 })],
    ["authenticate_failed", () => Promise.reject(new Error("gone"))],
  ];
  for (const [reason, answer] of cases) {
    const { kit, client } = await stage((_, kit) => answer(kit));
    await using _ = kit;
    assertEquals(await refresh(kit, client), reply("error", { reason }));
    assertEquals(kit.app.system.counters.get(`refreshes.refused.${reason}`), 1);
    assertEquals([...kit.app.connections].map(({ user }) => user.id), ["ada"]);
    await kit.advance(60_000);
    assertEquals(client.closed?.code, 4401);
  }
});

Deno.test("Refresh: a payload without a token is refused with what is accepted", async () => {
  const { kit, client } = await stage(() => ({ id: "ada" }));
  await using _ = kit;
  const accepted = "{ token: text }, { params: { name: text } } or both";
  const bad = [{}, null, "new", { token: 7 }, { params: { token: 7 } }, { params: "token" }, { params: {} }];
  for (const payload of bad) {
    assertEquals(
      await refresh(kit, client, payload),
      reply("error", { reason: "invalid_payload", accepted }),
    );
  }
});

Deno.test("Refresh: one at a time, and a slow one is given up like a handshake", async () => {
  const { kit, client } = await stage(() => new Promise(() => {}));
  await using _ = kit;
  assertEquals(await refresh(kit, client), []);
  assertEquals(await refresh(kit, client), reply("error", { reason: "refresh_pending" }));
  await kit.advance(5_000);
  assertEquals(client.take().map((frame) => JSON.parse(frame as string)[4]), [
    { response: { reason: "authenticate_timeout" }, status: "error" },
  ]);
  assertEquals(await refresh(kit, client), []); // it may try again
});

Deno.test("Refresh: an answer that comes after the connection has ended is dropped", async () => {
  let answer: (user: Account) => void = () => {};
  const { kit, client } = await stage(() => new Promise((resolve) => answer = resolve));
  await using _ = kit;
  await refresh(kit, client);
  client.close();
  answer({ id: "ada" });
  await kit.settle();
  assertEquals(kit.app.system.counters.get("refreshes.granted"), 0);
});

Deno.test("Refresh: where nobody is asked who it is, there is nothing to refresh", async () => {
  await using kit = new AppKit<Account>();
  const client = await kit.connect("/socket/websocket?vsn=2.0.0");
  assertEquals(await refresh(kit, client), reply("error", { reason: "nothing_to_refresh" }));
});

Deno.test("The topic troupe is nobody's to join, and an unknown event of it is answered", async () => {
  await using kit = new AppKit();
  kit.app.topic("*", {});
  const client = await kit.connect("/socket/websocket?vsn=2.0.0");
  client.send('["1","1","troupe","phx_join",{}]');
  client.send('["1","2","troupe","shout",{}]');
  client.send('["1","3","troupe","phx_leave",{}]');
  await kit.settle();
  const accepted = ["troupe:refresh"];
  assertEquals(client.take().map((frame) => JSON.parse(frame as string)), [
    ["1", "1", "troupe", "phx_reply", {
      response: { reason: "reserved_topic", event: "phx_join", accepted },
      status: "error",
    }],
    ["1", "2", "troupe", "phx_reply", {
      response: { reason: "unknown_event", event: "shout", accepted },
      status: "error",
    }],
    ["1", "3", "troupe", "phx_reply", { response: {}, status: "ok" }],
  ]);
});
