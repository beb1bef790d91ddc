/**
 * What must not compile. Each `@ts-expect-error` is a test: `deno check` fails where the line below it compiles.
 */

import { assertEquals } from "@std/assert";
import { z } from "zod";
import {
  type AnyContract,
  type AnyRecord,
  bytes,
  type ClientEvents,
  type ClientPayload,
  type ClientReply,
  type ContractParams,
  defineTopic,
  type InferInput,
  type InferOutput,
  type JoinPayload,
  type JoinReply,
  type ParamsOf,
  type RequestEvents,
  type RequestHandlers,
  type RequestPayload,
  type RequestReply,
  type Schema,
  type ServerEvents,
  type ServerPayload,
  type TopicDefinition,
  TopicPattern,
} from "../../src/contract/mod.ts";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;

/** Compiles only where `Same` is true. */
function proves<_Claim extends true>(): void {}

const byHand: Schema<string, number> = {
  "~standard": {
    version: 1,
    vendor: "by-hand",
    validate: (value) => Promise.resolve({ value: Number(value) }),
  },
};

const Room = defineTopic("room:{id}", {
  join: { payload: z.object({ nickname: z.string().min(1).max(40) }), reply: z.object({ motd: z.string() }) },
  client: {
    say: { payload: z.object({ text: z.string() }), reply: z.object({ id: z.string() }) },
    draw: { payload: bytes() },
    when: { payload: z.object({ at: z.string().transform(Number) }), reply: z.string().transform(Number) },
    count: { payload: byHand },
    ping: {},
  },
  server: {
    said: z.object({ id: z.string(), by: z.string(), text: z.string() }),
    drawn: bytes(),
    moved: z.object({ at: z.string().transform(Number), x: z.number().default(0) }),
  },
  requests: {
    poll: { payload: z.object({ question: z.string() }), reply: z.object({ yes: z.boolean() }) },
    pick: { payload: z.object({ until: z.string().transform(Number) }), reply: z.string().transform(Number) },
    wave: {},
  },
});
type Room = typeof Room;

const Bare = defineTopic("lobby", {});
type Bare = typeof Bare;

/** What an application layer asks of the types. */
interface Handlers<C extends AnyContract> {
  join(params: ContractParams<C>, payload: JoinPayload<C>): JoinReply<C>;
  on: { [Event in ClientEvents<C>]: (payload: ClientPayload<C, Event>) => ClientReply<C, Event> };
}

function handle<C extends AnyContract>(contract: C, _handlers: Handlers<C>): C {
  return contract;
}

function broadcast<C extends AnyContract, Event extends ServerEvents<C>>(
  _contract: C,
  event: Event,
  _payload: ServerPayload<C, Event>,
): string {
  return event;
}

const on: Handlers<Room>["on"] = {
  say: ({ text }) => ({ id: text }),
  draw: (data) => void data.byteLength,
  when: ({ at }) => at.toFixed(),
  count: (value) => void value.toFixed(),
  ping: (payload) => void payload.anything,
};
const join: Handlers<Room>["join"] = ({ id }, { nickname }) => ({ motd: id + nickname });

Deno.test("types: the parameters of a topic follow from its pattern", () => {
  proves<Same<ParamsOf<"room:{id}">, { id: string }>>();
  proves<Same<ParamsOf<"room:{id}:x:{n}">, { id: string; n: string }>>();
  proves<Same<ParamsOf<"room:{id}:*">, { id: string }>>();
  proves<Same<ParamsOf<"room:*">, Record<never, string>>>();
  proves<Same<ParamsOf<string>, Record<string, string>>>();
  proves<Same<ContractParams<Room>, { id: string }>>();
  proves<Same<ContractParams<Bare>, Record<never, string>>>();
  const pattern = new TopicPattern("room:{id}:x:{n}");
  assertEquals(pattern.fill({ id: "1", n: "2" }), "room:1:x:2");
  // @ts-expect-error the parameter n is missing
  const missing = () => pattern.fill({ id: "1" });
  // @ts-expect-error a parameter is a string
  const number = () => pattern.fill({ id: "1", n: 2 });
  // @ts-expect-error the pattern has no parameter named so
  const unknown = () => Room.pattern.fill({ id: "1", name: "x" });
  // @ts-expect-error a match has no parameter named so
  const read = () => Room.pattern.match("room:1")?.name;
  assertEquals([missing, number, unknown, read].length, 4);
});

Deno.test("types: handlers get the schemas' output and return the schemas' input", () => {
  proves<Same<JoinPayload<Room>, { nickname: string }>>();
  proves<Same<JoinReply<Room>, { motd: string }>>();
  proves<Same<ClientEvents<Room>, "say" | "draw" | "when" | "count" | "ping">>();
  proves<Same<ClientPayload<Room, "say">, { text: string }>>();
  proves<Same<ClientPayload<Room, "draw">, Uint8Array<ArrayBuffer>>>();
  proves<Same<ClientPayload<Room, "when">, { at: number }>>();
  proves<Same<ClientReply<Room, "when">, string>>();
  proves<Same<ClientPayload<Room, "count">, number>>();
  proves<Same<ClientReply<Room, "draw">, void>>();
});

Deno.test("types: a broadcaster gives the schemas' input", () => {
  proves<Same<ServerEvents<Room>, "said" | "drawn" | "moved">>();
  proves<Same<ServerPayload<Room, "said">, { id: string; by: string; text: string }>>();
  proves<Same<ServerPayload<Room, "drawn">, Uint8Array | ArrayBuffer>>();
  proves<Same<ServerPayload<Room, "moved">, { at: string; x?: number | undefined }>>();
});

Deno.test("types: what a contract leaves out is any object in, nothing out, no event", () => {
  proves<Same<ClientPayload<Room, "ping">, AnyRecord>>();
  proves<Same<ClientReply<Room, "ping">, void>>();
  proves<Same<JoinPayload<Bare>, AnyRecord>>();
  proves<Same<JoinReply<Bare>, void>>();
  proves<Same<ClientEvents<Bare>, never>>();
  proves<Same<ServerEvents<Bare>, never>>();
});

Deno.test("types: a contract that is not known when compiling has events of any name", () => {
  proves<Same<ClientEvents<AnyContract>, string>>();
  proves<Same<ServerEvents<AnyContract>, string>>();
  proves<Same<ContractParams<AnyContract>, Record<string, string>>>();
  const all: AnyContract[] = [Room, Bare];
  const loose: TopicDefinition = {};
  assertEquals(all.concat(defineTopic("any:*" as string, loose)).length, 3);
});

Deno.test("types: schemas by hand are inferred, with and without declared types", () => {
  const inline = {
    "~standard": { version: 1, vendor: "x", validate: (_: unknown) => ({ value: 7 }) },
  } as const;
  proves<Same<InferOutput<typeof inline>, number>>();
  proves<Same<InferInput<typeof byHand>, string>>();
  proves<Same<InferOutput<typeof byHand>, number>>();
  assertEquals(defineTopic("a", { server: { tick: inline } }).definition.server.tick, inline);
});

Deno.test("types: handlers that fit their contract compile, others do not", () => {
  assertEquals(handle(Room, { join, on }), Room);
  assertEquals(handle(Bare, { join: () => {}, on: {} }), Bare);
  // @ts-expect-error the handler of an event is missing
  handle(Room, { join, on: { say: on.say, draw: on.draw, when: on.when, count: on.count } });
  // @ts-expect-error the contract has no event named so
  handle(Room, { join, on: { ...on, shout: () => {} } });
  // @ts-expect-error the payload has no such field
  handle(Room, { join, on: { ...on, say: ({ txt }) => ({ id: txt }) } });
  // @ts-expect-error the reply is missing
  handle(Room, { join, on: { ...on, say: () => {} } });
  // @ts-expect-error the reply's field has another type
  handle(Room, { join, on: { ...on, say: () => ({ id: 7 }) } });
  // @ts-expect-error the reply of the join is missing
  handle(Room, { join: () => {}, on });
  // @ts-expect-error the topic has no such parameter
  handle(Room, { join: ({ name }) => ({ motd: name }), on });
});

Deno.test("types: a broadcast that fits its contract compiles, others do not", () => {
  assertEquals(broadcast(Room, "said", { id: "1", by: "ann", text: "hi" }), "said");
  assertEquals(broadcast(Room, "drawn", new Uint8Array(1)), "drawn");
  // @ts-expect-error the contract has no event named so
  broadcast(Room, "shouted", {});
  // @ts-expect-error an event of the client is not one of the server
  broadcast(Room, "say", { text: "hi" });
  // @ts-expect-error a field is missing
  broadcast(Room, "said", { id: "1", by: "ann" });
  // @ts-expect-error a field has another type
  broadcast(Room, "said", { id: 1, by: "ann", text: "hi" });
  // @ts-expect-error a field that the event does not have
  broadcast(Room, "said", { id: "1", by: "ann", text: "hi", at: 0 });
  // @ts-expect-error the event is binary
  broadcast(Room, "drawn", { data: [] });
});

Deno.test("types: a definition with a wrong key or value does not compile", () => {
  const text = z.object({ text: z.string() });
  const definitions = [
    // @ts-expect-error the key is misspelt
    () => defineTopic("a", { cleint: {} }),
    // @ts-expect-error the key is misspelt beside a right one
    () => defineTopic("a", { client: {}, sever: {} }),
    // @ts-expect-error the key is misspelt, deeper
    () => defineTopic("a", { client: { say: { payload: text, replay: text } } }),
    // @ts-expect-error the key is misspelt in the join
    () => defineTopic("a", { join: { payload: text, motd: text } }),
    // @ts-expect-error not a schema
    () => defineTopic("a", { server: { said: { text: "string" } } }),
    // @ts-expect-error a client's event is an object with payload and reply
    () => defineTopic("a", { client: { say: text } }),
    // @ts-expect-error a request is one, too
    () => defineTopic("a", { requests: { poll: text } }),
    // @ts-expect-error the key is misspelt in a request
    () => defineTopic("a", { requests: { poll: { payload: text, answer: text } } }),
  ];
  assertEquals(definitions.length, 8);
});

Deno.test("types: the server asks with what the schema takes in, and is answered with what the schema makes", () => {
  proves<Same<RequestEvents<Room>, "poll" | "pick" | "wave">>();
  proves<Same<RequestEvents<Bare>, never>>();
  proves<Same<RequestPayload<Room, "poll">, { question: string }>>();
  proves<Same<RequestPayload<Room, "pick">, { until: string }>>();
  proves<Same<RequestReply<Room, "poll">, { yes: boolean }>>();
  proves<Same<RequestReply<Room, "pick">, number>>();
  proves<Same<RequestPayload<Room, "wave">, AnyRecord>>();
  proves<Same<RequestReply<Room, "wave">, AnyRecord>>();
});

Deno.test("types: a client answers every request, with what the schema takes in", () => {
  const handlers: RequestHandlers<Room> = {
    poll: ({ question }) => ({ yes: question === "tea?" }),
    pick: ({ until }) => Promise.resolve(until.toFixed()),
    wave: () => ({}),
  };
  const wrong: RequestHandlers<Room>[] = [
    // @ts-expect-error one is missing
    { poll: () => ({ yes: true }), pick: () => "1" },
    // @ts-expect-error the reply has another type
    { ...handlers, poll: () => ({ yes: "yes" }) },
    // @ts-expect-error a payload that the request does not have
    { ...handlers, poll: ({ answer }) => ({ yes: answer }) },
  ];
  assertEquals([Object.keys(handlers).length, wrong.length], [3, 3]);
});
