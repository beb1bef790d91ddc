import type { ExchangeDefinition, TopicContract } from "../contract/define_topic.ts";
import type { TopicPattern } from "../contract/pattern.ts";
import { type BytesSchema, isBytes, type Schema } from "../contract/schema.ts";
import type {
  ChannelObject,
  JsonSchema,
  MessageObject,
  OperationObject,
  ParameterObject,
  Reference,
} from "./document.ts";
import { BY_ID, BY_REF, type Envelope, headers } from "./envelope.ts";
import { type JsonSchemaOf, type SchemaPlace, toJsonSchema } from "./json_schema.ts";
import { Names } from "./names.ts";
import type { SchemaComponents } from "./schema_components.ts";

/** What all channels of a document share. */
export interface ChannelPorts {
  readonly components: SchemaComponents;
  readonly jsonSchema: JsonSchemaOf | undefined;
}

/** Keys of the engine's that are taken out of a join's payload before the contract sees it. */
const JOIN_KEYS = ["troupe", "troupe:session"];
/** The key of the engine's in the answer to a join. */
const JOIN_REPLY_KEYS = ["troupe"];
/** The key under which a client names what it sends. */
const CLIENT_KEYS = ["troupe:id"];
/** What the engine adds to what is known of somebody who is present. */
const META_KEYS = ["phx_ref", "phx_ref_prev"];

const ANY_OBJECT: JsonSchema = { type: "object" };
const EMPTY: JsonSchema = { type: "object", description: "Empty." };

/** One contract as a channel of the document, and what the app does in it. */
export class Channel {
  readonly #contract: TopicContract;
  readonly #key: string;
  readonly #ports: ChannelPorts;
  readonly #names = new Names();
  readonly #messages: Record<string, MessageObject | Reference> = {};
  readonly #operations: Record<string, OperationObject> = {};

  /**
   * Describes a contract.
   *
   * @param key What the channel is called in the document.
   * @throws {TroupeError} See {@link toJsonSchema}.
   */
  constructor(contract: TopicContract, key: string, ports: ChannelPorts) {
    this.#contract = contract;
    this.#key = key;
    this.#ports = ports;
    const { join, client, server, requests, state, presence } = contract.definition;
    this.#join(join ?? {});
    for (const [event, exchange] of Object.entries(client ?? {})) this.#clientEvent(event, exchange);
    for (const [event, schema] of Object.entries(server ?? {})) this.#serverEvent(event, schema);
    for (const [event, exchange] of Object.entries(requests ?? {})) this.#request(event, exchange);
    if (state !== undefined) this.#state(state.schema);
    if (presence !== undefined) this.#presence(presence);
  }

  /** The channel. */
  get object(): ChannelObject {
    const { pattern } = this.#contract;
    const { address, parameters } = addressOf(pattern);
    return {
      address,
      title: pattern.source,
      ...(Object.keys(parameters).length > 0 && { parameters }),
      messages: this.#messages,
      bindings: { $ref: "#/components/channelBindings/socket" },
    };
  }

  /** What the app does in it, by name. */
  get operations(): Readonly<Record<string, OperationObject>> {
    return this.#operations;
  }

  #join({ payload, reply }: ExchangeDefinition): void {
    const key = this.#names.take("join");
    const place = this.#place(["join", "payload"], "input");
    const sent = this.#message(key, { joinRef: "given", ref: "given", event: "phx_join" }, {
      title: "join",
      summary: "A client joins the topic",
      ...this.#content(key, payload, place, JOIN_KEYS),
      correlationId: BY_REF,
    });
    this.#operation("receive", key, "A client joins the topic", sent, [
      this.#reply(key, reply, ["join", "reply"], JOIN_REPLY_KEYS),
      this.#shared("refusal"),
    ]);
  }

  #clientEvent(event: string, { payload, reply }: ExchangeDefinition): void {
    const key = this.#names.take("client", event);
    const summary = `A client sends ${event}`;
    const sent = this.#message(key, { joinRef: "given", ref: "optional", event }, {
      title: event,
      summary,
      ...this.#content(key, payload, this.#place(["client", event, "payload"], "input"), CLIENT_KEYS),
      correlationId: BY_REF,
    });
    this.#operation("receive", key, summary, sent, [
      this.#reply(key, reply, ["client", event, "reply"]),
      this.#shared("refusal"),
    ]);
  }

  #serverEvent(event: string, schema: Schema): void {
    const key = this.#names.take("server", event);
    const summary = `The server sends ${event}, to all or to one`;
    // A publication has no join_ref, a push to one has.
    const sent = this.#message(key, { joinRef: "optional", ref: "none", event }, {
      title: event,
      summary,
      ...this.#content(key, schema, this.#place(["server", event], "output")),
    });
    this.#operation("send", key, summary, sent);
  }

  #request(event: string, { payload, reply }: ExchangeDefinition): void {
    const key = this.#names.take("request", event);
    const summary = `The server asks a client: ${event}`;
    const asked = this.#content(key, payload, this.#place(["requests", event, "payload"], "output"));
    const sent = this.#message(key, { joinRef: "given", ref: "none", event: "troupe:request" }, {
      title: event,
      summary,
      payload: fields({
        id: { type: "string" },
        event: { type: "string", const: event },
        payload: asked.payload,
      }),
      correlationId: BY_ID,
    });
    const answerKey = this.#names.take(...key.split("."), "answer");
    const answered = this.#content(answerKey, reply, this.#place(["requests", event, "reply"], "input"));
    const answer = this.#message(answerKey, {
      joinRef: "given",
      ref: "optional",
      event: "troupe:answer",
    }, {
      title: `answer to ${event}`,
      summary: `The client answers ${event}; whether that is taken, a phx_reply tells it`,
      payload: fields({ id: { type: "string" }, status: status("ok"), response: answered.payload }),
      correlationId: BY_ID,
    });
    this.#operation("send", key, summary, sent, [answer, this.#shared("declined")]);
  }

  #state(schema: Schema): void {
    const key = this.#names.take("state");
    const summary =
      "The server sends the state to a client that joins, unless it is sent all that it has missed";
    const { payload } = this.#content(key, schema, this.#place(["state", "schema"], "output"));
    const sent = this.#message(key, { joinRef: "given", ref: "none", event: "troupe:state" }, {
      title: "state",
      summary,
      payload: fields({ state: payload, epoch: { type: "string" }, offset: { type: "integer", minimum: 0 } }),
    });
    this.#operation("send", key, summary, sent);
  }

  /** As the mode `exact` has it; the others are an app's own choice, which no contract knows. */
  #presence(schema: Schema): void {
    const [stateKey, diffKey] = [this.#names.take("presence", "state"), this.#names.take("presence", "diff")];
    const meta = this.#content(stateKey, schema, this.#place(["presence"], "output"), META_KEYS).payload;
    const present: JsonSchema = {
      type: "object",
      description: "By key: a user, most often.",
      additionalProperties: fields({ metas: { type: "array", items: meta } }),
    };
    const said = (
      key: string,
      joinRef: "given" | "none",
      event: string,
      summary: string,
      payload: JsonSchema,
    ) => {
      const sent = this.#message(key, { joinRef, ref: "none", event }, { title: event, summary, payload });
      this.#operation("send", key, summary, sent);
    };
    said(
      stateKey,
      "given",
      "presence_state",
      "The server says who is present, to a client that joins",
      present,
    );
    const diff = fields({ joins: present, leaves: present });
    said(diffKey, "none", "presence_diff", "The server says who has come and gone, to all", diff);
  }

  /** What the app answers. Nothing declared: an empty reply. */
  #reply(
    of: string,
    schema: Schema | undefined,
    path: readonly string[],
    engineKeys?: readonly string[],
  ): Reference {
    const key = this.#names.take(...of.split("."), "reply");
    const envelope = { joinRef: "given", ref: "given", event: "phx_reply" } as const;
    const text = { title: `reply to ${path.at(-2)}`, summary: "It went well" };
    if (schema !== undefined && isBytes(schema)) {
      const content = { ...text, ...binary(schema), correlationId: BY_REF };
      return this.#message(key, { ...envelope, status: "ok" }, content);
    }
    const response = schema === undefined
      ? EMPTY
      : this.#content(key, schema, this.#place(path, "output"), engineKeys).payload;
    const payload = fields({ status: status("ok"), response });
    return this.#message(key, envelope, { ...text, payload, correlationId: BY_REF });
  }

  #content(
    key: string,
    schema: Schema | undefined,
    place: SchemaPlace,
    engineKeys: readonly string[] = [],
  ): Pick<MessageObject, "payload" | "contentType"> {
    if (schema === undefined) return { payload: ANY_OBJECT };
    if (isBytes(schema)) return binary(schema);
    const converted = opened(toJsonSchema(schema, place, this.#ports.jsonSchema), engineKeys);
    return { payload: this.#ports.components.embed(converted, `${this.#key}.${key}`) };
  }

  #place(path: readonly string[], io: SchemaPlace["io"]): SchemaPlace {
    return { contract: this.#contract.pattern.source, path, io };
  }

  #message(key: string, envelope: Envelope, content: Omit<MessageObject, "name" | "headers">): Reference {
    const { title, summary, contentType, payload, correlationId } = content;
    this.#messages[key] = {
      name: envelope.event,
      title,
      summary,
      ...(contentType !== undefined && { contentType }),
      headers: headers(envelope, this.#contract.pattern),
      payload,
      ...(correlationId !== undefined && { correlationId }),
    };
    return { $ref: `#/channels/${this.#key}/messages/${key}` };
  }

  /** A message that is the same in all channels: a channel lists all that are said in it. */
  #shared(name: "refusal" | "declined"): Reference {
    this.#messages[name] = { $ref: `#/components/messages/${name}` };
    return { $ref: `#/channels/${this.#key}/messages/${name}` };
  }

  #operation(
    action: OperationObject["action"],
    key: string,
    summary: string,
    message: Reference,
    answers?: readonly Reference[],
  ): void {
    const channel = { $ref: `#/channels/${this.#key}` };
    this.#operations[`${this.#key}.${key}`] = {
      action,
      channel,
      summary,
      messages: [message],
      ...(answers !== undefined && { reply: { channel, messages: answers } }),
    };
  }
}

/** The pattern as an address: `*`, which AsyncAPI does not know, is a parameter of a name that is free. */
function addressOf(
  { segments, names }: TopicPattern,
): { address: string; parameters: Readonly<Record<string, ParameterObject>> } {
  const parameters: Record<string, ParameterObject> = {};
  let rest = "rest";
  while (names.includes(rest)) rest += "_";
  const address = segments.map((segment) => {
    if (segment.kind === "literal") return segment.text;
    const isRest = segment.kind === "rest";
    const name = isRest ? rest : segment.name;
    parameters[name] = {
      description: isRest
        ? "Any rest: it may be empty, and hold colons."
        : "Any text that is not empty, without a colon.",
    };
    return `{${name}}`;
  }).join(":");
  return { address, parameters };
}

function binary({ maxBytes }: BytesSchema): Pick<MessageObject, "payload" | "contentType"> {
  const bound = maxBytes !== Infinity && {
    maxLength: maxBytes,
    description: `At most ${maxBytes.toLocaleString("en-US")} bytes.`,
  };
  return { contentType: "application/octet-stream", payload: { type: "string", format: "binary", ...bound } };
}

function status(value: "ok"): JsonSchema {
  return { type: "string", const: value };
}

/** An object with all of these. */
function fields(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return { type: "object", required: Object.keys(properties), properties };
}

/** Lets keys of the engine's into an object that takes no others. */
function opened(schema: JsonSchema, engineKeys: readonly string[]): JsonSchema {
  if (engineKeys.length === 0) return schema;
  const { $ref, definitions } = schema as {
    readonly $ref?: unknown;
    readonly definitions?: Record<string, JsonSchema>;
  };
  const named = Object.entries(definitions ?? {}).find(([name]) => $ref === `#/definitions/${name}`);
  const { $ref: _ref, ...rest } = schema;
  const whole: JsonSchema = named === undefined ? schema : { ...rest, ...named[1] };
  if (whole.type !== "object" || whole.additionalProperties !== false) return schema;
  const engine = Object.fromEntries(engineKeys.map((key) => [key, { description: "The engine's own." }]));
  return { ...whole, properties: { ...engine, ...(whole.properties as JsonSchema | undefined) } };
}
