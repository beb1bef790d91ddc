import { TroupeError } from "../base/errors.ts";
import { type AnyContract, checkedContract, type TopicContract } from "../contract/define_topic.ts";
import { PatternTable } from "../contract/pattern_table.ts";
import { Channel } from "./channel.ts";
import type { AsyncApiDocument, ChannelObject, OperationObject, ServerObject } from "./document.ts";
import { DECLINED, REFUSAL, SOCKET_BINDING, WIRE } from "./envelope.ts";
import type { JsonSchemaOf } from "./json_schema.ts";
import { Names } from "./names.ts";
import { SchemaComponents } from "./schema_components.ts";

/** What {@link asyncapi} is told beside the contracts. */
export interface AsyncApiOptions {
  /** What the app is called. */
  readonly title: string;
  /** The version of the app's interface: any text, e.g. `1.4.0`. */
  readonly version: string;
  /** What the app does, in CommonMark. What is on the wire is said behind it in any case. Default: nothing. */
  readonly description?: string;
  /** The URL of the app's WebSocket, e.g. `wss://chat.example.com/socket/websocket`. Default: not said. */
  readonly server?: string;
  /**
   * The JSON Schema (draft 07) of a contract's schema. It is asked first, for each but `bytes()`, and answers
   * `undefined` where zod's own will do. Needed for schemas that are not zod's, and those that JSON Schema cannot say.
   * Default: zod's own for all.
   */
  readonly jsonSchema?: JsonSchemaOf;
}

/**
 * Describes contracts as an AsyncAPI 3.0 document. Each contract is a channel: the pattern its address, the pattern's
 * parameters its parameters. Joins and the client's events are operations that `receive`, with their replies; the
 * server's events are operations that `send`; its requests are operations that `send` and get a reply. Schemas say what
 * is on the wire: of what clients send the input, of what the server sends the output. The same contracts give the same
 * document, in whatever order they are given.
 *
 * @param contracts What `defineTopic` has made; of each shape of patterns one.
 * @param options What the app is, and where.
 * @returns Plain data, for `JSON.stringify`.
 * @throws {TroupeError} `no_json_schema` for a schema that is not zod's, without the option `jsonSchema`;
 * `unrepresentable_schema` for what JSON Schema cannot say, e.g. `z.date()`; both say where. `duplicate_pattern`;
 * `invalid_options`.
 *
 * @example
 * ```ts
 * import { asyncapi } from "@troupe/core/asyncapi";
 * import { defineTopic } from "@troupe/core/contract";
 * import { assertEquals } from "@std/assert";
 * import { z } from "zod";
 *
 * const Room = defineTopic("room:{id}", {
 *   client: { say: { payload: z.object({ text: z.string() }) } },
 *   server: { said: z.object({ text: z.string() }) },
 * });
 * const document = asyncapi([Room], { title: "Chat", version: "1.0.0" });
 * assertEquals(document.channels["room.id"].address, "room:{id}");
 * assertEquals(Object.entries(document.operations).map(([name, { action }]) => `${action} ${name}`), [
 *   "receive room.id.join",
 *   "receive room.id.client.say",
 *   "send room.id.server.said",
 * ]);
 * ```
 */
export function asyncapi(contracts: Iterable<AnyContract>, options: AsyncApiOptions): AsyncApiDocument {
  const { title, version, description, server, jsonSchema } = checkOptions(options);
  const table = new PatternTable<TopicContract>();
  for (const given of contracts) {
    const contract = checkedContract(given);
    table.add(contract.pattern, contract);
  }
  const components = new SchemaComponents();
  const names = new Names();
  const channels: Record<string, ChannelObject> = {};
  const operations: Record<string, OperationObject> = {};
  for (const contract of table.values()) {
    const key = names.take(
      ...contract.pattern.segments.map((segment) =>
        segment.kind === "literal" ? segment.text : segment.kind === "param" ? segment.name : "rest"
      ),
    );
    const channel = new Channel(contract, key, { components, jsonSchema });
    channels[key] = channel.object;
    Object.assign(operations, channel.operations);
  }
  const isAsking = table.values().some(({ definition }) => Object.keys(definition.requests ?? {}).length > 0);
  return {
    asyncapi: "3.0.0",
    info: { title, version, description: description === undefined ? WIRE : `${description}\n\n${WIRE}` },
    defaultContentType: "application/json",
    ...(server !== undefined && { servers: { socket: serverOf(server) } }),
    channels,
    operations,
    components: {
      schemas: components.schemas,
      messages: { refusal: REFUSAL, ...(isAsking && { declined: DECLINED }) },
      channelBindings: { socket: SOCKET_BINDING },
    },
  };
}

/** JavaScript, or a value that is `any`, gets past the compiler. */
function checkOptions(options: AsyncApiOptions): AsyncApiOptions {
  for (const key of ["title", "version"] as const) {
    const value: unknown = options[key];
    if (typeof value === "string" && value !== "") continue;
    throw invalid(key, value, "a text that is not empty");
  }
  return options;
}

function serverOf(server: string): ServerObject {
  const url = URL.parse(server);
  const accepted = "a URL such as wss://chat.example.com/socket/websocket, without query and user";
  if (url === null || !/^wss?:$/.test(url.protocol)) throw invalid("server", server, accepted);
  if (url.search !== "" || url.hash !== "" || url.username !== "" || url.password !== "") {
    throw invalid("server", server, accepted);
  }
  return {
    host: url.host,
    pathname: url.pathname,
    protocol: url.protocol.slice(0, -1),
    description: "Phoenix Channels 2.0.0.",
  };
}

function invalid(option: string, value: unknown, accepted: string): TroupeError {
  return new TroupeError(
    "invalid_options",
    `Cannot describe contracts: ${option} is ${JSON.stringify(value)}. Accepted: ${accepted}`,
    { details: { option, accepted } },
  );
}
