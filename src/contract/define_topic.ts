/**
 * What a topic's clients and server may say to each other, as one value that both sides import.
 *
 * @module
 */

import { TroupeError } from "../base/errors.ts";
import type {
  AnyContract,
  ExchangeDefinition,
  Strict,
  TopicContract,
  TopicDefinition,
} from "./definition.ts";
import { TopicPattern } from "./pattern.ts";
import { check, isBytes, isSchema, type Schema } from "./schema.ts";
import type { Apply, ServerSchemas, StateDefinition, TypedState } from "./state.ts";

export type * from "./definition.ts";

/** The most bytes of an event's name, in UTF-8: its length is one byte in a binary message of Phoenix V2. */
export const MAX_EVENT_BYTES = 255;

/** Names that the wire protocol or the engine keeps for itself. */
const RESERVED_EVENT = /^(phx_.*|heartbeat|presence_state|presence_diff|troupe:.*)$/s;

/**
 * Says what may be said in the topics of a pattern. The value is data: server and browser import the same file, types
 * follow from it on both sides, and every message from outside is checked against it.
 *
 * A client event without a `payload` schema takes any object (never an array, a bare value or binary data). An event
 * or a join without a `reply` schema is answered with an empty reply. Binary messages are declared with `bytes()`.
 * `requests` is the other way round: what the server asks a client, and what it is answered. `state` is what the
 * server's events come to. With `presence`, the topic knows who is present: it is what is known of each.
 *
 * @param pattern Which topics: `"room:lobby"`, `"room:{id}"`, `"room:*"`; see {@link TopicPattern}.
 * @param definition The join, the client's events, the server's, its requests, a state, and presence, each optional. Names of events are 1
 * to {@link MAX_EVENT_BYTES} bytes; `phx_…`, `heartbeat`, `presence_state`, `presence_diff` and `troupe:…` are reserved.
 * @returns A frozen contract.
 * @throws {TroupeError} `invalid_pattern` or `invalid_contract`, with the key at fault and what is accepted there.
 *
 * @example
 * ```ts
 * import { bytes, defineTopic } from "@troupe/core/contract";
 * import { z } from "zod";
 * import { assertEquals } from "@std/assert";
 *
 * const Room = defineTopic("room:{id}", {
 *   join: { payload: z.object({ nickname: z.string().min(1) }), reply: z.object({ motd: z.string() }) },
 *   client: {
 *     say: { payload: z.object({ text: z.string() }), reply: z.object({ id: z.string() }) },
 *     draw: { payload: bytes() },
 *   },
 *   server: { said: z.object({ id: z.string(), text: z.string() }), drawn: bytes() },
 *   requests: { poll: { payload: z.object({ question: z.string() }), reply: z.object({ yes: z.boolean() }) } },
 *   presence: z.object({ name: z.string() }),
 * });
 *
 * assertEquals(Room.pattern.fill({ id: "7" }), "room:7");
 * ```
 */
export function defineTopic<
  const Pattern extends string,
  const Definition extends TopicDefinition,
  const Server extends ServerSchemas,
  State extends Schema,
>(
  pattern: Pattern,
  definition: Definition & Strict<Definition> & TypedState<Server, State>,
): TopicContract<Pattern, Definition> {
  const parsed = new TopicPattern(pattern);
  const at: Place = { pattern, path: "" };
  const given = record(at, definition, ["join", "client", "server", "requests", "state", "presence"]);
  const copy: TopicDefinition = Object.freeze({
    ...(given.join !== undefined && { join: exchange(into(at, "join"), given.join) }),
    ...(given.client !== undefined && { client: events(into(at, "client"), given.client, exchange) }),
    ...(given.server !== undefined && { server: events(into(at, "server"), given.server, schemaAt) }),
    ...(given.requests !== undefined && { requests: events(into(at, "requests"), given.requests, request) }),
    ...(given.state !== undefined && { state: stateAt(into(at, "state"), given.state, given.server) }),
    ...(given.presence !== undefined && { presence: jsonSchemaAt(into(at, "presence"), given.presence) }),
  });
  return Object.freeze({ pattern: parsed, definition: copy as Definition });
}

/**
 * The same contract, checked: what `@troupe/core/contract/lean` has defined was not yet.
 *
 * @throws {TroupeError} as {@link defineTopic}.
 */
export function checkedContract(contract: AnyContract): TopicContract {
  if (isChecked(contract)) return contract;
  return defineTopic<string, TopicDefinition, ServerSchemas, Schema>(
    contract.pattern.source,
    contract.definition as never,
  );
}

/** By its form: it may be of another copy of this package. */
function isChecked(contract: AnyContract): contract is TopicContract {
  return "segments" in contract.pattern;
}

/** A place in a definition, for error messages. */
interface Place {
  readonly pattern: string;
  /** Keys from the root, joined by dots. */
  readonly path: string;
}

function into(at: Place, key: string): Place {
  return { pattern: at.pattern, path: at.path === "" ? key : `${at.path}.${key}` };
}

function record(at: Place, value: unknown, accepted: readonly string[]): Readonly<Record<string, unknown>> {
  const fields = object(at, value, `an object with ${accepted.join(", ")}, each optional`);
  const unknown = Object.keys(fields).find((key) => !accepted.includes(key));
  if (unknown === undefined) return fields;
  throw refuse(into(at, unknown), `the key "${unknown}" is not known`, accepted.join(", "));
}

function object(at: Place, value: unknown, accepted: string): Readonly<Record<string, unknown>> {
  if (isSchema(value)) throw refuse(at, "it is a schema", accepted);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw refuse(
    at,
    `it is ${value === null ? "null" : Array.isArray(value) ? "an array" : typeof value}`,
    accepted,
  );
}

function exchange(at: Place, value: unknown): ExchangeDefinition {
  const { payload, reply } = record(at, value, ["payload", "reply"]);
  return Object.freeze({
    ...(payload !== undefined && { payload: schemaAt(into(at, "payload"), payload) }),
    ...(reply !== undefined && { reply: schemaAt(into(at, "reply"), reply) }),
  });
}

/** A request and its answer travel inside of JSON messages of ours. */
function request(at: Place, value: unknown): ExchangeDefinition {
  const definition = exchange(at, value);
  for (const [key, schema] of Object.entries(definition)) jsonSchemaAt(into(at, key), schema);
  return definition;
}

function jsonSchemaAt(at: Place, value: unknown): Schema {
  const schema = schemaAt(at, value);
  if (isBytes(schema)) throw refuse(at, "it is binary", "a schema of what JSON can say");
  return schema;
}

function events<T>(
  at: Place,
  value: unknown,
  read: (at: Place, value: unknown) => T,
): Readonly<Record<string, T>> {
  const copy: Record<string, T> = Object.create(null);
  for (const [event, given] of Object.entries(object(at, value, "an object with one key for each event"))) {
    const place = into(at, event);
    const byteLength = new TextEncoder().encode(event).length;
    if (byteLength < 1 || byteLength > MAX_EVENT_BYTES) {
      throw refuse(place, `the event's name has ${byteLength} bytes`, `1 to ${MAX_EVENT_BYTES} bytes`);
    }
    if (RESERVED_EVENT.test(event)) {
      throw refuse(
        place,
        `the event "${event}" is reserved`,
        "any name but phx_…, heartbeat, presence_state, presence_diff and troupe:…",
      );
    }
    copy[event] = read(place, given);
  }
  return Object.freeze(copy);
}

function stateAt(at: Place, value: unknown, server: unknown): StateDefinition {
  const { schema, initial, apply } = record(at, value, ["schema", "initial", "apply"]);
  const checked = check(schemaAt(into(at, "schema"), schema), initial);
  if (checked instanceof Promise) {
    throw refuse(into(at, "schema"), "it is asynchronous", "a synchronous schema");
  }
  if (!checked.ok) {
    const [{ path, message }] = checked.issues;
    throw refuse(
      into(at, "initial"),
      `${path === "" ? "" : `at ${path}: `}${message}`,
      "what the schema accepts",
    );
  }
  const names = Object.keys(server ?? {});
  const functions: Record<string, Apply> = Object.create(null);
  for (const [event, one] of Object.entries(object(into(at, "apply"), apply, "an object of functions"))) {
    const place = into(into(at, "apply"), event);
    if (!names.includes(event)) {
      throw refuse(place, "there is no such event", `of server: ${names.join(", ")}`);
    }
    if (typeof one !== "function") {
      throw refuse(place, "it is no function", "(state, payload) => the next state");
    }
    functions[event] = one as Apply;
  }
  return Object.freeze({ schema: schema as Schema, initial: checked.value, apply: Object.freeze(functions) });
}

function schemaAt(at: Place, value: unknown): Schema {
  if (isSchema(value)) return value;
  throw refuse(
    at,
    "it is not a schema",
    "a Standard Schema v1, such as z.object({ … }) of zod 4, or bytes()",
  );
}

function refuse(at: Place, fault: string, accepted: string): TroupeError {
  const where = at.path === "" ? "the definition" : at.path;
  return new TroupeError(
    "invalid_contract",
    `Cannot define the topic "${at.pattern}": at ${where}, ${fault}. Accepted: ${accepted}`,
    { details: { pattern: at.pattern, at: at.path, accepted } },
  );
}
