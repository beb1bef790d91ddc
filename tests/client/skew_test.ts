// Contract skew (semantics, "Versions"): client and server have different versions of one contract.
import { assertEquals, assertRejects } from "@std/assert";
import { z } from "zod";
import { App, bytes, defineTopic, type Schema } from "../../mod.ts";
import { type ConnectionEvents, TroupeError } from "../../src/client/mod.ts";
import { ClientStage, soon } from "./stage.ts";

const Newer = defineTopic("room", {
  join: { reply: z.object({ motd: z.string().optional(), greeting: z.number() }) },
  client: { say: { payload: z.object({ text: z.string() }), reply: z.object({ number: z.number() }) } },
  server: {
    said: z.object({ text: z.union([z.string(), z.number()]) }),
    reacted: z.object({ emoji: z.string() }),
    drawn: z.object({ strokes: z.number() }),
  },
});

const Older = defineTopic("room", {
  client: { say: { payload: z.object({ text: z.string() }), reply: z.object({ id: z.string() }) } },
  server: { said: z.object({ text: z.string() }), drawn: bytes() },
});

function newerApp(): App {
  return new App().topic(Newer, {
    join: () => ({ greeting: 1 }),
    on: {
      say(ctx, { text }) {
        ctx.broadcast("reacted", { emoji: "!" });
        ctx.broadcast("said", { text: 5 });
        ctx.broadcast("drawn", { strokes: 1 });
        ctx.broadcast("said", { text });
        return { number: 1 };
      },
    },
  });
}

Deno.test("an event that an older client does not know, or a payload that it cannot read, is counted and skipped", async () => {
  await using stage = new ClientStage(newerApp());
  const troupe = stage.connect();
  const room = troupe.join(Older, {});
  const heard: unknown[] = [];
  const skipped: ConnectionEvents["skipped"][] = [];
  room.on("said", ({ text }) => heard.push(text));
  room.on("troupe:skipped", (each) => heard.push(`skipped ${each.event}`));
  troupe.on("skipped", (each) => skipped.push(each));
  const error = await soon(assertRejects(() => room.send("say", { text: "hi" }), TroupeError));
  // The answer is one that it cannot read either: the message took effect all the same.
  assertEquals(error.code, "invalid_reply");
  assertEquals(heard, ["skipped reacted", "skipped said", "skipped drawn", "hi"]);
  assertEquals(skipped.map(({ topic, event, why, issues }) => [topic, event, why, issues[0]?.path ?? null]), [
    ["room", "reacted", "unknown_event", null],
    ["room", "said", "invalid_payload", "text"],
    ["room", "drawn", "invalid_payload", ""],
  ]);
  assertEquals(
    [
      troupe.counters["events.unknown"],
      troupe.counters["events.invalid"],
      troupe.counters["replies.invalid"],
    ],
    [1, 2, 1],
  );
  assertEquals(room.status, "joined");
});

Deno.test("a join whose answer an older client cannot read is a join all the same", async () => {
  const Strict = defineTopic("room", {
    join: { reply: z.object({ motd: z.string() }) },
    server: { said: z.object({ text: z.string() }) },
    client: Older.definition.client,
  });
  await using stage = new ClientStage(newerApp());
  const troupe = stage.connect();
  const room = troupe.join(Strict, {});
  const said = room.next("said");
  const error = await soon(assertRejects(() => room.joined, TroupeError));
  assertEquals([error.code, room.status], ["invalid_reply", "joined"]);
  room.send("say", { text: "hi" }).catch(() => {});
  assertEquals(await soon(said), { text: "hi" });
});

Deno.test("an event that an older server does not know is refused by it, and the client is told", async () => {
  const app = new App().topic(Older, { on: { say: () => ({ id: "1" }) } });
  await using stage = new ClientStage(app);
  const Ahead = defineTopic("room", { client: { react: { payload: z.object({ emoji: z.string() }) } } });
  const room = stage.connect().join(Ahead, {});
  const error = await soon(assertRejects(() => room.send("react", { emoji: "!" }), TroupeError));
  assertEquals([error.code, error.details.reason], ["message_refused", "unknown_event"]);
});

Deno.test("a schema that takes its time keeps the order; one that fails costs its message alone", async () => {
  const faults: string[] = [];
  const slow: Schema<{ text: string }> = {
    "~standard": {
      version: 1,
      vendor: "by hand",
      async validate(value) {
        const { text } = value as { text: string };
        for (let tick = text.length; tick > 0; tick--) await null;
        if (text === "fail") throw new Error("on purpose");
        return { value: { text } };
      },
    },
  };
  const Slow = defineTopic("room", {
    client: { say: { payload: slow } },
    server: { said: slow, noted: z.object({ text: z.string() }) },
  });
  const Fast = defineTopic("room", {
    client: { say: { payload: z.object({ text: z.string() }) } },
    server: { said: z.object({ text: z.string() }), noted: z.object({ text: z.string() }) },
  });
  const app = new App().topic(Fast, {
    on: {
      say(ctx, { text }) {
        ctx.broadcast("said", { text });
        ctx.broadcast("said", { text: "fail" });
        ctx.broadcast("noted", { text });
      },
    },
  });
  await using stage = new ClientStage(app);
  const room = stage.connect({ failed: (error) => faults.push((error as TroupeError).code) }).join(Slow, {});
  const heard: string[] = [];
  room.on("said", ({ text }) => heard.push(`said ${text}`));
  room.on("noted", ({ text }) => heard.push(`noted ${text}`));
  await soon(Promise.all(["long long", "short", ""].map((text) => room.send("say", { text }))));
  assertEquals(heard, ["said long long", "noted long long", "said short", "noted short", "said ", "noted "]);
  assertEquals(faults, ["schema_failed", "schema_failed", "schema_failed"]);
});
