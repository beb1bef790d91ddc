import type { ParamsOf } from "../contract/pattern.ts";
import type { SlowPolicy } from "./slow_policy.ts";
import type {
  AnyReply,
  ChannelContext,
  JoinContext,
  LeaveReason,
  Outcome,
  Untyped,
} from "./topic_handlers.ts";
import type { Joined } from "./refusal.ts";
import type { User } from "./user.ts";

/** What of a channel's context there is where nothing can be published. */
export type PatternCapability =
  | "topic"
  | "connectionId"
  | "user"
  | "params"
  | "connection"
  | "event"
  | "self"
  | "log"
  | "signal"
  | "uuid"
  | "now"
  | "push"
  | "stop";

/**
 * What the join handler of a pattern can do. `ctx.topic` is the pattern as the client has it, e.g. `tenant:7:room:*`,
 * and `ctx.params` are what it says of the parameters of the registration, e.g. `{ tenant: "7" }`; one that it leaves
 * open is as the client wrote it, e.g. `{t}`.
 */
export type PatternJoinContext<W extends string, U extends User> = Pick<
  JoinContext<Untyped<W>, U>,
  PatternCapability
>;

/** What the handlers of a pattern can do. */
export interface PatternContext<W extends string, U extends User, S>
  extends Pick<ChannelContext<Untyped<W>, U, S>, PatternCapability | "state" | "request"> {
  /**
   * Forgets what `match` has answered for this subscription, so that it is asked again: call it when what `match` goes by
   * has changed, e.g. in the state. A recheck, a refreshed authorization, a client that comes back and another state
   * (`ctx.state = …`) do so by themselves.
   */
  rematch(): void;
}

/** What `match` goes by: the subscription, as it is. */
export type MatchContext<W extends string, U extends User, S> = Pick<
  PatternContext<W, U, S>,
  "user" | "state" | "topic" | "params" | "connection" | "connectionId" | "log" | "now"
>;

/**
 * The handlers of patterns that clients join: those within `W`.
 *
 * @example
 * ```ts
 * import { App, joined, refuse, type User } from "@troupe/core";
 *
 * const teamOf = (user: User) => Promise.resolve(user.id === "ada" ? "7" : "8"); // your own: a database, …
 *
 * const app = new App()
 *   .topic("team:{team}:{room}", {})
 *   .patterns("team:{team}:*", {
 *     async join(ctx) {
 *       const team = await teamOf(ctx.user);
 *       return ctx.params.team === team ? joined({ team }) : refuse({ reason: "not_your_team" });
 *     },
 *     match: (ctx, _topic, { team }) => team === ctx.state.team,
 *   });
 * await app.close();
 * ```
 */
export interface PatternHandlers<W extends string, U extends User, S> {
  /**
   * May this subscriber get what `topic` publishes? Asked in the topic's commit, when it first publishes something for
   * this subscription; the answer is kept (up to `limits.maxMatches` topics), until {@link PatternContext.rematch}, or
   * what does the same. Anything but `true` means no. It decides about the topic as a whole; events that the topic has
   * an `outgoing` filter for reach its own members alone (`patterns.withheld`).
   *
   * It has to answer at once: what it goes by is loaded in `join`, or in `recheck`, and kept in the state. A throw, and a
   * promise, end the subscription as a crash.
   *
   * @param params What is in the topic's name, by the pattern of the registration.
   */
  match(ctx: MatchContext<W, U, S>, topic: string, params: Readonly<ParamsOf<W>>): boolean;
  /** A client joins a pattern. As in `TopicHandlers`. Default: everybody may, and `match` alone decides. */
  join?(ctx: PatternJoinContext<W, U>, payload: unknown): Outcome<AnyReply | Joined<S, AnyReply>>;
  /** Messages from the server's side: what was told to `ctx.self`. */
  info?(ctx: PatternContext<W, U, S>, message: unknown): void | Promise<void>;
  /**
   * What becomes of publications that a client does not read in time, as in `TopicHandlers`. To the key of `latest()`
   * each is `troupe:matched`, with `{ topic, event, payload }`.
   */
  readonly slow?: SlowPolicy | ((ctx: PatternJoinContext<W, U>) => SlowPolicy);
  /** The connection has dropped, and the client may come back. As in `TopicHandlers`. */
  suspended?(ctx: PatternContext<W, U, S>): void | Promise<void>;
  /** The client is back. As in `TopicHandlers`. */
  resumed?(ctx: PatternContext<W, U, S>, payload: unknown): Outcome<AnyReply | void>;
  /** The client did not come back in time. */
  expired?(ctx: PatternContext<W, U, S>): void | Promise<void>;
  /** May this client still be here? As in `TopicHandlers`. Whatever it answers, `match` is asked anew. */
  recheck?(ctx: PatternContext<W, U, S>): boolean | Promise<boolean>;
  /** How often `recheck` is asked, in milliseconds. Default: on demand alone. */
  readonly recheckMs?: number;
  /** The subscription has ended, whatever the reason. */
  leave?(ctx: PatternContext<W, U, S>, reason: LeaveReason): void | Promise<void>;
}
