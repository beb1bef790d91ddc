import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { z } from "zod";
import { asyncapi, type AsyncApiOptions } from "../../src/asyncapi/asyncapi.ts";
import { TroupeError } from "../../src/base/errors.ts";
import { defineTopic } from "../../src/contract/define_topic.ts";
import { bytes, type Schema } from "../../src/contract/schema.ts";
import { Room as ChatRoom } from "../../src/server/chat.ts";
import { parsed } from "./official.ts";

const INFO = { title: "Test", version: "1.0.0" };

const Item = z.object({
  name: z.string(),
  get parts() {
    return z.array(Item);
  },
}).meta({ id: "Item" });

const byHand: Schema = {
  "~standard": { version: 1, vendor: "by hand", validate: (value) => ({ value }) },
};

/** Everything that a contract can have. */
const Everything = defineTopic("shop:{town}:*", {
  join: {
    payload: z.strictObject({ since: z.iso.datetime().optional() }),
    reply: z.object({ items: z.array(Item) }),
  },
  client: {
    add: { payload: Item, reply: z.object({ id: z.string().default("") }) },
    "paint it": { payload: bytes({ maxBytes: 100 }), reply: bytes() },
    other: { payload: byHand },
    wave: {},
  },
  server: { added: Item, painted: bytes(), wave: z.tuple([z.string(), z.number()]) },
  requests: {
    confirm: { payload: z.object({ text: z.string() }), reply: z.object({ yes: z.boolean() }) },
    ping: {},
  },
  state: { schema: z.object({ items: z.array(Item) }), initial: { items: [] }, apply: {} },
  presence: z.strictObject({ name: z.string() }),
});

Deno.test("the official parser takes everything that a contract can have, and finds it all", async () => {
  const document = asyncapi([
    Everything,
    ChatRoom,
    defineTopic("shop:{town}", {}),
    defineTopic("what?:#1:*", {}),
  ], {
    ...INFO,
    description: "A *shop*.",
    server: "wss://shop.example:8443/socket/websocket",
    jsonSchema: (schema) =>
      schema === byHand ? { $ref: "#/$defs/x", $defs: { x: { type: "string" } } } : undefined,
  });
  const { channels, operations, servers } = await parsed(document);
  assertEquals(Object.keys(channels as object), ["room.id", "shop.town.rest", "shop.town", "what_._1.rest"]);
  assertEquals(Object.keys(operations as object).length, (4 + 2) + 3 + (1 + 4 + 3 + 2 + 1 + 2)); // the chat has presence
  assertEquals(Object.keys(servers as object), ["socket"]);
});

Deno.test("the official parser takes a document without contracts", async () => {
  assertEquals(Object.keys((await parsed(asyncapi([], INFO))).channels as object), []);
});

Deno.test("the official parser does find faults: a document whose operation leads nowhere is refused", async () => {
  const document = asyncapi([ChatRoom], INFO);
  const text = JSON.stringify(document).replaceAll("messages/client.say.reply", "messages/none");
  let fault = "";
  await parsed(text).catch(({ message }) => fault = message);
  assertStringIncludes(fault, "messages/none");
});

Deno.test("the order of the contracts does not matter", () => {
  const others = [
    ChatRoom,
    defineTopic("room:lobby", { server: { item: Item } }),
    defineTopic("room id", {}),
  ];
  assertEquals(asyncapi(others, INFO), asyncapi(others.toReversed(), INFO));
});

Deno.test("channels whose patterns make the same name get a number", () => {
  const document = asyncapi([
    defineTopic("room:{id}", {}),
    defineTopic("room:id", {}),
    defineTopic("__proto__", {}),
  ], INFO);
  const addresses = Object.entries(document.channels).map(([key, { address }]) => [key, address]);
  assertEquals(addresses, [["__proto___2", "__proto__"], ["room.id", "room:id"], ["room.id_2", "room:{id}"]]);
});

Deno.test("two contracts of one shape are refused", () => {
  const twice = [defineTopic("room:{id}", {}), defineTopic("room:{name}", {})];
  assertEquals(assertThrows(() => asyncapi(twice, INFO), TroupeError).code, "duplicate_pattern");
});

Deno.test("what the app does stands before what is on the wire", () => {
  const { description } = asyncapi([], { ...INFO, description: "A shop." }).info;
  assertEquals(description.startsWith("A shop.\n\nPhoenix Channels 2.0.0 over a WebSocket"), true);
});

Deno.test("a server is a URL, in its parts", () => {
  assertEquals(asyncapi([], { ...INFO, server: "ws://localhost:8000/socket/websocket" }).servers, {
    socket: {
      host: "localhost:8000",
      pathname: "/socket/websocket",
      protocol: "ws",
      description: "Phoenix Channels 2.0.0.",
    },
  });
  assertEquals(asyncapi([], INFO).servers, undefined);
});

Deno.test("options that cannot be are refused, with what is accepted", () => {
  const faults: [Partial<Record<keyof AsyncApiOptions, unknown>>, string][] = [
    [{ title: "" }, 'title is "". Accepted: a text that is not empty'],
    [{ version: 1 }, "version is 1. Accepted: a text that is not empty"],
    ...["shop.example", "https://shop.example/", "wss://a/?b", "wss://a/#b", "wss://u:p@a/"].map((server) =>
      [{ server }, `server is "${server}". Accepted: a URL such as wss://`] as [{ server: string }, string]
    ),
  ];
  for (const [options, fault] of faults) {
    const error = assertThrows(() => asyncapi([], { ...INFO, ...options } as AsyncApiOptions), TroupeError);
    assertEquals(error.code, "invalid_options");
    assertStringIncludes(error.message, `Cannot describe contracts: ${fault}`);
  }
});
