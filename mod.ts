/**
 * Troupe: an actor-model realtime engine. One WebSocket a client, an actor for each connection, channel and topic,
 * and Phoenix Channels on the wire.
 *
 * @module
 */

export { App } from "./src/app/app.ts";
export type { CloseOptions } from "./src/app/close_options.ts";
export type { Connections, ConnectionView, Target } from "./src/app/connections.ts";
export type { Gauges } from "./src/app/gauges.ts";
export type { Listening, ListenOptions } from "./src/app/listen.ts";
export type { AddressOf, TopicHandle } from "./src/app/topic_handle.ts";
export type { AskClients, TopicAddress } from "./src/app/ask_clients.ts";
export type { RequestOptions } from "./src/sessions/request_kind.ts";
export type { MemberTarget, TopicDirectory, TopicMember, TopicView } from "./src/app/topic_directory.ts";
export type {
  AppOptions,
  Authenticated,
  Authorization,
  ChangeableLimits,
  Handshake,
  Limits,
  SocketOptions,
} from "./src/app/options.ts";
export type { RevokeOptions, RevokeTarget } from "./src/app/authority.ts";
export type { DrainOptions } from "./src/app/drain.ts";
export type { Readiness } from "./src/app/readiness.ts";
export type { CookiePolicy } from "./src/http/cookie_guard.ts";
export { bytes, defineTopic, type Schema } from "./src/contract/mod.ts";
export type { Addresses, AddressOptions } from "./src/app/address_book.ts";
export type { AppLimits } from "./src/app/live_limits.ts";
export type { TrafficLimits } from "./src/app/traffic_limits.ts";
export { type Rate, TokenBucket } from "./src/base/token_bucket.ts";
export { ValueKey, Values } from "./src/base/values.ts";
export { AddressSet } from "./src/http/addresses.ts";
export type { ForwardedHeader } from "./src/http/forwarded.ts";
export type { EventLoopLag } from "./src/http/loop_lag.ts";
export type {
  CloseVerdict,
  IncomingMessage,
  MessageVerdict,
  Middleware,
  MiddlewareConnection,
  OpenVerdict,
  UpgradeRefusal,
  UpgradeRequest,
  UpgradeVerdict,
} from "./src/http/middleware.ts";
export type { Credentials } from "./src/http/credentials.ts";
export type { OriginPolicy } from "./src/http/origin.ts";
export type { Component, ComponentConnection, PublishOptions, RawData } from "./src/sessions/component.ts";
export type { ConnectionInfo } from "./src/sessions/connection_info.ts";
export { Joined, joined, Refusal, refuse } from "./src/sessions/refusal.ts";
export {
  closeSlow,
  dropOldest,
  keepAll,
  latest,
  sample,
  type SlowKey,
  type SlowPolicy,
} from "./src/sessions/slow_policy.ts";
export type {
  AnyReply,
  AnyTopic,
  BeginningLife,
  BroadcastOptions,
  ChannelContext,
  ChannelIdentity,
  DeferredReply,
  EventsIn,
  EventsOut,
  HistoryOptions,
  JoinContext,
  JoinIn,
  JoinOut,
  LeaveReason,
  LifeContext,
  Outcome,
  ParamsIn,
  PayloadIn,
  PayloadOut,
  PresenceIn,
  PresenceOut,
  Recipient,
  ReplyTo,
  RequestPayloadTo,
  RequestReplyFrom,
  RequestsTo,
  StateIn,
  TopicHandlers,
  TopicLife,
  TopicOf,
  Transaction,
  Untyped,
} from "./src/sessions/topic_handlers.ts";
export type {
  MatchContext,
  PatternCapability,
  PatternContext,
  PatternHandlers,
  PatternJoinContext,
} from "./src/sessions/pattern_handlers.ts";
export type { User } from "./src/sessions/user.ts";
export type { PresenceTracks } from "./src/presence/member_presence.ts";
export type {
  PresenceHooks,
  PresenceMeta,
  PresenceMode,
  PresenceOptions,
  PresenceTopic,
  PresentKey,
} from "./src/presence/presence_rules.ts";
export type { Serve, ServeHandler, ServeInfo, ServeOptions, Server } from "./src/transport/serve.ts";
export type {
  Admission,
  Gate,
  MountedTransport,
  Refusal as GateRefusal,
  Transport,
  TransportLimits,
  TransportPorts,
} from "./src/transport/transport.ts";
export type { Signer } from "./src/base/signer.ts";
export type { Join, Turn } from "./src/protocol/turn.ts";
export type { Frame, WireData } from "./src/protocol/frame.ts";
export type { Socket, SocketSink } from "./src/sessions/socket.ts";
export type {
  Log,
  LogBatch,
  LogEntry,
  LogHead,
  LogLimits,
  LogPage,
  LogSnapshot,
  NewLogEntry,
} from "./src/topics/log.ts";
export type { LogOptions } from "./src/topics/log_options.ts";
export { type MemoryLog, memoryLog, type MemoryLogOptions } from "./src/topics/memory_log.ts";
export { longpoll, type LongpollOptions } from "./src/transport/longpoll.ts";
export { sse, type SseOptions } from "./src/transport/sse.ts";
export { websocket } from "./src/transport/websocket.ts";
export { TroupeError, type TroupeErrorOptions } from "./src/base/errors.ts";
export { type LogFields, type Logger, type LogLevel, silentLogger } from "./src/base/log.ts";

// What the types above are made of. The values are in the entry points `./actors`, `./contract` and `./protocol`.
export type {
  ActorDefinition,
  ActorInfo,
  ActorTimer,
  AnswerTo,
  AskOptions,
  Asks,
  Backoff,
  Behavior,
  Clock,
  Context,
  Counters,
  DeadLetter,
  DeadLetterReason,
  DeadLetters,
  DeadLetterStream,
  DeadLetterStreamOptions,
  Intensity,
  MailboxOptions,
  Overflow,
  PhaseTask,
  Random,
  Receive,
  Ref,
  Reply,
  Restart,
  Runnable,
  Scheduler,
  SchedulerOptions,
  ShutdownOptions,
  Signal,
  SlowHandler,
  SlowReport,
  SpawnOptions,
  stop,
  StopReason,
  Strategy,
  Supervise,
  SupervisedChild,
  Supervision,
  System,
  SystemOptions,
  TimerId,
  Turns,
} from "./src/actors/mod.ts";
export type {
  AnyContract,
  AnyRecord,
  BytesInput,
  BytesOptions,
  BytesSchema,
  ClientEvent,
  ClientEvents,
  ClientPayload,
  ClientReply,
  ExchangeDefinition,
  InferInput,
  InferOutput,
  JoinPayload,
  JoinReply,
  ParamNames,
  ParamsOf,
  PayloadOf,
  PresenceInput,
  PresenceOutput,
  ReplyOf,
  RequestDefinition,
  RequestEvents,
  RequestPayload,
  RequestReply,
  SchemaIssue,
  SchemaProps,
  SchemaResult,
  Segment,
  ServerEvents,
  ServerNames,
  ServerPayload,
  ServerSchemas,
  StateDefinition,
  StateOf,
  Strict,
  StrictExchange,
  StrictState,
  TopicContract,
  TopicDefinition,
  TopicPattern,
  TypedState,
} from "./src/contract/mod.ts";
export type { Codec, Inbound, Position } from "./src/protocol/mod.ts";
