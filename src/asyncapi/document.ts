/**
 * The parts of an AsyncAPI 3.0 document that contracts need, as types.
 *
 * @module
 */

/** A JSON Schema, draft 07: what AsyncAPI takes as it is. */
export interface JsonSchema {
  /** Its keywords. */
  readonly [keyword: string]: unknown;
}

/** Points to another part of the same document. */
export interface Reference {
  /** `#/…`: a JSON pointer from the document's root. */
  readonly $ref: string;
}

/** One message. What is on the wire beside the payload (topic, event, refs) is in its headers. */
export interface MessageObject {
  /** The event, as it is on the wire. */
  readonly name: string;
  /** The event, for people. */
  readonly title: string;
  /** Who says it, and when. */
  readonly summary: string;
  /** The kind of the payload; JSON where it is missing. */
  readonly contentType?: string;
  /** The envelope. */
  readonly headers: JsonSchema;
  /** What is said. */
  readonly payload: JsonSchema;
  /** What a message and the one that answers it have in common. */
  readonly correlationId?: { readonly location: string; readonly description: string };
}

/** A parameter of a channel's address. Its value is a text. */
export interface ParameterObject {
  /** What it may be. */
  readonly description: string;
}

/** The topics of one contract, and all messages in them. */
export interface ChannelObject {
  /** The topic's name, with parameters. */
  readonly address: string;
  /** The contract's pattern. */
  readonly title: string;
  /** The parameters in the address, by name. */
  readonly parameters?: Readonly<Record<string, ParameterObject>>;
  /** Every message, in both directions. */
  readonly messages: Readonly<Record<string, MessageObject | Reference>>;
  /** How the connection is made. */
  readonly bindings: Reference;
}

/** One thing that the app does in a channel. */
export interface OperationObject {
  /** From the app's side: it sends to clients, or receives from them. */
  readonly action: "send" | "receive";
  /** Where. */
  readonly channel: Reference;
  /** What it is for. */
  readonly summary: string;
  /** What is said: one of these messages of the channel. */
  readonly messages: readonly Reference[];
  /** What is answered: one of these messages of the channel. */
  readonly reply?: { readonly channel: Reference; readonly messages: readonly Reference[] };
}

/** Where the app is. */
export interface ServerObject {
  /** The name or address, with the port if there is one. */
  readonly host: string;
  /** The path. */
  readonly pathname: string;
  /** `ws` or `wss`. */
  readonly protocol: string;
  /** What is spoken there. */
  readonly description: string;
}

/** What channels share. */
export interface ComponentsObject {
  /** Schemas that have a name of their own, or hold themselves. */
  readonly schemas: Readonly<Record<string, JsonSchema>>;
  /** Messages that are the same everywhere. */
  readonly messages: Readonly<Record<string, MessageObject>>;
  /** How connections are made. */
  readonly channelBindings: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** An AsyncAPI 3.0 document: plain data, for `JSON.stringify`. */
export interface AsyncApiDocument {
  /** The version of AsyncAPI. */
  readonly asyncapi: "3.0.0";
  /** What the app is. */
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  /** The kind of all payloads that do not say otherwise. */
  readonly defaultContentType: "application/json";
  /** Where the app is, if that was said. */
  readonly servers?: Readonly<Record<string, ServerObject>>;
  /** One for each contract. */
  readonly channels: Readonly<Record<string, ChannelObject>>;
  /** One for each join, event and request. */
  readonly operations: Readonly<Record<string, OperationObject>>;
  /** What channels share. */
  readonly components: ComponentsObject;
}
