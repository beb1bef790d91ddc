import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { z } from "zod";
import { TroupeError } from "../../src/base/errors.ts";
import { defineTopic, MAX_EVENT_BYTES, type TopicDefinition } from "../../src/contract/define_topic.ts";
import { bytes, type Schema } from "../../src/contract/schema.ts";

const text = z.object({ text: z.string() });

/** Defines what the type checker would refuse, as a JavaScript user might. */
function define(definition: unknown): unknown {
  return defineTopic("room:{id}", definition as TopicDefinition);
}

function refusal(definition: unknown): TroupeError {
  const error = assertThrows(() => define(definition), TroupeError);
  assertEquals(error.code, "invalid_contract");
  return error;
}

Deno.test("defineTopic keeps the schemas and the pattern, frozen", () => {
  const stroke = bytes();
  const Room = defineTopic("room:{id}", {
    join: { payload: text, reply: text },
    client: { say: { payload: text, reply: text }, draw: { payload: stroke } },
    server: { said: text },
  });
  assertEquals(Room.pattern.fill({ id: "7" }), "room:7");
  assertStrictEquals(Room.definition.client.say.payload, text);
  assertStrictEquals(Room.definition.client.draw.payload, stroke);
  assertStrictEquals(Room.definition.server.said, text);
  const { definition } = Room;
  for (const value of [Room, definition, definition.join, definition.client, definition.client.say]) {
    assert(Object.isFrozen(value));
  }
});

Deno.test("defineTopic is not moved by later changes of what it was given", () => {
  const client: Record<string, { payload: Schema }> = { say: { payload: text } };
  const Room = defineTopic("room:{id}", { client });
  delete client.say;
  assertEquals(Object.keys(Room.definition.client), ["say"]);
});

Deno.test("a name from outside finds nothing but an event in a contract", () => {
  const { definition } = defineTopic("room:{id}", { client: { say: {} }, server: { said: text } });
  for (const name of ["constructor", "__proto__", "toString", "hasOwnProperty"]) {
    assertEquals(name in definition.client, false);
    assertEquals(name in definition.server, false);
  }
});

Deno.test("every part of a definition may be left out", () => {
  assertEquals(defineTopic("room:lobby", {}).definition, {});
  const given = defineTopic("room:lobby", { join: {}, client: { ping: {} }, server: {} }).definition;
  assertEquals<unknown>(given, { join: {}, client: { ping: {} }, server: {} });
  assertEquals(define({ join: undefined, client: undefined }) !== null, true);
});

Deno.test("a schema by hand and an asynchronous one fit a contract", () => {
  const byHand: Schema<number> = {
    "~standard": {
      version: 1,
      vendor: "by-hand",
      validate: (value) => Promise.resolve({ value: Number(value) }),
    },
  };
  assertStrictEquals(defineTopic("a", { server: { tick: byHand } }).definition.server.tick, byHand);
});

Deno.test("a bad pattern fails at definition", () => {
  assertEquals(assertThrows(() => defineTopic("room*", {}), TroupeError).code, "invalid_pattern");
});

Deno.test("an unknown key is named, with the keys that are accepted", () => {
  const wrong: [unknown, string, string][] = [
    [{ cleint: {} }, "cleint", "join, client, server, requests, state, presence"],
    [{ present: text }, "present", "join, client, server, requests, state, presence"],
    [{ requests: { poll: { payload: text, answer: text } } }, "requests.poll.answer", "payload, reply"],
    [{ join: { payload: text, motd: text } }, "join.motd", "payload, reply"],
    [{ client: { say: { payload: text, replies: text } } }, "client.say.replies", "payload, reply"],
  ];
  for (const [definition, at, accepted] of wrong) {
    const error = refusal(definition);
    assertEquals(error.details, { pattern: "room:{id}", at, accepted });
    assert(error.message.includes(at) && error.message.includes(accepted));
  }
});

Deno.test("a value that is not a schema is refused where it stands", () => {
  const wrong: [unknown, string][] = [
    [{ join: { payload: { nickname: "string" } } }, "join.payload"],
    [{ join: { reply: null } }, "join.reply"],
    [{ client: { say: { reply: String } } }, "client.say.reply"],
    [{ server: { said: { payload: text } } }, "server.said"],
    [{ server: { said: "text" } }, "server.said"],
    [{ server: { said: undefined } }, "server.said"],
    [{ requests: { poll: { reply: Boolean } } }, "requests.poll.reply"],
    [{ presence: String }, "presence"],
  ];
  for (const [definition, at] of wrong) {
    const error = refusal(definition);
    assertEquals(error.details.at, at);
    assert(error.message.includes("Standard Schema"));
  }
});

Deno.test("a request and its answer are JSON: bytes are refused where they stand", () => {
  assertEquals(refusal({ requests: { poll: { payload: bytes() } } }).details.at, "requests.poll.payload");
  assertEquals(refusal({ requests: { poll: { reply: bytes() } } }).details.at, "requests.poll.reply");
  assertEquals(refusal({ presence: bytes() }).details.at, "presence");
});

Deno.test("a value that is not an object of keys is refused where it stands", () => {
  const wrong: [unknown, string][] = [
    [null, ""],
    ["room", ""],
    [text, ""],
    [{ join: text }, "join"],
    [{ client: [] }, "client"],
    [{ client: { say: text } }, "client.say"],
    [{ client: { say: undefined } }, "client.say"],
    [{ server: text }, "server"],
    [{ requests: { poll: text } }, "requests.poll"],
  ];
  for (const [definition, at] of wrong) assertEquals(refusal(definition).details.at, at);
  assert(refusal({ client: { say: text } }).message.includes("it is a schema"));
});

Deno.test("names that the wire or the engine keeps for itself are refused, on both sides", () => {
  const reserved = [
    "phx_join",
    "phx_",
    "phx_mine",
    "heartbeat",
    "presence_state",
    "presence_diff",
    "troupe:x",
  ];
  for (const event of reserved) {
    assertEquals(refusal({ client: { [event]: {} } }).details.at, `client.${event}`);
    assertEquals(refusal({ server: { [event]: text } }).details.at, `server.${event}`);
    assertEquals(refusal({ requests: { [event]: {} } }).details.at, `requests.${event}`);
  }
  for (const event of ["phx", "heartbeats", "presence", "troupe", "my:troupe:x", "a b", "☃"]) {
    define({ client: { [event]: {} }, server: { [event]: text } });
  }
});

Deno.test("an event's name has 1 to 255 bytes", () => {
  refusal({ client: { "": {} } });
  refusal({ server: { ["x".repeat(MAX_EVENT_BYTES + 1)]: text } });
  refusal({ server: { ["é".repeat(MAX_EVENT_BYTES / 2 + 1)]: text } });
  define({ server: { ["x".repeat(MAX_EVENT_BYTES)]: text } });
});
