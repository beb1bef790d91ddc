import { assertEquals } from "@std/assert";
import { memoryLog, refuse } from "../../mod.ts";
import { AppKit, VirtualClock } from "../../src/testing/mod.ts";
import { SlowLog } from "../topics/slow_log.ts";
import { type Client, connect, gate, replyTo } from "./client.ts";

const UNSTORED = { status: "error", response: { reason: "not_stored" } };

/** A topic whose log stores when it is told to, and a client in it. */
async function stage() {
  const log = new SlowLog(memoryLog({ clock: new VirtualClock() }));
  log.isSync = { append: false, read: true };
  const kit = new AppKit({ log, limits: { graceMs: 10_000 }, authenticate: () => ({ id: "ada" }) });
  const late = gate();
  kit.app.topic("room:*", {
    history: { size: 10, ttlMs: 60_000 },
    on: {
      say(ctx, payload) {
        ctx.broadcast("said", payload);
        return { done: true };
      },
      async later(ctx, payload) {
        await late.promise;
        ctx.broadcast("said", payload);
        return { done: true };
      },
    },
  });
  const client = await connect(kit, "/socket/websocket?vsn=2.1.0");
  const ref = client.join("room:1");
  await kit.settle();
  const { session } = replyTo(client.take(), ref).response.troupe as { session: string };
  const fail = async (): Promise<void> => {
    log.failing = new Error("disk full");
    await log.proceed();
    log.failing = null;
    await kit.settle();
  };
  return { kit, log, late, client, session, fail };
}

const send = (client: Client, event = "say"): string => client.push("room:1", event, { "troupe:id": "1" });

Deno.test("Named messages: a repetition of what is answered, and then cannot be stored, is answered so as well", async () => {
  const { kit, log, client, fail } = await stage();
  await using _kit = kit;
  const refs = [send(client)];
  await kit.settle();
  refs.push(send(client), send(client));
  await kit.settle();
  assertEquals(client.take(), []);
  await fail();
  const told = client.take();
  for (const ref of refs) assertEquals(replyTo(told, ref), UNSTORED);
  const again = send(client); // its client has heard of it: it may come again
  await kit.settle();
  await log.proceed();
  await kit.settle();
  assertEquals(replyTo(client.take(), again).status, "ok");
});

Deno.test("Named messages: what was repeated while its handler ran, and then cannot be stored, is answered so each time", async () => {
  const { kit, late, client, fail } = await stage();
  await using _kit = kit;
  const refs = [send(client, "later"), send(client, "later")];
  await kit.settle();
  late.open();
  await kit.settle();
  refs.push(send(client, "later"));
  await kit.settle();
  assertEquals(client.take(), []);
  await fail();
  const told = client.take();
  for (const ref of refs) assertEquals(replyTo(told, ref), UNSTORED);
});

Deno.test("Named messages: who comes back and repeats what is being stored is not answered ok when that fails", async () => {
  const { kit, client, session, fail } = await stage();
  await using _kit = kit;
  send(client);
  await kit.settle();
  client.connection.close(1006);
  await kit.settle();
  const second = await connect(kit, "/socket/websocket?vsn=2.1.0");
  second.join("room:1", { "troupe:session": session });
  const again = send(second);
  await kit.settle();
  await fail();
  assertEquals(replyTo(second.take(), again), UNSTORED);
});

for (const isBehind of [true, false]) {
  const when = isBehind ? "right behind its join" : "once its join is handled";
  Deno.test(`Named messages: who joins again and repeats what is being stored ${when} is not answered ok when that fails`, async () => {
    const { kit, log, client, fail } = await stage();
    await using _kit = kit;
    send(client);
    await kit.settle();
    const join = client.join("room:1");
    if (!isBehind) await kit.settle();
    const refs = [send(client), send(client)];
    await kit.settle();
    assertEquals(client.take(), []);
    await fail();
    const told = client.take();
    assertEquals(replyTo(told, join).status, "ok");
    for (const ref of refs) assertEquals(replyTo(told, ref), UNSTORED);
    const again = send(client); // its client has heard of it: it may come again
    await kit.settle();
    await log.proceed();
    await kit.settle();
    assertEquals(replyTo(client.take(), again).status, "ok");
  });
}

Deno.test("Named messages: what could not be stored is not stored behind what came later, until its client has heard of it", async () => {
  const { kit, log, client, session, fail } = await stage();
  await using _kit = kit;
  send(client);
  await kit.settle();
  client.connection.close(1006);
  await fail();
  log.isSync = { append: true, read: true };
  let secret = session;
  // What the first that comes back is answered may never have reached it.
  for (let i = 0; i < 3; i++) {
    const next = await connect(kit, "/socket/websocket?vsn=2.1.0");
    const ref = next.join("room:1", { "troupe:session": secret });
    await kit.settle();
    const again = send(next);
    await kit.settle();
    const told = next.take();
    secret = (replyTo(told, ref).response.troupe as { session: string }).session;
    assertEquals(replyTo(told, again), UNSTORED);
    if (i < 2) next.connection.close(1006);
    else {
      const once = send(next);
      await kit.settle();
      assertEquals(replyTo(next.take(), once).status, "ok");
    }
  }
});

Deno.test("Named messages: where a topic has ended before it was known what is stored, nothing more is said of it", async () => {
  const { kit, client, fail } = await stage();
  await using _kit = kit;
  send(client);
  send(client);
  await kit.settle();
  kit.app.topics.close("room:1", "closing time");
  await kit.settle();
  assertEquals(client.takeBrief().at(-1), "phx_close");
  await fail();
  assertEquals(client.takeBrief(), []);
});

Deno.test("Named messages: a repetition of what is stored is answered each time, however often", async () => {
  const { kit, log, client } = await stage();
  await using _kit = kit;
  send(client);
  await kit.settle();
  await log.proceed();
  await kit.settle();
  client.take();
  for (let i = 0; i < 40; i++) {
    const ref = send(client);
    await kit.settle();
    assertEquals(replyTo(client.take(), ref).status, "ok");
  }
  assertEquals(log.appended.length, 1);
});

/** The client drops, and is there again: its join and what it repeats come in one frame. */
async function comeBack(kit: AppKit, client: Client, session: string, event: string) {
  client.connection.close(1006);
  await kit.settle();
  const next = await connect(kit, "/socket/websocket?vsn=2.1.0");
  const join = next.joinMessage("room:1", { "troupe:session": session });
  const again = next.message("room:1", event, { "troupe:id": "1" });
  next.batch(join, again);
  await kit.settle();
  return { next, join, again };
}

Deno.test("Named messages: a repetition in one batch with the join that brings its client back is answered behind that", async () => {
  const { kit, log, client, session } = await stage();
  await using _kit = kit;
  send(client);
  await kit.settle();
  await log.proceed();
  await kit.settle();
  const { next, join, again } = await comeBack(kit, client, session, "say");
  assertEquals(next.takeBrief(), [`ok:${join[1]}`, `ok:${again[1]}`]);
  assertEquals(log.appended.length, 1);
});

Deno.test("Named messages: a repetition behind a join that is refused is answered as all that is sent there", async () => {
  const { kit, client } = await stage();
  await using _kit = kit;
  const decided = gate();
  let joins = 0;
  kit.app.topic("door:*", {
    async join(_ctx, _payload) {
      if (++joins === 1) return;
      await decided.promise;
      return refuse({ reason: "full" });
    },
    on: { say: () => ({ done: true }) },
  });
  client.join("door:1");
  await kit.settle();
  const knock = (id: string): string => client.push("door:1", "say", { "troupe:id": id });
  knock("1");
  await kit.settle();
  client.take();
  const join = client.join("door:1");
  const refs = [knock("1"), knock("2")];
  decided.open();
  await kit.settle();
  const told = client.take();
  assertEquals(replyTo(told, join).response, { reason: "full" });
  for (const ref of refs) assertEquals(replyTo(told, ref).response, { reason: "unmatched topic" });
});

Deno.test("Named messages: who joins again and repeats what is not handled yet is answered in the new incarnation", async () => {
  const { kit, log, client } = await stage();
  await using _kit = kit;
  log.isSync = { append: true, read: true };
  const first = client.message("room:1", "say", { "troupe:id": "1" });
  const join = client.joinMessage("room:1");
  const again = client.message("room:1", "say", { "troupe:id": "1" });
  client.batch(first, join, again);
  await kit.settle();
  const told = client.take();
  const answer = told.find(([, ref]) => ref === again[1])!;
  assertEquals([answer[0], replyTo(told, again[1]!).status], [join[1], "ok"]);
  assertEquals(told.indexOf(answer) > told.findIndex(([, ref]) => ref === join[1]), true);
  assertEquals(log.appended.length, 1);
});

Deno.test("Named messages: what a handler has not answered when its client joins again takes effect as its repetition", async () => {
  const { kit, log, late, client } = await stage();
  await using _kit = kit;
  log.isSync = { append: true, read: true };
  send(client, "later");
  await kit.settle();
  const join = client.joinMessage("room:1");
  const again = client.message("room:1", "later", { "troupe:id": "1" });
  client.batch(join, again);
  await kit.settle();
  late.open();
  await kit.settle();
  const told = client.take();
  assertEquals([join, again].map(([, ref]) => replyTo(told, ref!).status), ["ok", "ok"]);
  assertEquals(log.appended.length, 1);
});

Deno.test("Named messages: who comes back while its handler is busy, and repeats at once, is answered behind its join", async () => {
  const { kit, log, late, client, session } = await stage();
  await using _kit = kit;
  log.isSync = { append: true, read: true };
  send(client, "later");
  await kit.settle();
  const { next, join, again } = await comeBack(kit, client, session, "later");
  late.open();
  await kit.settle();
  // What it has missed meanwhile is told in between.
  assertEquals(next.takeBrief().filter((each) => /^\w+:\d/.test(each)), [`ok:${join[1]}`, `ok:${again[1]}`]);
  assertEquals(log.appended.length, 1);
});
