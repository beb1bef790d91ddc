/**
 * Troupe: an actor-model realtime engine. One WebSocket a client, an actor for each connection, channel and topic,
 * and Phoenix Channels on the wire.
 *
 * @module
 */

export { App, type CloseOptions, type Connections, type Target } from "./src/app/app.ts";
export type { Listening, ListenOptions } from "./src/app/listen.ts";
export type {
  AppOptions,
  Authenticated,
  ConnectionView,
  Handshake,
  Limits,
  SocketOptions,
} from "./src/app/options.ts";
export { bytes, defineTopic, type Schema } from "./src/contract/mod.ts";
export type { Credentials } from "./src/http/credentials.ts";
export type { OriginPolicy } from "./src/http/origin.ts";
export type { Component, ComponentConnection, PublishOptions, RawData } from "./src/sessions/component.ts";
export type { ConnectionInfo } from "./src/sessions/connection_info.ts";
export { Joined, joined, Refusal, refuse } from "./src/sessions/refusal.ts";
export type {
  AnyTopic,
  BroadcastOptions,
  ChannelContext,
  ChannelIdentity,
  DeferredReply,
  EventsIn,
  EventsOut,
  JoinContext,
  JoinIn,
  JoinOut,
  LeaveReason,
  Outcome,
  ParamsIn,
  PayloadIn,
  PayloadOut,
  Recipient,
  ReplyTo,
  TopicHandlers,
  Untyped,
} from "./src/sessions/topic_handlers.ts";
export type { User } from "./src/sessions/user.ts";
export type { Transport } from "./src/transport/transport.ts";
export type { Socket, SocketSink } from "./src/sessions/socket.ts";
export { websocket } from "./src/transport/websocket.ts";
export { TroupeError, type TroupeErrorOptions } from "./src/base/errors.ts";
export { type LogFields, type Logger, type LogLevel, silentLogger } from "./src/base/log.ts";
