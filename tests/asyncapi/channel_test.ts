import { assertEquals } from "@std/assert";
import { z } from "zod";
import { Channel } from "../../src/asyncapi/channel.ts";
import type { MessageObject, Reference } from "../../src/asyncapi/document.ts";
import { SchemaComponents } from "../../src/asyncapi/schema_components.ts";
import { bytes } from "../../src/contract/schema.ts";
import { defineTopic, type TopicContract } from "../../src/contract/define_topic.ts";

function describe(contract: TopicContract): Channel {
  return new Channel(contract, "it", { components: new SchemaComponents(), jsonSchema: undefined });
}

function message(channel: Channel, key: string): MessageObject {
  return channel.object.messages[key] as MessageObject;
}

/** What an operation says and is answered, by the keys of its messages. */
function talk(channel: Channel, key: string): unknown {
  const names = (refs: readonly Reference[] = []): string[] =>
    refs.map(({ $ref }) => $ref.replace("#/channels/it/messages/", ""));
  const { action, messages, reply } = channel.operations[key];
  return [action, names(messages), names(reply?.messages)];
}

const text = { type: "object", properties: { text: { type: "string" } }, required: ["text"] };
const closedText = { ...text, additionalProperties: false };
const Text = z.object({ text: z.string() });

Deno.test("the pattern is the address, its parameters are the address's", () => {
  const { address, title, parameters } = describe(defineTopic("room:{id}:log:{day}", {})).object;
  assertEquals([address, title, Object.keys(parameters!)], [
    "room:{id}:log:{day}",
    "room:{id}:log:{day}",
    ["id", "day"],
  ]);
});

Deno.test("an exact pattern has no parameters", () => {
  const { address, parameters } = describe(defineTopic("lobby", {})).object;
  assertEquals([address, parameters], ["lobby", undefined]);
});

Deno.test("* is a parameter of a name that is free", () => {
  const { address, title, parameters } = describe(defineTopic("files:{rest}:*", {})).object;
  assertEquals([address, title], ["files:{rest}:{rest_}", "files:{rest}:*"]);
  assertEquals(parameters!.rest_.description, "Any rest: it may be empty, and hold colons.");
});

Deno.test("every topic can be joined: the app receives phx_join and answers", () => {
  const channel = describe(defineTopic("t", {}));
  assertEquals(talk(channel, "it.join"), ["receive", ["join"], ["join.reply", "refusal"]]);
  assertEquals(message(channel, "join").name, "phx_join");
  assertEquals(message(channel, "join").payload, { type: "object" });
  assertEquals(message(channel, "join.reply").payload.properties, {
    status: { type: "string", const: "ok" },
    response: { type: "object", description: "Empty." },
  });
});

Deno.test("keys of the engine's are let into a join and its reply where these take no others", () => {
  const [Sent, Answered] = [z.strictObject({ text: z.string() }), Text.meta({ id: "Answered" })];
  const channel = describe(defineTopic("t", { join: { payload: Sent, reply: Answered } }));
  const engine = { description: "The engine's own." };
  assertEquals(message(channel, "join").payload, {
    ...closedText,
    properties: { troupe: engine, "troupe:session": engine, ...text.properties },
  });
  const { response } = message(channel, "join.reply").payload.properties as Record<string, unknown>;
  assertEquals(response, { ...closedText, properties: { troupe: engine, ...text.properties } });
});

Deno.test("a key of the contract's own that is called troupe stays the contract's", () => {
  const Own = z.strictObject({ troupe: z.number() });
  const { properties } = message(describe(defineTopic("t", { join: { payload: Own } })), "join").payload;
  assertEquals((properties as Record<string, unknown>).troupe, { type: "number" });
});

Deno.test("an event of a client's: the app receives it and replies", () => {
  const channel = describe(
    defineTopic("t", { client: { say: { payload: Text, reply: z.object({ id: z.string() }) } } }),
  );
  assertEquals(talk(channel, "it.client.say"), ["receive", ["client.say"], ["client.say.reply", "refusal"]]);
  const { name, payload, headers } = message(channel, "client.say");
  assertEquals([name, payload], ["say", text]);
  assertEquals(headers.properties, {
    join_ref: { type: "string" },
    ref: { type: ["string", "null"] },
    topic: { type: "string", const: "t" },
    event: { type: "string", const: "say" },
  });
  const reply = message(channel, "client.say.reply");
  assertEquals(reply.name, "phx_reply");
  assertEquals((reply.payload.properties as Record<string, unknown>).response, {
    type: "object",
    properties: { id: { type: "string" } },
    required: ["id"],
    additionalProperties: false,
  });
});

Deno.test("an event of the server's: the app sends it, and nobody answers", () => {
  const channel = describe(defineTopic("t", { server: { said: Text } }));
  assertEquals(talk(channel, "it.server.said"), ["send", ["server.said"], []]);
  assertEquals([message(channel, "server.said").name, message(channel, "server.said").payload], [
    "said",
    closedText,
  ]);
});

Deno.test("a request of the server's: the app sends it as troupe:request, and receives troupe:answer", () => {
  const reply = z.object({ yes: z.boolean().default(false) });
  const channel = describe(defineTopic("t", { requests: { poll: { payload: Text, reply } } }));
  assertEquals(talk(channel, "it.request.poll"), ["send", ["request.poll"], [
    "request.poll.answer",
    "declined",
  ]]);
  const [asked, answer] = [message(channel, "request.poll"), message(channel, "request.poll.answer")];
  assertEquals([asked.name, answer.name], ["troupe:request", "troupe:answer"]);
  assertEquals(asked.payload.properties, {
    id: { type: "string" },
    event: { type: "string", const: "poll" },
    payload: closedText,
  });
  assertEquals((answer.payload.properties as Record<string, unknown>).response, {
    type: "object",
    properties: { yes: { type: "boolean", default: false } },
  });
});

Deno.test("bytes are binary, with their bound; the status of a binary reply is in its headers", () => {
  const channel = describe(defineTopic("t", {
    client: { draw: { payload: bytes({ maxBytes: 65_536 }), reply: bytes() } },
    server: { drawn: bytes() },
  }));
  const binary = { type: "string", format: "binary" };
  const [sent, reply, said] = ["client.draw", "client.draw.reply", "server.drawn"].map((key) =>
    message(channel, key)
  );
  assertEquals(sent.payload, { ...binary, maxLength: 65_536, description: "At most 65,536 bytes." });
  assertEquals([reply.payload, said.payload], [binary, binary]);
  for (const { contentType } of [sent, reply, said]) assertEquals(contentType, "application/octet-stream");
  assertEquals((reply.headers.properties as Record<string, unknown>).status, { type: "string", const: "ok" });
});

Deno.test("client and server may have an event of one name; names that keys do not accept stay apart", () => {
  const channel = describe(
    defineTopic("t", { client: { typing: {}, "a b": {}, "a.b": {} }, server: { typing: Text } }),
  );
  assertEquals(Object.keys(channel.operations), [
    "it.join",
    "it.client.typing",
    "it.client.a_b",
    "it.client.a_b_2",
    "it.server.typing",
  ]);
  assertEquals([message(channel, "client.a_b").name, message(channel, "client.a_b_2").name], ["a b", "a.b"]);
});
