import { assert, assertEquals, assertRejects } from "@std/assert";
import { App, refuse, TroupeError, type User } from "../../mod.ts";
import { testKit } from "../../src/testing/mod.ts";

const HOUR_MS = 3_600_000;

const open = new App({ limits: { idleMs: 60_000 } }).topic("room:{id}", { join: () => ({ welcome: true }) });

/** Whoever has a token is the user of that name; `late` is let in by a promise of the platform's. */
const users = new App({
  limits: { graceMs: 30_000 },
  async authenticate({ token, params }) {
    if (token === "late") await crypto.subtle.digest("SHA-256", new Uint8Array(1));
    if (token === "short") return { user: { id: token }, expiresAt: 1_767_225_600_000 + 120_000 };
    return token === null ? null : { id: token, from: params.from };
  },
}).topic("room:{id}", {
  join(ctx) {
    if (ctx.user.id === "eve") return refuse({ reason: "not_you" });
    return { user: ctx.user.id, address: ctx.connection.remoteAddress };
  },
  on: { ask: () => ({}), none: () => undefined },
});

Deno.test("A client gives its token, parameters, headers and address; a refusal has the response's status and body", async () => {
  await using kit = testKit(users);
  const error = await assertRejects(() => kit.connect({ path: "/socket" }), TroupeError, "status 403");
  assertEquals([error.code, error.details.status], ["connect_refused", 403]);
  const ada = await kit.connect({ token: "ada", params: { from: "paris" }, from: "192.0.2.1" });
  const room = await ada.join("room:1");
  assertEquals(room.reply, { user: "ada", address: "192.0.2.1" });
  assertEquals([...users.connections].map(({ user }) => user), [{ id: "ada", from: "paris" } as User]);
  await assertRejects(
    () => kit.connect({ token: "eve", headers: { origin: "https://evil.example" } }),
    TroupeError,
    "403",
  );
  await kit.connect({ token: "late" });
});

Deno.test("A client keeps itself alive by heartbeats, unless it is told not to", async () => {
  await using kit = testKit(open);
  const [ada, bob] = [await kit.connect(), await kit.connect({ heartbeatMs: 0 })];
  await kit.advance(HOUR_MS);
  assertEquals([ada.isOpen, bob.isOpen, bob.closed?.code], [true, false, 1001]);
});

Deno.test("A client that drops or closes is gone for the server, and comes back to its topics when it is told to", async () => {
  await using kit = testKit(open);
  const ada = await kit.connect();
  const [one, two] = [await ada.join("room:1"), await ada.join("room:2")];
  await two.leave();
  for (const go of [() => ada.drop(), () => ada.close()]) {
    await go();
    assertEquals([open.connections.size, one.status, ada.isOpen, ada.closed], [0, "dropped", false, null]);
    await assertRejects(() => one.send("ask", {}), TroupeError, "the channel is dropped");
    await ada.reconnect();
    assertEquals([open.connections.size, one.status, two.status], [1, "joined", "ended"]);
  }
  await ada.reconnect(); // an open connection breaks first
  assertEquals([open.connections.size, one.status], [1, "joined"]);
});

Deno.test("A client that comes back in time finds its session; later it joins anew", async () => {
  await using kit = testKit(users);
  const ada = await kit.connect({ token: "ada" });
  const rooms = [await ada.join("room:1"), await ada.join("room:2")];
  for (let i = 0; i < 3; i++) { // each time by a new secret
    await ada.drop();
    await kit.advance(29_000);
    users.broadcast("room:1", "said", {});
    await ada.reconnect();
    assertEquals(rooms.map(({ isResumed }) => isResumed), [true, true]);
    assertEquals(await rooms[0].next("troupe:missed"), { count: 1, from: null, to: null });
  }
  await ada.drop();
  await kit.advance(31_000);
  await ada.reconnect();
  assertEquals(rooms.map(({ isResumed, status }) => [isResumed, status]), [[false, "joined"], [
    false,
    "joined",
  ]]);
});

Deno.test("A client that comes back may change what it connects with; a join that is refused then is an error", async () => {
  await using kit = testKit(users);
  const ada = await kit.connect({ token: "ada" });
  const room = await ada.join("room:1");
  await ada.reconnect({ token: "bob" });
  assertEquals((room.reply as { user: string }).user, "bob");
  const { code } = await assertRejects(() => ada.reconnect({ token: "eve" }), TroupeError, "not_you");
  assertEquals([code, room.status, ada.isOpen], ["join_refused", "refused", true]);
});

Deno.test("What the server says of the connection is the client's to take", async () => {
  await using kit = testKit(users);
  const ada = await kit.connect({ token: "short" });
  await assertRejects(
    () => ada.next("troupe:expiring"),
    TroupeError,
    "The connection: no troupe:expiring came",
  );
  assertEquals(await ada.next("troupe:expiring", { withinMs: HOUR_MS }), {
    expiresAt: kit.clock.now() + 60_000,
    inMs: 60_000,
  });
  assertEquals(ada.take("troupe:expiring"), []);
  await kit.advance(60_000);
  assertEquals(ada.closed, { code: 4401, reason: "expired" });
});

Deno.test("Joins go out at once, and are told apart; a topic is joined once", async () => {
  await using kit = testKit(open);
  const ada = await kit.connect();
  const rooms = await Promise.all([1, 2, 3].map((i) => ada.join(`room:${i}`)));
  assertEquals(rooms.map(({ topic, status }) => [topic, status]), [
    ["room:1", "joined"],
    ["room:2", "joined"],
    ["room:3", "joined"],
  ]);
  const { code } = await assertRejects(() => ada.join("room:1"), TroupeError, "is joined there already");
  assertEquals(code, "already_joined");
  await rooms[0].leave();
  assertEquals((await ada.join("room:1")).status, "joined");
  await ada.drop();
  const gone = await assertRejects(() => ada.join("room:4"), TroupeError);
  assertEquals(gone.code, "not_connected");
  assert(!ada.isOpen);
});
