/**
 * Who is it? JSON Web Tokens, and sessions kept in signed cookies, for `authenticate`.
 *
 * @module
 */

export {
  jwt,
  type JwtIdentity,
  type JwtRefusal,
  type JwtUser,
  type JwtUserHook,
  type JwtVerifier,
} from "./jwt.ts";
export type { JwtAlgorithm, JwtClaims, JwtOptions } from "./jwt_options.ts";
export {
  COOKIE_SESSION,
  type CookieIdentity,
  type CookieSession,
  CookieSessions,
  cookieSessions,
  type CookieUser,
  type CookieUserHook,
  type IssueOptions,
} from "./cookie_sessions.ts";
export type { CookieAttributes, CookieSessionsOptions } from "./cookie_options.ts";
export { MemorySessionStore, type MemorySessionStoreOptions } from "./memory_store.ts";
export type { SessionStore, StoredSession } from "./store.ts";
export type { Clock, TimerId } from "../base/clock.ts";
export { Counters } from "../base/inspect.ts";
export type { LogFields, Logger, LogLevel } from "../base/log.ts";
export type { Random } from "../base/random.ts";
export type { Signer } from "../base/signer.ts";
export { ValueKey, Values } from "../base/values.ts";
export { hmacSigner } from "../http/hmac_signer.ts";
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
} from "../http/middleware.ts";
export type { OriginPolicy } from "../http/origin.ts";
