import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { App, defineTopic } from "../../mod.ts";
import { eventsOf, RequestRefused, TroupeError } from "../../src/client/mod.ts";
import { z } from "zod";
import { FakeServer } from "./fake_server.ts";
import { Room, roomApp } from "./room.ts";
import { becomes, ClientStage, soon } from "./stage.ts";

Deno.test("a channel joins, sends, hears and leaves", async () => {
  await using stage = new ClientStage(roomApp());
  const room = stage.connect().join(Room, { id: "7" }, { nickname: "Ada" });
  assertEquals([room.topic, room.params, room.status], ["room:7", { id: "7" }, "joining"]);
  assertEquals(await soon(room.joined), { motd: "hello Ada" });
  assertEquals(room.status, "joined");
  const heard: unknown[] = [];
  const off = room.on("said", ({ by, text }) => heard.push([by, text]));
  assertEquals(await soon(room.send("say", { text: "hi" })), { id: "1" });
  off();
  await soon(room.send("say", { text: "again" }));
  assertEquals(heard, [["Ada", "hi"]]);
  await soon(room.leave());
  assertEquals([room.status, await room.ended], ["ended", { kind: "left", reason: undefined }]);
  await assertRejects(() => room.send("typing"), TroupeError, "left");
});

Deno.test("what is sent before the join waits for it, in order", async () => {
  await using stage = new ClientStage(roomApp());
  const troupe = stage.connect();
  const room = troupe.join(Room, { id: "7" });
  const heard: string[] = [];
  room.on("said", ({ text }) => heard.push(text));
  const sent = ["a", "b", "c"].map((text) => room.send("say", { text }));
  assertEquals([...troupe.queue].map(({ status, event }) => [status, event]), [
    ["waiting", "say"],
    ["waiting", "say"],
    ["waiting", "say"],
  ]);
  await soon(Promise.all(sent));
  assertEquals(heard, ["a", "b", "c"]);
  assertEquals(troupe.queue.size, 0);
});

Deno.test("bytes go and come as bytes", async () => {
  await using stage = new ClientStage(roomApp());
  const room = stage.connect().join(Room, { id: "7" });
  const drawn = room.next("drawn");
  await soon(room.send("draw", new Uint8Array([1, 2, 255])));
  assertEquals(await soon(drawn), new Uint8Array([1, 2, 255]));
});

Deno.test("a listener that is set right behind the join misses nothing, also where it comes in the same batch", async () => {
  const Greeter = defineTopic("greeter", { server: { hello: z.object({ n: z.number() }) } });
  const app = new App().topic(Greeter, {
    join(ctx) {
      for (let n = 1; n <= 3; n++) ctx.push("hello", { n });
    },
  });
  await using stage = new ClientStage(app);
  const greeter = stage.connect().join(Greeter, {});
  await soon(greeter.joined);
  const heard: number[] = [];
  for await (const { n } of eventsOf(greeter, "hello")) {
    if (heard.push(n) === 3) break;
  }
  assertEquals(heard, [1, 2, 3]);
});

Deno.test("events are an async iterable, which ends with the loop, the signal or the channel", async () => {
  await using stage = new ClientStage(roomApp());
  const room = stage.connect().join(Room, { id: "7" });
  const aborter = new AbortController();
  const aborted = eventsOf(room, "said", { signal: aborter.signal });
  const ended = eventsOf(room, "said");
  const left = eventsOf(room, "said");
  for (const text of ["a", "b"]) await soon(room.send("say", { text }));
  aborter.abort();
  const texts = async (stream: AsyncIterable<{ text: string }>) =>
    (await Array.fromAsync(stream)).map(({ text }) => text);
  assertEquals(await soon(texts(aborted)), ["a", "b"]);
  for await (const { text } of left) {
    assertEquals(text, "a");
    break;
  }
  assertEquals(await soon(texts(left)), []);
  await soon(room.leave());
  assertEquals(await soon(texts(ended)), ["a", "b"]);
  assertEquals(await soon(texts(eventsOf(room, "said"))), []);
});

Deno.test("signals end what they are given to: listeners, messages, waiting for one event, the channel", async () => {
  await using stage = new ClientStage(roomApp());
  const aborter = new AbortController();
  const { signal } = aborter;
  const troupe = stage.connect();
  const room = troupe.join(Room, { id: "7" });
  await soon(room.joined);
  const heard: string[] = [];
  room.on("said", ({ text }) => heard.push(text), { signal });
  await soon(room.send("say", { text: "a" }));
  const never = room.send("never", {}, { signal });
  const next = room.next("typing", { signal });
  assertEquals(troupe.queue.size, 1);
  aborter.abort(new Error("enough"));
  await soon(assertRejects(() => never, Error, "enough"));
  await soon(assertRejects(() => next, Error, "enough"));
  assertEquals(troupe.queue.size, 0);
  await soon(room.send("say", { text: "b" }));
  assertEquals(heard, ["a"]);
  await assertRejects(() => room.send("typing", {}, { signal }), Error, "enough");
  await assertRejects(() => room.next("said", { signal }), Error, "enough");

  const leaver = new AbortController();
  const other = troupe.join(Room, { id: "8" }, {}, { signal: leaver.signal });
  await soon(other.joined);
  leaver.abort();
  assertEquals(await soon(other.ended), { kind: "left", reason: undefined });
  assertEquals((await soon(troupe.join(Room, { id: "8" }, {}, { signal }).ended)).kind, "left");
});

Deno.test("what the contract refuses is not sent, and the error says why", async () => {
  await using stage = new ClientStage(roomApp());
  const troupe = stage.connect();
  const room = troupe.join(Room, { id: "7" });
  const invalid = await assertRejects(() => room.send("say", { text: "x".repeat(21) }), TroupeError, "text");
  assertEquals([invalid.code, invalid.retryable], ["invalid_payload", false]);
  // deno-lint-ignore no-explicit-any
  const unknown = await assertRejects(() => room.send("shout" as any), TroupeError, `"say","draw"`);
  assertEquals(unknown.code, "unknown_event");
  const join = assertThrows(() => troupe.join(Room, { id: "8" }, { nickname: "" }), TroupeError, "nickname");
  assertEquals(join.code, "invalid_payload");
  assertThrows(() => troupe.join(Room, { id: "" }), TroupeError, "Accepted");
  const twice = assertThrows(() => troupe.join(Room, { id: "7" }), TroupeError, "already_joined");
  assertEquals(twice.code, "already_joined");
});

Deno.test("a refusal of the server's has its reason, and what else it says", async () => {
  await using stage = new ClientStage(roomApp());
  const room = stage.connect().join(Room, { id: "7" });
  const error = await soon(assertRejects(() => room.send("rude"), TroupeError, "too_rude"));
  assertEquals([error.code, error.details.reason], ["message_refused", "too_rude"]);
  assertEquals(error.details.response, { reason: "too_rude", hint: "be kind" });
});

Deno.test("a message that is not answered in time rejects, and may have taken effect", async () => {
  await using stage = new ClientStage(roomApp());
  const room = stage.connect().join(Room, { id: "7" });
  const error = await soon(assertRejects(() => room.send("never", {}, { timeoutMs: 1 }), TroupeError));
  assertEquals(error.code, "reply_timeout");
});

Deno.test("a join that is refused ends the channel, and is not tried again", async () => {
  await using stage = new ClientStage(roomApp());
  const troupe = stage.connect();
  const room = troupe.join(Room, { id: "7" }, { nickname: "Eve" });
  const waiting = assertRejects(() => room.send("typing"), TroupeError, "not_you");
  const error = await soon(assertRejects(() => room.joined, TroupeError, "not_you"));
  assertEquals([error.code, error.details.kind], ["join_refused", "refused"]);
  await soon(waiting);
  assertEquals((await room.ended).reason, { reason: "not_you" });
  assertEquals(troupe.counters["joins.refused"], 1);
  const again = troupe.join(Room, { id: "7" }, { nickname: "Ada" });
  assertEquals(await soon(again.joined), { motd: "hello Ada" });
});

Deno.test("a join that is refused for a while is tried again, when the server says", async () => {
  let tries = 0;
  const Busy = defineTopic("busy", {});
  const app = new App().topic(Busy, {
    join() {
      if (++tries < 3) throw new TroupeError("mailbox_full", "full", { retryAfterMs: 1 });
    },
  });
  await using stage = new ClientStage(app);
  const busy = stage.connect({ reconnect: { baseMs: 60_000, maxMs: 60_000 } }).join(Busy, {});
  await soon(busy.joined);
  assertEquals(tries, 3);
});

Deno.test("a channel that crashes is joined again by itself; what it had not answered is unsure", async () => {
  const faults: string[] = [];
  await using stage = new ClientStage(roomApp());
  const troupe = stage.connect({ failed: (error) => faults.push(String(error)) });
  const room = troupe.join(Room, { id: "7" }, { nickname: "Ada" });
  await soon(room.joined);
  const suspended = room.next("troupe:suspended");
  const joined = room.next("troupe:joined");
  const error = await soon(assertRejects(() => room.send("crash"), TroupeError));
  assertEquals(error.code, "outcome_unknown");
  assertEquals((await suspended).reason, { reason: "channel_crash" });
  assertEquals(await soon(joined), {
    reply: { motd: "hello Ada" },
    again: true,
    resumed: false,
    recovery: null,
    gap: null,
  });
  assertEquals(await soon(room.send("say", { text: "back" })), { id: "1" });
  assertEquals(faults, []);
});

Deno.test("a channel that the server closes has ended, and says by whom and why", async () => {
  await using stage = new ClientStage(roomApp({ authenticate: () => ({ id: "ada" }) }));
  const troupe = stage.connect();
  const [kicked, closed] = ["1", "2"].map((id) => troupe.join(Room, { id }));
  await soon(Promise.all([kicked.joined, closed.joined]));
  const last = kicked.next("troupe:ended");
  const missing = assertRejects(() => kicked.next("said"), TroupeError, `"kicked","reason":"spam"`);
  stage.app.topics.kick({ user: "ada" }, "room:1", "spam");
  assertEquals(await soon(kicked.ended), { kind: "kicked", reason: "spam" });
  assertEquals(await soon(last), { kind: "kicked", reason: "spam" });
  await soon(missing);
  stage.app.topics.close("room:2", "late");
  assertEquals((await soon(closed.ended)).kind, "kicked");
});

Deno.test("a client answers what the server asks; what it has no answer for, it refuses", async () => {
  const faults: unknown[] = [];
  await using stage = new ClientStage(roomApp());
  const room = stage.connect({ failed: (error, event) => faults.push([String(error), event]) })
    .join(Room, { id: "7" });
  const ask = async (question: string) => (await soon(room.send("ask", { question }))).answer;
  assertEquals(await ask("tea?"), "request_refused");
  const off = room.answer("poll", ({ question }) => ({ yes: question.endsWith("?") }));
  assertEquals(await ask("tea?"), { yes: true });
  room.answer("poll", () => Promise.reject(new RequestRefused({ reason: "busy" })));
  off(); // of one that answers no more
  assertEquals(await ask("tea?"), "request_refused");
  assertEquals(faults, []);
  const aborter = new AbortController();
  room.answer("poll", () => {
    throw new Error("on purpose");
  }, { signal: aborter.signal });
  assertEquals(await ask("tea?"), "request_refused");
  assertEquals(faults, [["Error: on purpose", "poll"]]);
  aborter.abort();
  assertEquals(await ask("tea?"), "request_refused");
  assertEquals(faults.length, 1);
});

Deno.test("a listener that throws costs neither the others nor the messages behind it", async () => {
  const faults: unknown[] = [];
  await using stage = new ClientStage(roomApp());
  const room = stage.connect({ failed: (error, event) => faults.push([String(error), event]) })
    .join(Room, { id: "7" });
  const heard: string[] = [];
  room.on("said", () => {
    throw new Error("on purpose");
  });
  room.on("said", ({ text }) => heard.push(text));
  for (const text of ["a", "b"]) await soon(room.send("say", { text }));
  assertEquals(heard, ["a", "b"]);
  assertEquals(faults, [["Error: on purpose", "said"], ["Error: on purpose", "said"]]);
});

Deno.test("a channel survives a restart of its connection, and all that was joined comes back", async () => {
  await using stage = new ClientStage(roomApp());
  const troupe = stage.connect();
  const rooms = ["1", "2", "3"].map((id) => troupe.join(Room, { id }));
  await soon(Promise.all(rooms.map((room) => room.joined)));
  const back = rooms.map((room) => room.next("troupe:joined"));
  for (const connection of stage.app.connections) stage.app.disconnect({ connection: connection.id });
  assert((await soon(Promise.all(back))).every(({ again }) => again));
  await becomes(troupe, "open");
  for (const room of rooms) assertEquals(room.status, "joined");
});

Deno.test("a join that is given up with its connection has no further effect when its time is over", async () => {
  await using server = new FakeServer();
  const skipped: unknown[] = [];
  const troupe = server.connect({ timeoutMs: 30, reconnect: { baseMs: 60_000, maxMs: 60_000 } });
  troupe.on("skipped", (what) => skipped.push(what));
  const room = troupe.join(Room, { id: "7" });
  const connection = await server.accept();
  await connection.next();
  connection.drop(); // the join's timer goes on in the published client
  await new Promise((resolve) => setTimeout(resolve, 30)); // fires behind it
  assertEquals([skipped, room.status], [[], "joining"]);
});
