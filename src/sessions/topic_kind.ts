import type { AnyContract } from "../contract/define_topic.ts";
import { anyRecord, type Schema } from "../contract/schema.ts";
import type { TopicPattern } from "../contract/pattern.ts";
import type { StateDefinition } from "../contract/state.ts";
import type { TopicSetup } from "../topics/topic_setup.ts";
import { type Handler, handlerAt, refuseHandlers } from "./handler_checks.ts";
import { outgoingFilters, presenceKind, topicSetup } from "./topic_features.ts";
import type { PresenceKind } from "../presence/presence_kind.ts";
import { invalidPolicy, isSlowPolicy, type SlowPolicy } from "./slow_policy.ts";
import { type RequestKinds, requestKinds } from "./request_kind.ts";
import type { AnyTopic, TopicHandlers, Untyped } from "./topic_handlers.ts";
import type { User } from "./user.ts";

/** Whether a member of a pattern may get what a topic publishes, as the engine calls it: anything but `true` means no. */
export type Match = (ctx: unknown, topic: string, params: Readonly<Record<string, string>>) => unknown;

/** One event that clients may send. */
export interface EventKind {
  readonly handler: Handler;
  /** What its payload must be; `null`: anything. */
  readonly payload: Schema | null;
  /** What its reply must be; `null`: anything. */
  readonly reply: Schema | null;
}

/** A contract and its handlers, put together once at the start: what every channel of the pattern shares. */
export interface TopicKind {
  /** What it was made of. */
  readonly topic: AnyTopic;
  readonly pattern: TopicPattern;
  /** The pattern as it is written, for error messages. */
  readonly name: string;
  readonly join: EventKind;
  readonly events: ReadonlyMap<string, EventKind>;
  /** What takes all other events. */
  readonly other: EventKind | null;
  readonly info: Handler | null;
  readonly leave: Handler | null;
  readonly suspended: Handler | null;
  readonly resumed: Handler | null;
  readonly expired: Handler | null;
  readonly recheck: Handler | null;
  /** How often that is asked, in milliseconds; `null`: on demand alone. */
  readonly recheckMs: number | null;
  /** Chooses what becomes of publications that a client does not read in time; `null`: all are kept. */
  readonly slow: ((ctx: unknown) => SlowPolicy) | null;
  /** What the topics have beside their members: a history, extensions. */
  readonly setup: TopicSetup;
  /** The state of its topics; `null`: they have none. */
  readonly state: StateDefinition | null;
  /** What becomes of single events on their way to each member; `null`: nothing. */
  readonly outgoing: ReadonlyMap<string, Handler> | null;
  /** Who is present in the topics; `null`: nobody asks. */
  readonly presence: PresenceKind | null;
  /** What the server may send; `null`: anything. */
  readonly server: ReadonlyMap<string, Schema> | null;
  /** What the server may ask a client. */
  readonly requests: RequestKinds;
  /** Decides, for patterns that clients join, topic by topic; `null` for topics. */
  readonly match: Match | null;
  /** Whether an event whose handler returns nothing is answered all the same. */
  readonly alwaysReplies: boolean;
}

const HANDLER_KEYS = [
  "join",
  "on",
  "other",
  "info",
  "slow",
  "history",
  "life",
  "outgoing",
  "presence",
  "leave",
  "suspended",
  "resumed",
  "expired",
  "recheck",
  "recheckMs",
];

/**
 * Puts a contract and its handlers together. `others`: what the handlers may hold beside, which is somebody else's.
 *
 * @throws {TroupeError} `invalid_handlers` for a missing or an unknown handler, or one that is not a function.
 */
export function topicKind<C extends AnyTopic, U extends User, S>(
  contract: C,
  handlers: TopicHandlers<C, U, S>,
  others: readonly string[] = [],
): TopicKind {
  // Whoever calls this has checked it.
  const pattern = contract.pattern as TopicPattern;
  const name = pattern.source;
  const given = handlers as unknown as Record<string, unknown>;
  for (const key of Object.keys(given)) {
    if (others.includes(key)) continue;
    if (!HANDLER_KEYS.includes(key)) refuseHandlers(name, `"${key}" is not known`, HANDLER_KEYS.join(", "));
  }
  const optional = (key: string): Handler | null => {
    if (given[key] === undefined) return null;
    return handlerAt(name, key, given[key], given);
  };
  const definition = contract.definition;
  const on = (given.on ?? {}) as Record<string, unknown>;
  if (definition !== null && given.other !== undefined) {
    refuseHandlers(
      name,
      `"other" is for topics without a contract`,
      "a handler in on for each event of the contract",
    );
  }
  const presence = presenceKind(name, definition, given.presence);
  const outgoing = outgoingFilters(name, given.outgoing, definition);
  const setup = topicSetup(name, pattern, definition, given, presence, outgoing);
  return {
    topic: contract,
    pattern,
    name,
    join: {
      handler: optional("join") ?? (() => undefined),
      payload: definition === null ? null : definition.join?.payload ?? anyRecord,
      reply: definition?.join?.reply ?? null,
    },
    events: definition === null ? untypedEvents(name, on) : typedEvents(name, definition, on),
    other: given.other === undefined ? null : { handler: optional("other")!, payload: null, reply: null },
    info: optional("info"),
    leave: optional("leave"),
    suspended: optional("suspended"),
    resumed: optional("resumed"),
    expired: optional("expired"),
    recheck: optional("recheck"),
    recheckMs: recheckSchedule(name, given),
    slow: slowChooser(name, given.slow, given, definition?.state !== undefined),
    setup,
    state: definition?.state ?? null,
    outgoing,
    presence,
    server: definition === null ? null : new Map(Object.entries(definition.server ?? {})),
    requests: definition === null ? null : requestKinds(definition.requests),
    match: null,
    alwaysReplies: definition !== null,
  };
}

/** A topic without a contract, for {@link topicKind}. */
export function untyped<P extends string>(pattern: TopicPattern<P>): Untyped<P> {
  return { pattern, definition: null };
}

/** The response to an event that nothing handles. */
export function unknownEvent({ events }: TopicKind, event: string): object {
  return { reason: "unknown_event", event, accepted: [...events.keys()] };
}

function typedEvents(
  name: string,
  definition: AnyContract["definition"],
  on: Record<string, unknown>,
): ReadonlyMap<string, EventKind> {
  const client = definition.client ?? {};
  const accepted = Object.keys(client);
  const surplus = Object.keys(on).find((event) => !accepted.includes(event));
  if (surplus !== undefined) {
    refuseHandlers(
      name,
      `on.${surplus} handles an event that the contract does not have`,
      accepted.join(", "),
    );
  }
  return new Map(accepted.map((event) => [event, {
    handler: handlerAt(name, `on.${event}`, on[event], on),
    payload: client[event].payload ?? anyRecord,
    reply: client[event].reply ?? null,
  }]));
}

function untypedEvents(name: string, on: Record<string, unknown>): ReadonlyMap<string, EventKind> {
  return new Map(
    Object.keys(on).map((event) => [event, {
      handler: handlerAt(name, `on.${event}`, on[event], on),
      payload: null,
      reply: null,
    }]),
  );
}

function recheckSchedule(name: string, { recheck, recheckMs }: Record<string, unknown>): number | null {
  if (recheckMs === undefined) return null;
  if (typeof recheckMs !== "number" || !(recheckMs > 0) || recheckMs === Infinity) {
    refuseHandlers(name, "recheckMs is no time", "a number of milliseconds above 0");
  }
  if (recheck === undefined) {
    refuseHandlers(name, "recheckMs asks for a recheck", "recheck, a function (ctx)");
  }
  return recheckMs;
}

function slowChooser(name: string, slow: unknown, owner: object, hasState: boolean): TopicKind["slow"] {
  if (slow === undefined) return null;
  const accept = (policy: SlowPolicy): SlowPolicy => {
    if (!hasState || policy.kind === "keep_all" || policy.kind === "close") return policy;
    refuseHandlers(name, `${policy.kind} would leave clients with another state`, "keepAll(), closeSlow()");
  };
  if (isSlowPolicy(slow)) {
    accept(slow);
    return () => slow;
  }
  if (typeof slow !== "function") throw invalidPolicy(`"slow" of the topic "${name}"`, slow);
  const choose = (slow as (ctx: unknown) => unknown).bind(owner);
  return (ctx) => {
    const chosen = choose(ctx);
    if (isSlowPolicy(chosen)) return accept(chosen);
    throw invalidPolicy(`what "slow" of the topic "${name}" has chosen`, chosen);
  };
}
