import { assert, assertEquals, assertThrows } from "@std/assert";
import { dropOldest, joined, type PresenceTracks, refuse, type SlowPolicy, TroupeError } from "../../mod.ts";
import type { PresenceOptions } from "../../src/presence/presence_rules.ts";
import { AppKit } from "../../src/testing/mod.ts";
import { brief, type Client, connect, gate, type Message, replyTo } from "./client.ts";

const TOPIC = "room:1";

interface Options {
  readonly presence?: PresenceOptions;
  readonly limits?: Record<string, number>;
  readonly slow?: SlowPolicy;
  readonly history?: { size: number; ttlMs: number };
}

/** A room whose members are present under their user's id, and what its handlers get. */
function stage({ presence = {}, limits = {}, slow, history }: Options = {}) {
  const kit = new AppKit({
    limits: { idleMs: 0, ...limits },
    authenticate: ({ params }) => ({ id: params.user ?? "nobody" }),
  });
  const wait = gate();
  const last: { presence: PresenceTracks<Record<string, unknown>> | null } = { presence: null };
  kit.app.topic("room:*", {
    presence,
    slow,
    history,
    async join(ctx, payload) {
      const { as, wait: waits } = payload as { as?: string; wait?: boolean };
      last.presence = ctx.presence;
      ctx.presence.track(ctx.user.id, { tab: ctx.connectionId });
      if (waits) await wait.promise;
      if (as === "refused") return refuse({ reason: "no" });
      if (as === "crashing") throw new Error("no");
      return joined(null, {});
    },
    on: {
      track: (ctx, key) => ctx.presence.track(String(key), {}),
      update: (ctx, meta) => ctx.presence.update(ctx.user.id, meta as Record<string, unknown>),
      untrack: (ctx, key) => ctx.presence.untrack(key === null ? undefined : String(key)),
      keys: (ctx) => ctx.presence.keys,
      say: (ctx, payload) => ctx.broadcast("said", payload),
      stop: (ctx) => ctx.stop(),
      boom() {
        throw new Error("boom");
      },
    },
    resumed: (ctx) => {
      if (ctx.connection.url.searchParams.has("gone")) return refuse({ reason: "no" });
    },
    leave(ctx) {
      ctx.presence.track("late", {});
      ctx.presence.untrack();
    },
  });
  const clientOf = (user: string, query = ""): Promise<Client> =>
    connect(kit, `/socket/websocket?vsn=2.0.0&user=${user}${query}`);
  return {
    kit,
    last,
    wait,
    clientOf,
    keys: () => kit.app.topics.presence(TOPIC).map(({ key, metas }) => `${key}×${metas.length}`),
    counter: (name: string) => kit.app.system.counters.get(name),
    async joined(user: string): Promise<Client> {
      const client = await clientOf(user);
      client.join(TOPIC);
      await kit.settle();
      client.take();
      return client;
    },
    async [Symbol.asyncDispose]() {
      await kit[Symbol.asyncDispose]();
    },
  };
}

function diffs(client: Client): string[] {
  return client.take().flatMap(([, , , event, payload]) => {
    if (event !== "presence_diff") return [];
    const { joins, leaves } = payload as { joins: object; leaves: object };
    return [`+${Object.keys(joins)} -${Object.keys(leaves)}`];
  });
}

Deno.test("Presence: at a join come the reply, the diff of the turn, and the state", async () => {
  await using room = stage();
  await room.joined("ada");
  const bob = await room.clientOf("bob");
  const ref = bob.join(TOPIC);
  await room.kit.settle();
  const messages = bob.take();
  assertEquals(messages.map(brief), [`ok:${ref}`, "presence_diff", "presence_state"]);
  const [, [diffJoinRef], [stateJoinRef, , , , state]] = messages;
  assertEquals([diffJoinRef, stateJoinRef], [null, ref]);
  assertEquals(Object.keys(state as object), ["ada", "bob"]);
});

Deno.test("Join: a refused or crashed join undoes its tracks: nobody has seen them", async () => {
  await using room = stage();
  const ada = await room.joined("ada");
  for (const as of ["refused", "crashing"]) {
    const client = await room.clientOf(as);
    client.join(TOPIC, { as });
    await room.kit.settle();
    assertEquals(client.take().map(brief), ["error:1"]);
  }
  assertEquals(room.keys(), ["ada×1"]);
  assertEquals(ada.take(), []);
});

Deno.test("Join: what a join tracks is seen when it is granted, and not if it is left before", async () => {
  await using room = stage();
  const ada = await room.joined("ada");
  const [bob, eve] = [await room.clientOf("bob"), await room.clientOf("eve")];
  bob.join(TOPIC, { wait: true });
  eve.join(TOPIC, { wait: true });
  await room.kit.settle();
  assertEquals(room.keys(), ["ada×1"]);
  eve.leave(TOPIC);
  await room.kit.settle();
  room.wait.open();
  await room.kit.settle();
  assertEquals(room.keys(), ["ada×1", "bob×1"]);
  assertEquals(diffs(ada), ["+bob -"]);
});

Deno.test("Join: a topic whose mailbox is full refuses it, and undoes what was tracked", async () => {
  for (const keys of [1, 2]) {
    await using kit = new AppKit({ limits: { topicMailbox: 1 } });
    kit.app.topic("small:*", {
      presence: {},
      join(ctx) {
        for (let n = 0; n < keys; n++) ctx.presence.track(`k${n}`, {});
      },
    });
    const client = await connect(kit);
    const ref = client.join("small:1");
    await kit.settle();
    assertEquals(replyTo(client.take(), ref), { status: "error", response: { reason: "overloaded" } });
    await kit.advance(200);
    assertEquals(kit.app.topics.presence("small:1"), []);
  }
});

Deno.test("Presence ends with its channel: left, closed, stopped, crashed, kicked, replaced", async () => {
  await using room = stage();
  const ada = await room.joined("ada");
  const ends: [name: string, end: (client: Client) => void][] = [
    ["left", (client) => void client.leave(TOPIC)],
    ["closed", (client) => client.connection.close(1006)],
    ["stopped", (client) => void client.push(TOPIC, "stop")],
    ["crashed", (client) => void client.push(TOPIC, "boom")],
    ["kicked", () => void room.kit.app.topics.kick({ user: "kicked" }, TOPIC)],
  ];
  for (const [name, end] of ends) {
    const client = await room.joined(name);
    assertEquals(diffs(ada), [`+${name} -`]);
    end(client);
    await room.kit.settle();
    assertEquals(diffs(ada), [`+ -${name}`], name);
    assertEquals(room.keys(), ["ada×1"], name);
  }
  const twice = await room.joined("twice");
  ada.take();
  twice.join(TOPIC);
  await room.kit.settle();
  assertEquals(diffs(ada), ["+ -twice", "+twice -"]); // its join takes a moment
  assertEquals(room.keys(), ["ada×1", "twice×1"]);
});

Deno.test("Presence: one user with two tabs is one key with two metas", async () => {
  await using room = stage();
  const ada = await room.joined("ada");
  const [first, second] = [await room.joined("bob"), await room.joined("bob")];
  assertEquals(room.keys(), ["ada×1", "bob×2"]);
  first.connection.close(1006);
  await room.kit.settle();
  assertEquals(room.keys(), ["ada×1", "bob×1"]);
  second.leave(TOPIC);
  await room.kit.settle();
  assertEquals(diffs(ada), ["+bob -", "+bob -", "+ -bob", "+ -bob"]);
});

Deno.test("Presence: a client that says that it is several tabs is present as each of them", async () => {
  await using room = stage({ presence: { maxTabsPerMember: 3 } });
  const ada = await room.joined("ada");
  const bob = await room.clientOf("bob");
  const tabs = (count: unknown): string => bob.push(TOPIC, "troupe:tabs", { tabs: count });
  bob.join(TOPIC, { troupe: { tabs: 2 } });
  await room.kit.settle();
  assertEquals([room.keys(), diffs(ada)], [["ada×1", "bob×2"], ["+bob -"]]);
  bob.take();
  const answers: unknown[] = [];
  for (const count of [1, 99, 3, 2, 0, "2", undefined]) {
    const ref = tabs(count);
    await room.kit.settle();
    const { status, response } = replyTo(bob.take(), ref);
    answers.push([status, response.reason, room.keys()[1]]);
  }
  const refused = ["error", "invalid_payload", "bob×2"];
  assertEquals(answers, [
    ["ok", undefined, "bob×1"],
    ["ok", undefined, "bob×3"],
    ["ok", undefined, "bob×3"],
    ["ok", undefined, "bob×2"],
    refused,
    refused,
    refused,
  ]);
  assertEquals(room.counter("presence.too_many_tabs"), 1);
  bob.leave(TOPIC);
  await room.kit.settle();
  assertEquals(room.keys(), ["ada×1"]);
});

Deno.test("Sessions: who is back says anew how many tabs it is", async () => {
  await using room = stage({ limits: { graceMs: 10_000 } });
  const bob = await room.clientOf("bob");
  bob.join(TOPIC, { troupe: { tabs: 2 } });
  await room.kit.settle();
  const { session } = replyTo(bob.take(), "1").response.troupe as { session: string };
  bob.connection.close(1006);
  await room.kit.settle();
  assertEquals(room.keys(), ["bob×2"]);
  const back = await room.clientOf("bob");
  back.join(TOPIC, { "troupe:session": session, troupe: { tabs: 3 } });
  await room.kit.settle();
  assertEquals(room.keys(), ["bob×3"]);
  const again = await room.clientOf("bob");
  again.join(TOPIC, {
    "troupe:session": (replyTo(back.take(), "1").response.troupe as { session: string }).session,
  });
  await room.kit.settle();
  assertEquals(room.keys(), ["bob×1"]);
});

Deno.test("Presence: how many tabs a client is, is nothing to the handlers, and nothing where there is no presence", async () => {
  await using kit = new AppKit();
  const seen: unknown[] = [];
  kit.app.topic("plain", { join: (_ctx, payload) => void seen.push(payload) });
  kit.app.topic("loud", {
    join: (_ctx, payload) => void seen.push(payload),
    other: () => void seen.push("other"),
  });
  const client = await connect(kit);
  for (const topic of ["plain", "loud"]) {
    client.join(topic, { troupe: { tabs: 2 } });
    const ref = client.push(topic, "troupe:tabs", { tabs: 2 });
    await kit.settle();
    assertEquals(replyTo(client.take(), ref).status, "ok");
  }
  const wrong = client.join("plain", { troupe: { tabs: 0 } });
  await kit.settle();
  assertEquals(replyTo(client.take(), wrong).response, {
    reason: "invalid_payload",
    issues: [{ path: "troupe.tabs", message: "expected a whole number, 1 or more" }],
  });
  assertEquals(seen, [{}, {}]);
});

Deno.test("Presence: handlers track several keys, update and untrack; each turn is one diff, behind their replies", async () => {
  await using room = stage();
  const ada = await room.joined("ada");
  ada.push(TOPIC, "track", "k1");
  ada.push(TOPIC, "track", "k2");
  ada.push(TOPIC, "update", { away: true });
  const ref = ada.push(TOPIC, "keys");
  await room.kit.settle();
  const messages = ada.take();
  assertEquals(replyTo(messages, ref).response as unknown, ["ada", "k1", "k2"]);
  assertEquals(messages.map(brief), [`ok:${ref}`, "presence_diff"]);
  assertEquals(Object.keys((messages[1][4] as { joins: object }).joins), ["k1", "k2", "ada"]);
  ada.push(TOPIC, "untrack", "k1");
  ada.push(TOPIC, "untrack", "k1");
  await room.kit.settle();
  assertEquals(room.keys(), ["ada×1", "k2×1"]);
  ada.push(TOPIC, "untrack", null);
  await room.kit.settle();
  assertEquals(room.keys(), []);
  assertEquals(diffs(ada), ["+ -k1", "+ -ada,k2"]);
});

Deno.test("Presence: what is said by a context that is over is a dead letter", async () => {
  await using room = stage();
  const ada = await room.joined("ada");
  const presence = room.last.presence!;
  ada.leave(TOPIC);
  await room.kit.settle();
  const before = room.counter("dead_letters.revoked");
  presence.track("ghost", {});
  await room.kit.settle();
  assertEquals(room.counter("dead_letters.revoked"), before + 1);
  assertEquals(room.keys(), []);
});

Deno.test("Presence: a topic that has none says so to its handlers, and nothing to its clients", async () => {
  await using kit = new AppKit();
  const faults: unknown[] = [];
  kit.app.topic("plain:*", {
    join(ctx) {
      faults.push(assertThrows(() => ctx.presence.track("u", {}), TroupeError).code);
    },
  });
  const client = await connect(kit);
  client.join("plain:1");
  await kit.settle();
  assertEquals(client.take().map(brief), ["ok:1"]);
  assertEquals(faults, ["no_presence"]);
  assertEquals(kit.app.topics.presence("plain:1"), []);
  assertEquals(kit.app.topics.presence("nobody:knows"), []);
});

for (const history of [undefined, { size: 10, ttlMs: 60_000 }]) {
  const where = history === undefined ? "without a history" : "with a history";
  Deno.test(`Sessions: who is away stays present; who is back is told who is there, ${where}`, async () => {
    await using room = stage({ limits: { graceMs: 10_000 }, history });
    const ada = await room.joined("ada");
    const bob = await room.clientOf("bob");
    bob.join(TOPIC);
    await room.kit.settle();
    const { session } = replyTo(bob.take(), "1").response.troupe as { session: string };
    ada.take();
    bob.connection.close(1006);
    await room.kit.settle();
    assertEquals(room.keys(), ["ada×1", "bob×1"]);
    const eve = await room.joined("eve");
    assertEquals(diffs(ada), ["+eve -"]);
    const again = await room.clientOf("bob");
    const ref = again.join(TOPIC, { "troupe:session": session });
    await room.kit.settle();
    const messages: Message[] = again.take();
    const reply = replyTo(messages, ref).response.troupe as { resumed: boolean };
    assert(reply.resumed);
    assertEquals(messages.map(brief), [`ok:${ref}`, "presence_state"]); // no troupe:missed: it has missed nothing else
    assertEquals(messages.at(-1)![0], ref);
    assertEquals(Object.keys(messages.at(-1)![4] as object), ["ada", "bob", "eve"]);
    assertEquals(diffs(ada), []); // nothing has changed for the others
    again.push(TOPIC, "update", { back: true });
    eve.leave(TOPIC);
    await room.kit.settle();
    assertEquals(diffs(again), ["+bob -bob,eve"]);
    assertEquals(diffs(ada), ["+bob -bob,eve"]);
  });
}

Deno.test("Sessions: who does not come back in time is not present any more", async () => {
  await using room = stage({ limits: { graceMs: 10_000 } });
  const ada = await room.joined("ada");
  const bob = await room.joined("bob");
  ada.take();
  bob.connection.close(1006);
  await room.kit.advance(9_000);
  assertEquals(diffs(ada), []);
  await room.kit.advance(2_000);
  assertEquals(diffs(ada), ["+ -bob"]);
});

Deno.test("Sessions: who is refused on return stays away, and present until its time is over", async () => {
  await using room = stage({ limits: { graceMs: 10_000 } });
  const bob = await room.clientOf("bob");
  bob.join(TOPIC);
  await room.kit.settle();
  const { session } = replyTo(bob.take(), "1").response.troupe as { session: string };
  bob.connection.close(1006);
  await room.kit.settle();
  const again = await room.clientOf("bob", "&gone");
  again.join(TOPIC, { "troupe:session": session });
  await room.kit.settle();
  assertEquals(again.take().map(brief), ["error:1"]);
  assertEquals(room.keys(), ["bob×1"]);
  await room.kit.advance(11_000);
  assertEquals(room.keys(), []);
});

Deno.test("Presence paged: a client asks for the pages that follow, and gets them as replies", async () => {
  await using room = stage({ presence: { mode: "paged", pageSize: 2 } });
  for (const user of ["u1", "u2", "u3", "u4"]) await room.joined(user);
  const ada = await room.clientOf("ada");
  ada.join(TOPIC);
  await room.kit.settle();
  const [, , , event, first] = ada.take().at(-1)!;
  const { count, page, next } = first as { count: number; page: object; next: number };
  assertEquals([event, count, Object.keys(page), next], ["troupe:presence", 5, ["u1", "u2"], 2]);
  const seen: string[] = [];
  for (let after: number | null = next; after !== null;) {
    const ref = ada.push(TOPIC, "troupe:presence", { after });
    await room.kit.settle();
    const answer = replyTo(ada.take(), ref).response as unknown as { page: object; next: number | null };
    seen.push(...Object.keys(answer.page));
    after = answer.next;
  }
  assertEquals(seen, ["u3", "u4", "ada"]);
  const wrong = ada.push(TOPIC, "troupe:presence", { after: "u3" });
  await room.kit.settle();
  assertEquals(replyTo(ada.take(), wrong).response.reason, "invalid_payload");
});

Deno.test("Presence paged: who is no member sees nothing", async () => {
  await using room = stage({ presence: { mode: "paged" } });
  await room.joined("ada");
  const eve = await room.clientOf("eve");
  eve.join(TOPIC, { wait: true, as: "refused" });
  const ref = eve.push(TOPIC, "troupe:presence", {});
  await room.kit.settle();
  assertEquals(eve.take(), []);
  room.wait.open();
  await room.kit.settle();
  assertEquals(eve.take().map(brief).filter((each) => each === `ok:${ref}`), []);
});

Deno.test("Presence counted: a client is told the number and a sample; pages it cannot have", async () => {
  await using room = stage({ presence: { mode: "counted", sampleSize: 1 } });
  await room.joined("ada");
  const bob = await room.clientOf("bob");
  bob.join(TOPIC);
  await room.kit.settle();
  const [, , , event, payload] = bob.take().at(-1)!;
  const { count, sample } = payload as { count: number; sample: object };
  assertEquals([event, count, Object.keys(sample)], ["troupe:presence", 2, ["ada"]]);
  const ref = bob.push(TOPIC, "troupe:presence", {});
  await room.kit.settle();
  assertEquals(bob.take().map(brief), [`error:${ref}`]);
  await room.kit.advance(1_000);
  assertEquals(bob.take().map(brief), ["troupe:presence"]);
});

Deno.test("Slow consumers: presence is never left out, whatever the policy leaves out: it collapses to a fresh state", async () => {
  await using room = stage({ slow: dropOldest({ max: 1 }) });
  const [ada, bob] = [await room.joined("ada"), await room.joined("bob")];
  ada.take();
  ada.connection.socket.bufferedBytes = 65_536;
  for (let n = 0; n < 4; n++) {
    bob.push(TOPIC, "say", n);
    bob.push(TOPIC, "track", `k${n}`);
    await room.kit.settle();
  }
  ada.connection.socket.resume();
  await room.kit.advance(10);
  const frames = ada.take();
  assertEquals(frames.map(brief).filter((event) => event !== "troupe:missed"), ["said", "presence_state"]);
  for (let n = 0; n < 4; n++) assertEquals(JSON.stringify(frames).includes(`k${n}`), true);
});
