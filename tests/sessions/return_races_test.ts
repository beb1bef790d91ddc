/** What is still under way when a client comes back: none of it reaches the new connection as if it were its own. */

import { assert, assertEquals } from "@std/assert";
import { type DeferredReply, joined, memoryLog } from "../../mod.ts";
import { AppKit, VirtualClock } from "../../src/testing/mod.ts";
import { SlowLog } from "../topics/slow_log.ts";
import { brief, type Client, connect, gate, replyTo } from "./client.ts";

const GRACE_MS = 10_000;

function makeKit(limits: Record<string, number> = {}): AppKit {
  return new AppKit({
    limits: { graceMs: GRACE_MS, ...limits },
    authenticate: ({ params, token }) => ({ id: `${params.user ?? "ada"}`, token }),
  });
}

/** The secret in the answer to the join `ref`. */
function secretOf(client: Client, ref: string): string {
  return (replyTo(client.take(), ref).response.troupe as { session: string }).session;
}

const claim = (secret: string) => ({ "troupe:session": secret });

Deno.test("Sessions: an incarnation that was replaced before the connection was says nothing to the next one", async () => {
  await using kit = makeKit();
  kit.app.topic("room:*", {
    on: {
      say(ctx, payload) {
        ctx.broadcast("said", payload);
        return { done: true };
      },
    },
  });
  const version = "/socket/websocket?vsn=2.1.0"; // what is said waits for the turn's commit
  const first = await connect(kit, version);
  const second = await connect(kit, version);
  const ref = first.join("room:1");
  await kit.settle();
  const secret = secretOf(first, ref);

  for (let i = 0; i < 3; i++) second.push("phoenix", "heartbeat"); // so that no ref is used twice
  first.push("room:1", "say", { n: 1 });
  first.join("room:1"); // the first incarnation is over, and its answer waits for the commit
  const back = second.join("room:1", claim(secret));
  await kit.settle();
  const heard = second.take().filter(([, , topic]) => topic === "room:1").map(brief);
  assertEquals(heard.filter((each) => each.startsWith("ok:")), [`ok:${back}`]);
  assert(heard.filter((each) => each === "said").length <= 1, `${heard}`);
});

Deno.test("Sessions: a deferred reply that is given while resumed is pending answers nobody", async () => {
  await using kit = makeKit();
  const resuming = gate();
  let deferred: DeferredReply | null = null;
  kit.app.topic("room:*", {
    join: () => joined({}, {}),
    on: {
      wait(ctx) {
        deferred = ctx.defer();
      },
    },
    resumed: () => resuming.promise,
  });
  const first = await connect(kit);
  const secret = await (async () => {
    const ref = first.join("room:1");
    await kit.settle();
    return secretOf(first, ref);
  })();
  first.push("room:1", "wait");
  first.connection.close(1006);
  await kit.settle();

  const second = await connect(kit);
  const back = second.join("room:1", claim(secret));
  await kit.settle();
  deferred!.ok({ late: true });
  resuming.open();
  await kit.settle();
  assertEquals(second.takeBrief(), [`ok:${back}`]);
  assertEquals(kit.app.system.deadLetters.count("late_reply"), 1);
});

Deno.test("Sessions: a deferral that began while the client was away answers nobody after its return", async () => {
  await using kit = makeKit();
  const busy = gate();
  let deferred: DeferredReply | null = null;
  kit.app.topic("room:*", {
    on: {
      hold: () => busy.promise,
      wait(ctx) {
        deferred = ctx.defer();
      },
    },
  });
  const first = await connect(kit);
  const ref = first.join("room:1");
  await kit.settle();
  const secret = secretOf(first, ref);
  first.push("room:1", "hold");
  first.push("room:1", "wait"); // handled behind the drop
  first.connection.close(1006);
  const second = await connect(kit);
  const back = second.join("room:1", claim(secret));
  busy.open();
  await kit.settle();
  deferred!.ok();
  await kit.settle();
  assertEquals(second.takeBrief(), [`ok:${back}`]);
});

Deno.test("Sessions: an answer that is given while the client is away is a dead letter, deferred or not", async () => {
  await using kit = makeKit();
  const busy = gate();
  let deferred: DeferredReply | null = null;
  kit.app.topic("room:*", {
    on: {
      hold: () => busy.promise.then(() => ({ held: true })),
      wait: (ctx) => void (deferred = ctx.defer()),
    },
  });
  const first = await connect(kit);
  first.join("room:1");
  first.push("room:1", "hold");
  first.push("room:1", "wait"); // handled behind the drop
  first.connection.close(1006);
  await kit.settle();
  const letters = kit.app.system.deadLetters.stream();
  busy.open();
  await kit.settle();
  deferred!.ok({ late: true });
  await kit.settle();
  const messages = [await letters.next(), await letters.next()].map(({ value }) => value);
  assertEquals(messages, [
    { reason: "late_reply", message: { held: true }, to: "room:1" },
    { reason: "late_reply", message: { late: true }, to: "room:1" },
  ]);
  assertEquals(kit.app.system.deadLetters.count(), 2);
});

Deno.test("Sessions: a deferral that outlives its connection answers what the client has sent again, and nothing else", async () => {
  await using kit = makeKit();
  const deferred = new Map<unknown, DeferredReply>();
  kit.app.topic("room:*", {
    on: { wait: (ctx, payload) => void deferred.set((payload as { n: number }).n, ctx.defer()) },
  });
  const first = await connect(kit);
  const ref = first.join("room:1");
  await kit.settle();
  const secret = secretOf(first, ref);
  const sent = first.push("room:1", "wait", { n: 1, "troupe:id": "a" });
  await kit.settle();
  first.connection.close(1006);
  await kit.settle();

  const second = await connect(kit);
  second.join("room:1", claim(secret));
  const other = second.push("room:1", "wait", { n: 2, "troupe:id": "b" });
  assertEquals(other, sent, "it counts its messages from the beginning, as another client would");
  const again = second.push("room:1", "wait", { n: 1, "troupe:id": "a" });
  await kit.settle();
  second.take();
  deferred.get(1)!.ok({ n: 1 });
  await kit.settle();
  const answered = second.take();
  assertEquals(answered.map(brief), [`ok:${again}`]);
  assertEquals(replyTo(answered, again).response, { n: 1 });
  deferred.get(2)!.ok({ n: 2 });
  await kit.settle();
  assertEquals(second.takeBrief(), [`ok:${other}`]);
  assertEquals([deferred.size, kit.app.system.deadLetters.count()], [2, 0]);
});

for (const [before, now] of [["2.0.0", "2.1.0"], ["2.1.0", "2.0.0"]]) {
  Deno.test(`Sessions: who comes back with ${now} instead of ${before} gets in that version what is published while its past is read`, async () => {
    const log = new SlowLog(memoryLog({ clock: new VirtualClock() }));
    log.isSync = { append: true, read: true };
    await using kit = new AppKit({
      log,
      limits: { graceMs: GRACE_MS },
      authenticate: () => ({ id: "ada" }),
    });
    kit.app.topic("room:*", { history: { size: 10, ttlMs: 60_000 } });
    const path = "/socket/websocket?vsn=";
    const first = await connect(kit, path + before);
    const ref = first.join("room:1");
    await kit.settle();
    const { session, epoch } = replyTo(first.take(), ref).response.troupe as Record<string, string>;
    first.connection.close(1006);
    await kit.settle();
    const say = async (n: number): Promise<void> => {
      kit.app.broadcast("room:1", "said", { n });
      await kit.settle();
    };
    await say(1);

    log.isSync = { append: true, read: false };
    const second = await connect(kit, path + now);
    second.join("room:1", { "troupe:session": session, troupe: { epoch, offset: 0 } });
    await kit.settle();
    await say(2);
    await log.proceed();
    await kit.settle();
    await say(3);
    const said = second.take().filter(([, , , event]) => event === "said");
    const offsets = now === "2.1.0" ? [[1], [2], [3]] : [[], [], []];
    assertEquals(
      said.map(([, , , , ...rest]) => rest as unknown[]),
      [1, 2, 3].map((n, i) => [{ n }, ...offsets[i]]),
    );
  });
}

Deno.test("Sessions: what could not be stored is answered so to a client that repeats it when it is back, and may come again then", async () => {
  const log = new SlowLog(memoryLog());
  log.isSync = { append: false, read: true };
  await using kit = new AppKit({
    log,
    limits: { graceMs: GRACE_MS },
    authenticate: () => ({ id: "ada" }),
  });
  kit.app.topic("room:*", {
    history: { size: 10, ttlMs: 60_000 },
    on: {
      say(ctx, payload) {
        ctx.broadcast("said", payload);
        return {};
      },
    },
  });
  const version = "/socket/websocket?vsn=2.1.0";
  const first = await connect(kit, version);
  const ref = first.join("room:1");
  await kit.settle();
  const secret = secretOf(first, ref);
  const say = (client: Client, n: number): string => client.push("room:1", "say", { n, "troupe:id": `${n}` });
  for (const n of [1, 2]) say(first, n);
  await kit.settle();
  first.connection.close(1006);
  await kit.settle();
  log.failing = new Error("disk full");
  await log.proceed();
  await kit.settle();
  log.failing = null;

  const second = await connect(kit, version);
  second.join("room:1", claim(secret));
  await kit.settle();
  second.take();
  const [three, one] = [say(second, 3), say(second, 1)];
  await kit.settle();
  await log.proceed();
  await kit.settle();
  const answered = second.take();
  assertEquals(replyTo(answered, one), { status: "error", response: { reason: "not_stored" } });
  assertEquals(replyTo(answered, three).status, "ok");
  const again = say(second, 1);
  await kit.settle();
  await log.proceed();
  await kit.settle();
  assertEquals(replyTo(second.take(), again).status, "ok");
});

for (const leaves of [true, false]) {
  const what = leaves ? "that was left again" : "that nobody has answered yet";
  Deno.test(`Sessions: the answer to a join of the connection before, ${what}, does not come over the next`, async () => {
    const log = new SlowLog(memoryLog({ clock: new VirtualClock() }));
    log.isSync = { append: true, read: false };
    await using kit = new AppKit({ log, limits: { graceMs: GRACE_MS }, authenticate: () => ({ id: "ada" }) });
    kit.app.topic("room:*", { history: { size: 10, ttlMs: 60_000 } }).topic("plain", {});
    kit.app.broadcast("room:1", "said", {});
    const first = await connect(kit);
    const ref = first.join("plain");
    first.join("room:1", { troupe: { offset: 0 } }); // its past is being read
    await kit.settle();
    const secret = secretOf(first, ref);
    if (leaves) first.leave("room:1");
    first.connection.close(1006);
    await kit.settle();
    const second = await connect(kit);
    const back = second.join("plain", claim(secret));
    await kit.settle();
    await log.proceed();
    await kit.settle();
    assertEquals(second.take().map(brief), [`ok:${back}`]);
  });
}

Deno.test("Sessions: a refresh that is pending while the client claims another session is answered, and counts there", async () => {
  const asked = gate();
  let pendingToken: string | null = null;
  await using kit = new AppKit({
    limits: { graceMs: GRACE_MS },
    authenticate: async ({ token, request }) => {
      if (request.headers.get("authorization") === "Bearer new") {
        pendingToken = token;
        await asked.promise;
      }
      return { id: "ada", token };
    },
  });
  kit.app.topic("room:*", { on: { token: (ctx) => ({ token: (ctx.user as { token?: unknown }).token }) } });
  const first = await connect(kit);
  const ref = first.join("room:1");
  await kit.settle();
  const secret = secretOf(first, ref);
  first.connection.close(1006);
  await kit.settle();

  const second = await connect(kit);
  const refresh = second.push("troupe", "troupe:refresh", { token: "new" });
  const back = second.join("room:1", claim(secret));
  await kit.settle();
  assertEquals(pendingToken, "new");
  asked.open();
  await kit.settle();
  assertEquals(second.takeBrief(), [`ok:${back}`, `ok:${refresh}`]);
  const question = second.push("room:1", "token");
  await kit.settle();
  assertEquals(replyTo(second.take(), question).response, { token: "new" });
});

Deno.test("Sessions: a takeover of a session that is open makes no room: none that waits expires for it", async () => {
  await using kit = makeKit({ maxSuspendedSessionsPerUser: 1 });
  kit.app.topic("room:*", {});
  const waiting = await connect(kit);
  const kept = waiting.join("room:1");
  await kit.settle();
  const secret = secretOf(waiting, kept);
  waiting.connection.close(1006);
  const open = await connect(kit);
  const ref = open.join("room:1");
  await kit.settle();

  const next = await connect(kit);
  next.join("room:1", claim(secretOf(open, ref)));
  await kit.settle();
  assertEquals(kit.app.system.counters.get("sessions.crowded_out"), 0);
  assertEquals(kit.app.gauges.suspended, 1);
  const returning = await connect(kit);
  const back = returning.join("room:1", claim(secret));
  await kit.settle();
  assertEquals((replyTo(returning.take(), back).response.troupe as { resumed?: true }).resumed, true);
});
