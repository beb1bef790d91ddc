import { assert, assertEquals, assertThrows } from "@std/assert";
import { App, TroupeError } from "../../mod.ts";
import { AppKit } from "../../src/testing/mod.ts";
import { type Client, connect, replyTo } from "./client.ts";

const GRACE_MS = 10_000;

function makeKit(limits: Record<string, number> = {}): { kit: AppKit; left: string[] } {
  const kit = new AppKit({
    limits: { graceMs: GRACE_MS, ...limits },
    authenticate: ({ params }) => ({ id: `${params.user ?? "ada"}` }),
  });
  const left: string[] = [];
  kit.app.topic("room:*", {
    on: { echo: (_ctx, payload) => payload, whoami: ({ user, connectionId }) => ({ user, connectionId }) },
    suspended: (ctx) => void left.push(`${ctx.topic} suspended`),
    leave: (ctx, { kind }) => void left.push(`${ctx.topic} ${kind}`),
  });
  return { kit, left };
}

const path = (params: Record<string, string> = {}): string =>
  `/socket/websocket?${new URLSearchParams({ vsn: "2.0.0", ...params })}`;

/** Joins and gives what the answer says of the session. */
async function join(
  kit: AppKit,
  client: Client,
  topic = "room:1",
  secret?: unknown,
): Promise<{ session: string; resumed: boolean }> {
  const ref = client.join(topic, secret === undefined ? {} : { "troupe:session": secret });
  await kit.settle();
  const { session, resumed = false } = replyTo(client.take(), ref).response.troupe as {
    session: string;
    resumed?: boolean;
  };
  return { session, resumed };
}

/** Resumed, refused, suspended, expired: how often. */
const counts = (kit: AppKit): number[] =>
  ["resumed", "claim_refused", "suspended", "expired"].map((name) =>
    kit.app.system.counters.get(`sessions.${name}`)
  );

Deno.test("Sessions: whatever code the client closes with, it may come back; who has left every channel has gone", async () => {
  for (const code of [1000, 1001, 1005, 1006, 3000, 4000]) {
    const { kit, left } = makeKit();
    await using _kit = kit;
    const client = await connect(kit);
    await join(kit, client);
    client.connection.close(code);
    await kit.settle();
    assertEquals(left, ["room:1 suspended"], `${code}`);
  }
  const { kit, left } = makeKit();
  await using _kit = kit;
  const client = await connect(kit);
  await join(kit, client);
  client.leave("room:1");
  client.connection.close(1006);
  await kit.settle();
  assertEquals(left, ["room:1 left"]);
  assertEquals([kit.app.gauges.sessions, counts(kit)], [0, [0, 0, 0, 0]]);
});

Deno.test("Sessions: the server's own failures suspend: a client that is not heard, one that reads too slowly", async () => {
  const causes: [string, Record<string, number>, (kit: AppKit, client: Client) => Promise<void>, number][] = [
    ["idle", { idleMs: 1_000, graceMs: 60_000 }, (kit) => kit.advance(1_100), 1001],
    ["slow", { outboxFrames: 5 }, async (kit, client) => {
      client.connection.socket.bufferedBytes = 65_536;
      for (let i = 0; i < 10; i++) {
        kit.app.broadcast("room:1", "said", { i });
        await kit.settle();
      }
    }, 1013],
  ];
  for (const [cause, limits, act, code] of causes) {
    const { kit, left } = makeKit(limits);
    await using _kit = kit;
    const client = await connect(kit);
    await join(kit, client);
    await act(kit, client);
    await kit.settle();
    assertEquals([client.closed?.code, left], [code, ["room:1 suspended"]], cause);
  }
});

Deno.test("Sessions: an end that is meant leaves nothing to come back to: a breach, a disconnect, a revocation", async () => {
  const causes: [string, Record<string, number>, (kit: AppKit, client: Client) => void, number][] = [
    ["malformed", {}, (_kit, client) => client.raw("no json"), 1007],
    ["too big", { maxMessageBytes: 100 }, (_kit, client) => client.raw("x".repeat(200)), 1009],
    ["disconnect", {}, (kit) => void kit.app.disconnect({ user: "ada" }), 1001],
    ["revoke", {}, (kit) => void kit.app.revoke({ user: "ada" }), 4401],
  ];
  for (const [cause, limits, act, code] of causes) {
    const { kit, left } = makeKit(limits);
    await using _kit = kit;
    const client = await connect(kit);
    await join(kit, client);
    act(kit, client);
    await kit.settle();
    assertEquals([client.closed?.code, left], [code, ["room:1 closed"]], cause);
  }
});

Deno.test("Sessions: app.disconnect and app.revoke end those that wait, too", async () => {
  const acts: ((kit: AppKit, id: string) => unknown)[] = [
    (kit) => kit.app.disconnect("all"),
    (kit) => kit.app.disconnect({ user: "ada" }),
    (kit) => kit.app.disconnect({ topic: "room:1" }),
    (kit, connection) => kit.app.disconnect({ connection }),
    (kit) => kit.app.revoke({ user: "ada" }),
    (kit, connection) => kit.app.revoke({ connection }),
  ];
  for (const act of acts) {
    const { kit, left } = makeKit();
    await using _kit = kit;
    const [ada, bob] = [await connect(kit), await connect(kit, path({ user: "bob" }))];
    const { session } = await join(kit, ada);
    await join(kit, bob, "room:2");
    const [{ id }] = kit.app.connections.ofUser("ada");
    ada.connection.close();
    bob.connection.close();
    await kit.settle();
    left.length = 0;
    kit.app.disconnect({ user: "nobody" });
    kit.app.disconnect({ topic: "room:3" });
    await kit.settle();
    assertEquals(left, []);
    act(kit, id);
    await kit.settle();
    assertEquals(left.filter((line) => line !== "room:2 closed"), ["room:1 closed"]);
    assertEquals((await join(kit, await connect(kit), "room:1", session)).resumed, false);
  }
});

Deno.test("Sessions: a claim by another user, a made up one and one that is no text are fresh joins, and are counted", async () => {
  const { kit, left } = makeKit();
  await using _kit = kit;
  const first = await connect(kit);
  const { session } = await join(kit, first);
  first.connection.close();
  const wrong: [string, unknown][] = [["bob", session], ["ada", "made up"], ["ada", 7], ["ada", { session }]];
  for (const [user, secret] of wrong) {
    const client = await connect(kit, path({ user }));
    assertEquals((await join(kit, client, "room:1", secret)).resumed, false);
  }
  assertEquals(counts(kit), [0, 4, 1, 0]);
  const right = await connect(kit);
  assertEquals((await join(kit, right, "room:1", session)).resumed, true);
  assertEquals(left, ["room:1 suspended"]);
});

Deno.test("Sessions: null is no claim, and a client that has joined already cannot claim another session", async () => {
  const { kit } = makeKit();
  await using _kit = kit;
  const first = await connect(kit);
  const { session } = await join(kit, first, "room:1", null);
  assertEquals(counts(kit), [0, 0, 0, 0]);
  first.connection.close();
  const second = await connect(kit);
  await join(kit, second, "room:2");
  assertEquals((await join(kit, second, "room:1", session)).resumed, false);
  assertEquals(counts(kit), [0, 1, 1, 0]);
});

Deno.test("Sessions: the connection may bring the claim as a parameter; then each join finds it claimed", async () => {
  const { kit } = makeKit();
  await using _kit = kit;
  const first = await connect(kit);
  await join(kit, first, "room:2");
  const { session } = await join(kit, first);
  first.connection.close();
  const second = await connect(kit, path({ "troupe:session": session }));
  assertEquals(counts(kit).slice(0, 2), [1, 0]);
  assertEquals((await join(kit, second)).resumed, true);
  assertEquals((await join(kit, second, "room:2")).resumed, true);
  const third = await connect(kit, path({ "troupe:session": "made up" }));
  assertEquals((await join(kit, third)).resumed, false);
  assertEquals(counts(kit).slice(0, 2), [1, 1]);
});

Deno.test("Sessions: where the old connection still seems open, the new one wins, and the old is closed", async () => {
  const { kit, left } = makeKit();
  await using _kit = kit;
  const first = await connect(kit);
  const { session } = await join(kit, first);
  const second = await connect(kit, path({ vsn: "2.1.0" }));
  const { resumed } = await join(kit, second, "room:1", session);
  assertEquals([resumed, left], [true, ["room:1 suspended"]]);
  assertEquals(first.closed, { code: 1001, reason: "replaced: another connection has claimed the session" });
  assertEquals(kit.app.connections.size, 1);
  first.connection.close(1006);
  const ref = second.push("room:1", "whoami");
  await kit.settle();
  const [{ id }] = kit.app.connections;
  assertEquals(replyTo(second.take(), ref).response, { user: { id: "ada" }, connectionId: id });
  assertEquals(kit.app.connections.inTopic("room:1").map((each) => each.id), [id]);
  assertEquals(left, ["room:1 suspended"]);
});

Deno.test("Sessions: each claim makes the secret new; the old one is good once more, until the client shows that it knows", async () => {
  const { kit } = makeKit();
  await using _kit = kit;
  const clients: Client[] = [await connect(kit)];
  const { session: s1 } = await join(kit, clients[0]);
  const back = async (secret: string): Promise<{ session: string; resumed: boolean }> => {
    const client = await connect(kit);
    clients.push(client);
    return await join(kit, client, "room:1", secret);
  };
  await back(s1); // its answer is lost
  const { session: s3, resumed } = await back(s1);
  assertEquals(resumed, true);
  const { session: s4 } = await back(s3);
  assert(new Set([s1, s3, s4]).size === 3);
  assertEquals((await back(s1)).resumed, false);
  const again = await back(s3); // not acknowledged yet
  assertEquals(again.resumed, true);
  const client = clients.at(-1)!;
  client.push("room:1", "echo");
  await kit.settle();
  assertEquals((await back(s3)).resumed, false);
  assertEquals((await back(s4)).resumed, false);
  assertEquals((await back(again.session)).resumed, true);
  clients.at(-1)!.push("room:1", "echo");
  assertEquals((await back(again.session)).resumed, false);
});

Deno.test("maxSuspendedSessionsPerUser and maxSuspendedSessions: beyond, the oldest expires and is counted", async () => {
  const { kit } = makeKit({ maxSuspendedSessionsPerUser: 2, maxSuspendedSessions: 3 });
  await using _kit = kit;
  const gone = async (user: string): Promise<string> => {
    const client = await connect(kit, path({ user }));
    const { session } = await join(kit, client);
    client.connection.close();
    await kit.settle();
    return session;
  };
  const secrets = [await gone("ada"), await gone("ada"), await gone("ada")];
  const { counters } = kit.app.system;
  assertEquals([counters.get("sessions.crowded_out"), counters.get("sessions.expired")], [1, 1]);
  assertEquals((await join(kit, await connect(kit), "room:1", secrets[0])).resumed, false);
  await gone("bob");
  await gone("eve");
  assertEquals([counters.get("sessions.crowded_out"), counters.get("sessions.expired")], [2, 2]);
  assertEquals((await join(kit, await connect(kit), "room:1", secrets[1])).resumed, false);
  assertEquals((await join(kit, await connect(kit), "room:1", secrets[2])).resumed, true);
});

Deno.test("graceMs without authenticate is refused at start: nobody could come back as the same user", () => {
  for (
    const make of [
      () => new App({ limits: { graceMs: 1 } }),
      () => new App().socket("/other", { limits: { graceMs: 1 } }),
    ]
  ) {
    const error = assertThrows(make, TroupeError, "authenticate");
    assertEquals(error.code, "grace_without_users");
  }
});

Deno.test("graceMs may differ from one mount to the next", async () => {
  const { kit, left } = makeKit({ graceMs: 0 });
  await using _kit = kit;
  kit.app.socket("/kind", { limits: { graceMs: 1_000 } });
  const [plain, kind] = [await connect(kit), await connect(kit, "/kind/websocket?vsn=2.0.0")];
  const ref = plain.join("room:1");
  await kit.settle();
  assertEquals(replyTo(plain.take(), ref).response, {});
  await join(kit, kind, "room:2");
  plain.connection.close();
  kind.connection.close();
  await kit.settle();
  assertEquals(left, ["room:1 closed", "room:2 suspended"]);
  await kit.advance(1_000);
  assertEquals(left[2], "room:2 expired");
});
