// Holds the document against the wire: what goes over a connection is what it says.
import { assert, assertEquals } from "@std/assert";
import { z } from "zod";
import { asyncapi } from "../../src/asyncapi/asyncapi.ts";
import type { JsonSchema, MessageObject } from "../../src/asyncapi/document.ts";
import { bytes } from "../../src/contract/schema.ts";
import { defineTopic } from "../../src/contract/define_topic.ts";
import { joined, refuse } from "../../src/sessions/refusal.ts";
import { AppKit } from "../../src/testing/app_kit.ts";
import { parsed } from "./official.ts";

const Room = defineTopic("room:{id}", {
  join: { payload: z.strictObject({ nickname: z.string().trim() }), reply: z.object({ motd: z.string() }) },
  client: {
    say: {
      payload: z.object({
        size: z.string().transform(Number).pipe(z.number()),
        color: z.string().default("red"),
      }),
      reply: z.object({ id: z.string() }),
    },
    forbidden: {},
    wave: {},
    draw: { payload: bytes(), reply: bytes() },
  },
  server: { said: z.object({ size: z.number(), color: z.string() }) },
  requests: {
    poll: {
      payload: z.object({ text: z.string().default("tea?") }),
      reply: z.object({ yes: z.boolean().default(true) }),
    },
  },
});

type Parts = readonly [joinRef: unknown, ref: unknown, topic: unknown, event: unknown, payload: unknown];

/** What is wrong with a frame, if it is to be `message`. */
function faults(
  { headers, payload }: MessageObject,
  [joinRef, ref, topic, event, said]: Parts,
): readonly string[] {
  const check = (schema: JsonSchema, value: unknown): readonly string[] =>
    z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]).safeParse(value).error?.issues
      .map(({ path, message }) => `${path.join(".")}: ${message}`) ?? [];
  return [...check(headers, { join_ref: joinRef, ref, topic, event }), ...check(payload, said)];
}

Deno.test("every message of a talk is what the document says of it, in both directions", async () => {
  const document = await parsed(asyncapi([Room], { title: "Room", version: "1" }));
  const { messages } =
    (document.channels as Record<string, { messages: Record<string, MessageObject> }>)["room.id"];
  const seen = new Set<string>();
  const fits = (key: string, frame: unknown): Parts => {
    seen.add(key);
    const parts = JSON.parse(frame as string) as Parts;
    assertEquals(faults(messages[key], parts), [], `${key}: ${frame}`);
    return parts;
  };

  await using kit = new AppKit({ authenticate: () => ({ id: "ada" }), limits: { graceMs: 1_000 } });
  const answers: unknown[] = [];
  kit.app.topic(Room, {
    join: (_ctx, { nickname }) =>
      nickname === "" ? refuse({ reason: "nameless" }) : joined(undefined, { motd: "hi" }),
    on: {
      say(ctx, payload) {
        ctx.broadcast("said", payload);
        ctx.request("poll", {}).then((yes) => answers.push(yes), ({ code }) => answers.push(code));
        return { id: "1" };
      },
      forbidden: () => refuse({ reason: "no" }),
      wave: () => {},
      draw: (_ctx, strokes) => strokes,
    },
  });
  const client = await kit.connect("/socket/websocket?vsn=2.0.0");
  const send = async (key: string, frame: Parts): Promise<unknown[]> => {
    const text = JSON.stringify(frame);
    fits(key, text);
    client.send(text);
    await kit.settle();
    return client.take();
  };

  const [refused] = await send("join", ["1", "1", "room:7", "phx_join", { nickname: " " }]);
  fits("refusal", refused);
  const [welcome] = await send("join", ["2", "2", "room:7", "phx_join", {
    nickname: "Ada",
    "troupe:session": null,
  }]);
  const { response } = fits("join.reply", welcome)[4] as { response: { troupe: { session: string } } };
  assertEquals(typeof response.troupe.session, "string");

  const [said, asked, reply] = await send("client.say", ["2", "3", "room:7", "say", { size: "4" }]);
  assertEquals(fits("server.said", said)[4], { size: 4, color: "red" });
  const { id, payload } = fits("request.poll", asked)[4] as { id: string; payload: unknown };
  assertEquals(payload, { text: "tea?" });
  fits("client.say.reply", reply);
  await send("request.poll.answer", ["2", "4", "room:7", "troupe:answer", {
    id,
    status: "ok",
    response: {},
  }]);
  await send("client.say", ["2", null, "room:7", "say", { size: "5", color: "blue" }]);
  await send("declined", ["2", null, "room:7", "troupe:answer", {
    id: "2",
    status: "error",
    response: "busy",
  }]);
  assertEquals(answers, [{ yes: true }, "request_refused"]);

  const [no] = await send("client.forbidden", ["2", "5", "room:7", "forbidden", {}]);
  fits("refusal", no);
  const [empty] = await send("client.wave", ["2", "6", "room:7", "wave", {}]);
  fits("client.wave.reply", empty);
  assertEquals(
    Object.keys(messages).filter((key) => !seen.has(key)),
    ["client.forbidden.reply", "client.draw", "client.draw.reply"],
  );
});

Deno.test("the document refuses what the contract refuses", async () => {
  const document = await parsed(asyncapi([Room], { title: "Room", version: "1" }));
  const { messages } =
    (document.channels as Record<string, { messages: Record<string, MessageObject> }>)["room.id"];
  const wrong: [string, Parts][] = [
    ["join", ["1", "1", "room:7", "phx_join", { nickname: "Ada", more: 1 }]],
    ["join", ["1", null, "room:7", "phx_join", { nickname: "Ada" }]],
    ["client.say", ["1", "2", "room:7", "say", { size: 4 }]],
    ["client.say", ["1", "2", "game:7", "say", { size: "4" }]],
    ["server.said", [null, null, "room:7", "said", { size: 4 }]],
  ];
  for (const [key, frame] of wrong) {
    assert(faults(messages[key], frame).length > 0, `${key}: ${JSON.stringify(frame)}`);
  }
});
