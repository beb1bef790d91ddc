/**
 * The client, for browsers, Deno and Node: topics joined by their contracts, typed and checked from end to end, on the
 * published `phoenix` client. In Node before 22, `@troupe/core/client/node` in the place of this.
 *
 * @module
 */

export { connect } from "./client.ts";
export { withAnswers } from "./answers.ts";
export { eventsOf } from "./events_of.ts";
export { follow } from "./follow.ts";
export { withState } from "./followed_state.ts";
export { withRefresh } from "./refresh.ts";
export { withPresence } from "./presence_view.ts";
export { RequestRefused } from "../protocol/requests.ts";
export { TroupeError } from "../base/errors.ts";

export type { TroupeErrorOptions } from "../base/errors.ts";
export type { Channel, ListenEvents, ListenPayload } from "./channel.ts";
export type { ChannelEvents, Ended, Joined, Missed } from "./channel_events.ts";
export type { Client, JoinOptions } from "./client.ts";
export type { ClientEvents as ConnectionEvents, ConnectionState, Skipped } from "./client_events.ts";
export type { ConnectOptions } from "./client_options.ts";
export type {
  Answered,
  EventPayload,
  JoinOf,
  JoinPayloadOf,
  JoinReplyOf,
  PayloadArguments,
  SendPayload,
  SendReply,
  Sent,
} from "./contract_types.ts";
export type { StreamOptions } from "./event_stream.ts";
export type { Feature } from "./feature.ts";
export type { Form, Forms } from "./own_events.ts";
export type { Follower, FollowOptions, Matched } from "./follow.ts";
export type { Gap, Recovery } from "./greeting.ts";
export type { Failed, ListenOptions } from "./listeners.ts";
export type { ChannelStatus } from "./membership.ts";
export type { OfflineQueue, QueuedMessage } from "./offline_queue.ts";
export type { TokenSource } from "./token.ts";
export type { PresenceEvents, PresenceMeta, PresencePage, PresenceView, Present } from "./presence_view.ts";
export type { ReconnectOptions } from "./reconnect.ts";
export type { SendOptions } from "./sender.ts";

// What the types above are made of.
export type { Clock, TimerId } from "../base/clock.ts";
export type { Position } from "../base/position.ts";
export type { Random } from "../base/random.ts";
export type {
  AnyContract,
  AnyRecord,
  ClientEvent,
  ClientEvents,
  ContractParams,
  ExchangeDefinition,
  InferInput,
  InferOutput,
  Issue,
  ParamNames,
  ParamsOf,
  PayloadOf,
  PresenceOutput,
  RequestAnswer,
  RequestDefinition,
  RequestEvents,
  RequestHandlers,
  Schema,
  SchemaIssue,
  SchemaProps,
  SchemaResult,
  Segment,
  ServerEvents,
  StateDefinition,
  StateOf,
  TopicContract,
  TopicDefinition,
  TopicPattern,
} from "../contract/mod.ts";
export type { Closed } from "../protocol/close_codes.ts";
