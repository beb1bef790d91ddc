import { TroupeError } from "../base/errors.ts";
import type { AnyContract } from "../contract/define_topic.ts";
import { anyRecord, check, type Schema } from "../contract/schema.ts";
import type { TopicPattern } from "../contract/pattern.ts";
import type { LogLimits } from "../topics/log.ts";
import type { TopicSetup } from "../topics/topic_setup.ts";
import { invalidPolicy, isSlowPolicy, type SlowPolicy } from "./slow_policy.ts";
import { type RequestKinds, requestKinds } from "./request_kind.ts";
import type { AnyTopic, TopicHandlers, Untyped } from "./topic_handlers.ts";
import type { User } from "./user.ts";

/** A handler as the engine calls it, whatever its contract. */
export type Handler = (ctx: unknown, payload: unknown) => unknown;

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
  /** What the server may send; `null`: anything. */
  readonly server: ReadonlyMap<string, Schema> | null;
  /** What the server may ask a client. */
  readonly requests: RequestKinds;
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
  "leave",
  "suspended",
  "resumed",
  "expired",
  "recheck",
  "recheckMs",
];

/**
 * Puts a contract and its handlers together.
 *
 * @throws {TroupeError} `invalid_handlers` for a missing or an unknown handler, or one that is not a function.
 */
export function topicKind<C extends AnyTopic, U extends User, S>(
  contract: C,
  handlers: TopicHandlers<C, U, S>,
): TopicKind {
  const name = contract.pattern.source;
  const given = handlers as unknown as Record<string, unknown>;
  for (const key of Object.keys(given)) {
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
  return {
    topic: contract,
    pattern: contract.pattern,
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
    slow: slowChooser(name, given.slow, given),
    setup: { history: historyLimits(name, given.history), extensions: new Map() },
    server: definition === null ? null : new Map(Object.entries(definition.server ?? {})),
    requests: definition === null ? null : requestKinds(definition.requests),
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

/**
 * Checks what the server is about to send in a topic.
 *
 * @throws {TroupeError} `unknown_event`, `invalid_payload` with its issues, or `async_schema`: sending is synchronous.
 */
export function checkOutgoing(kind: TopicKind, event: string, payload: unknown): unknown {
  if (kind.server === null) return payload;
  const schema = kind.server.get(event);
  const topic = kind.pattern.source;
  if (schema === undefined) {
    throw new TroupeError(
      "unknown_event",
      `Cannot send ${JSON.stringify(event)} in ${topic}: its contract has no such event`,
      {
        details: { event, accepted: [...kind.server.keys()] },
      },
    );
  }
  const checked = check(schema, payload);
  if (checked instanceof Promise) {
    throw new TroupeError(
      "async_schema",
      `Cannot send ${JSON.stringify(event)} in ${topic}: its schema is asynchronous`,
    );
  }
  if (checked.ok) return checked.value;
  const [{ path, message }] = checked.issues;
  throw new TroupeError(
    "invalid_payload",
    `Cannot send ${JSON.stringify(event)} in ${topic}: at ${path === "" ? "the payload" : path}: ${message}`,
    { details: { event, issues: checked.issues } },
  );
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

/** The most publications of one topic that may be kept. */
const MAX_HISTORY = 1_000_000;

function historyLimits(name: string, history: unknown): LogLimits | null {
  if (history === undefined) return null;
  const accepted = `{ size: 1 to ${MAX_HISTORY} publications, ttlMs: milliseconds above 0 }`;
  if (typeof history !== "object" || history === null) refuseHandlers(name, "history is no object", accepted);
  const { size, ttlMs, ...others } = history as Record<string, unknown>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) refuseHandlers(name, `history.${unknown} is not known`, accepted);
  if (!Number.isSafeInteger(size) || (size as number) < 1 || (size as number) > MAX_HISTORY) {
    refuseHandlers(name, "history.size is no such number", accepted);
  }
  if (typeof ttlMs !== "number" || !(ttlMs > 0)) refuseHandlers(name, "history.ttlMs is no time", accepted);
  return { size: size as number, ttlMs, folded: false };
}

function slowChooser(name: string, slow: unknown, owner: object): TopicKind["slow"] {
  if (slow === undefined) return null;
  if (isSlowPolicy(slow)) return () => slow;
  if (typeof slow !== "function") throw invalidPolicy(`"slow" of the topic "${name}"`, slow);
  const choose = (slow as (ctx: unknown) => unknown).bind(owner);
  return (ctx) => {
    const chosen = choose(ctx);
    if (isSlowPolicy(chosen)) return chosen;
    throw invalidPolicy(`what "slow" of the topic "${name}" has chosen`, chosen);
  };
}

function handlerAt(name: string, at: string, value: unknown, owner: object): Handler {
  if (typeof value !== "function") {
    refuseHandlers(
      name,
      `${at} is ${value === undefined ? "missing" : typeof value}`,
      "a function (ctx, payload)",
    );
  }
  return (value as Handler).bind(owner);
}

function refuseHandlers(name: string, fault: string, accepted: string): never {
  throw new TroupeError(
    "invalid_handlers",
    `Cannot use the handlers of the topic "${name}": ${fault}. Accepted: ${accepted}`,
    {
      details: { topic: name, accepted },
    },
  );
}
