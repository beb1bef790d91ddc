/**
 * Contracts: what may be said in a topic, as data that server and browser share. Nothing here needs Deno; it runs in
 * a browser as it is.
 *
 * @module
 */

export { defineTopic, MAX_EVENT_BYTES } from "./define_topic.ts";
export type {
  AnyContract,
  ClientEvent,
  ClientEvents,
  ClientPayload,
  ClientReply,
  ContractParams,
  ExchangeDefinition,
  JoinPayload,
  JoinReply,
  LeanContract,
  PayloadOf,
  PresenceInput,
  PresenceOutput,
  ReplyOf,
  RequestAnswer,
  RequestDefinition,
  RequestEvents,
  RequestHandlers,
  RequestPayload,
  RequestReply,
  ServerEvents,
  ServerNames,
  ServerPayload,
  StateOf,
  Strict,
  StrictExchange,
  StrictState,
  TopicContract,
  TopicDefinition,
} from "./definition.ts";
export { compareSpecificity, RESERVED_TOPIC, TopicPattern } from "./pattern.ts";
export type { TopicNames } from "./topic_names.ts";
export type { ParamNames, ParamsOf, Segment } from "./pattern.ts";
export { PatternTable } from "./pattern_table.ts";
export type { PatternMatch } from "./pattern_table.ts";
export { anyRecord, bytes, check, isBytes, isSchema, MAX_ISSUE_LENGTH, MAX_ISSUES } from "./schema.ts";
export type {
  AnyRecord,
  BytesInput,
  BytesOptions,
  BytesSchema,
  Checked,
  InferInput,
  InferOutput,
  Issue,
  Schema,
  SchemaIssue,
  SchemaProps,
  SchemaResult,
} from "./schema.ts";
export { applyTo } from "./state.ts";
export type { Apply, ServerSchemas, StateDefinition, TypedState } from "./state.ts";
