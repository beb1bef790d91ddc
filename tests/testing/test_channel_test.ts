import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { z } from "zod";
import { App, bytes, defineTopic, joined, refuse, TroupeError } from "../../mod.ts";
import { testKit } from "../../src/testing/mod.ts";

const Room = defineTopic("room:{id}", {
  join: { payload: z.object({ name: z.string() }), reply: z.object({ count: z.number() }) },
  client: {
    say: { payload: z.object({ text: z.string() }), reply: z.object({ length: z.number() }) },
    draw: { payload: bytes(), reply: bytes() },
    slow: {},
    busy: {},
    poll: { reply: z.object({ yes: z.boolean() }) },
    crash: {},
    close: {},
  },
  server: { said: z.object({ by: z.string(), text: z.string() }), drawn: bytes() },
  requests: { sure: { payload: z.object({ of: z.string() }), reply: z.object({ yes: z.boolean() }) } },
});

const app: App = new App().topic(Room, {
  join: (ctx, { name }) =>
    name === "" ? refuse({ reason: "no_name" }) : joined({ name }, { count: ctx.topic.length }),
  on: {
    say(ctx, { text }) {
      if (text === "") return refuse({ reason: "nothing_said" });
      ctx.broadcast("said", { by: ctx.state.name, text });
      return { length: text.length };
    },
    draw(ctx, strokes) {
      ctx.broadcastBytes("drawn", strokes, { except: ctx });
      return strokes.slice(0, 1);
    },
    async slow() {
      await new Promise<void>((resolve) => app.system.clock.setTimer(resolve, 5_000));
    },
    async busy() {
      for (let i = 0; i < 20; i++) await crypto.subtle.digest("SHA-256", new Uint8Array(1));
    },
    poll: (ctx) => ctx.request("sure", { of: "it" }),
    crash() {
      throw new Error("on purpose");
    },
    close: (ctx) => ctx.stop(),
  },
});

Deno.test("A channel is typed by its contract: what is sent, answered and heard", async () => {
  await using kit = testKit(app);
  const [ada, bob] = [await kit.connect(), await kit.connect()];
  const room = await ada.join(Room, { id: "1" }, { name: "Ada" });
  const other = await bob.join(Room, { id: "1" }, { name: "Bob" });
  const count: number = room.reply.count;
  assertEquals(count, 6);
  const { length } = await room.send("say", { text: "hi" });
  assertEquals(length satisfies number, 2);
  const { by, text } = await other.next("said");
  assertEquals([by satisfies string, text], ["Ada", "hi"]);
  // @ts-expect-error: there is no such event
  await assertRejects(() => room.send("shout", {}), TroupeError, "unknown_event");
  // @ts-expect-error: and no such payload
  await assertRejects(() => room.send("say", { text: 7 }), TroupeError, "invalid_payload");
  // @ts-expect-error: nor one that may be left out
  await assertRejects(() => room.send("say"), TroupeError, "invalid_payload");
  // @ts-expect-error: nothing of this name is ever heard
  await assertRejects(() => room.next("shouted"), TroupeError, "no shouted came");
});

Deno.test("Bytes are sent, answered and heard as bytes", async () => {
  await using kit = testKit(app);
  const [ada, bob] = [await kit.connect(), await kit.connect()];
  const room = await ada.join(Room, { id: "1" }, { name: "Ada" });
  const other = await bob.join(Room, { id: "1" }, { name: "Bob" });
  assertEquals(await room.send("draw", new Uint8Array([7, 8, 9])), new Uint8Array([7]));
  const drawn = await other.next("drawn");
  assertInstanceOf(drawn, Uint8Array);
  assertEquals([...drawn], [7, 8, 9]);
  assertEquals(room.take(), []);
});

Deno.test("What is refused is an error with the response", async () => {
  await using kit = testKit(app);
  const ada = await kit.connect();
  const join = await assertRejects(() => ada.join(Room, { id: "1" }, { name: "" }), TroupeError, "no_name");
  assertEquals([join.code, join.details.response], ["join_refused", { reason: "no_name" }]);
  const room = await ada.join(Room, { id: "1" }, { name: "Ada" });
  const send = await assertRejects(() => room.send("say", { text: "" }), TroupeError, "say was refused");
  assertEquals([send.code, send.details.response], ["send_refused", { reason: "nothing_said" }]);
});

Deno.test("An answer that needs time is waited for as long as is said, in virtual time", async () => {
  await using kit = testKit(app);
  const room = await (await kit.connect()).join(Room, { id: "1" }, { name: "Ada" });
  const beganMs = kit.clock.elapsedMs();
  await assertRejects(
    () => room.send("slow", {}, { withinMs: 4_999, patienceMs: 0 }),
    TroupeError,
    "{ withinMs }",
  );
  assertEquals(kit.clock.elapsedMs() - beganMs, 4_999);
  assertEquals(await room.send("slow", {}, { withinMs: 60_000 }), {});
  assertEquals(kit.clock.elapsedMs() - beganMs, 10_000);
});

Deno.test("An answer that needs the platform is waited for in real time", async () => {
  await using kit = testKit(app);
  const room = await (await kit.connect()).join(Room, { id: "1" }, { name: "Ada" });
  assertEquals(await room.send("busy", {}, { patienceMs: 60_000 }), {});
});

Deno.test("What the server asks is answered, or can be taken as an event", async () => {
  await using kit = testKit(app);
  const room = await (await kit.connect()).join(Room, { id: "1" }, { name: "Ada" });
  await assertRejects(() => room.send("poll", {}, { patienceMs: 0 }), TroupeError, "poll was not answered");
  const { event, payload } = await room.next("troupe:request") as { event: string; payload: unknown };
  assertEquals([event, payload], ["sure", { of: "it" }]);
  await kit.advance(60_000); // the request times out, and the handler fails
  assertEquals(room.status, "errored");
  await room.rejoin();
  room.answer({ sure: ({ of }) => Promise.resolve({ yes: of === "it" }) });
  assertEquals(await room.send("poll"), { yes: true });
});

Deno.test("A channel knows how it ended, and joins again after a crash", async () => {
  await using kit = testKit(app);
  const ada = await kit.connect();
  const room = await ada.join(Room, { id: "1" }, { name: "Ada" });
  await assertRejects(() => room.send("crash"), TroupeError, "the channel is errored");
  assertEquals([room.status, await room.next("phx_error")], ["errored", { reason: "channel_crash" }]);
  await room.rejoin();
  await room.send("close");
  assertEquals([room.status, await room.next("phx_close")], ["ended", {}]);
  await assertRejects(() => room.send("say", { text: "hi" }), TroupeError, "the channel is ended");
  const again = await ada.join(Room, { id: "1" }, { name: "Ada" });
  app.topics.close("room:1", "closing time");
  assertEquals(await again.next("troupe:kicked"), { reason: "closing time" });
  assertEquals(again.status, "ended");
});

Deno.test("What does not come is an error that says what did, without a wait", async () => {
  await using kit = testKit(app);
  const room = await (await kit.connect()).join(Room, { id: "1" }, { name: "Ada" });
  await room.send("say", { text: "one" });
  await room.send("say", { text: "two" });
  assertEquals((await room.next("said")).text, "one");
  const { code, message } = await assertRejects(() => room.next("drawn"), TroupeError);
  assertEquals(code, "nothing_came");
  assertEquals(
    message,
    'room:1: no drawn came at this instant. What came and was not taken: said {"by":"Ada","text":"two"}. ' +
      "Taken before: 1 × said. The channel is joined. The next timer is due in 100 ms: { withinMs } lets time pass",
  );
  const beganMs = kit.clock.elapsedMs();
  await assertRejects(() => room.next("drawn", { withinMs: 10_000 }), TroupeError, "within 10000 ms");
  assertEquals(kit.clock.elapsedMs() - beganMs, 10_000);
});

Deno.test("A channel knows who is present, as this client has been told", async () => {
  const app = new App({ authenticate: ({ token }) => token === null ? null : { id: token } }).topic("hall", {
    presence: {},
    join: (ctx) => void ctx.presence.track(ctx.user.id, { name: ctx.user.id }),
    on: {
      away(ctx) {
        ctx.presence.update(ctx.user.id, { name: "away" });
        return {};
      },
    },
  });
  await using kit = testKit(app);
  const [ada, bob] = [await kit.connect({ token: "ada" }), await kit.connect({ token: "bob" })];
  const [one, other] = [await ada.join("hall"), await bob.join("hall")];
  const names = ({ presence }: typeof one): unknown[] =>
    [...presence].map(([key, metas]) => [key, ...metas.map(({ name }) => name)]).sort();
  assertEquals([names(one), names(other)], new Array(2).fill([["ada", "ada"], ["bob", "bob"]]));
  await other.send("away");
  assertEquals(names(one), [["ada", "ada"], ["bob", "away"]]);
  await bob.drop();
  assertEquals(names(one), [["ada", "ada"]]);
  await bob.reconnect();
  assertEquals([names(one), names(other)], new Array(2).fill([["ada", "ada"], ["bob", "bob"]]));
  await one.next("presence_diff"); // it can be waited for as well
});
