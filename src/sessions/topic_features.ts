/**
 * What topics have beside their members, read from the handlers that an application gives: a history, a state, presence, a
 * life of their own, filters on the way out.
 *
 * @module
 */

import type { AnyContract } from "../contract/define_topic.ts";
import type { TopicPattern } from "../contract/pattern.ts";
import { PresenceKind } from "../presence/presence_kind.ts";
import { PRESENCE } from "../presence/presence_message.ts";
import type { PresenceOptions } from "../presence/presence_rules.ts";
import type { TopicExtensionFactory } from "../topics/extension.ts";
import type { LogLimits } from "../topics/log.ts";
import type { TopicSetup } from "../topics/topic_setup.ts";
import { STATE, TopicState } from "../topics/topic_state.ts";
import { checkOutgoing } from "./check_outgoing.ts";
import { type Handler, handlerAt, refuseHandlers } from "./handler_checks.ts";
import { LIFE, Life, type LifeKind } from "./topic_life.ts";

type Definition = AnyContract["definition"] | null;
type Given = Readonly<Record<string, unknown>>;

/** What the topics of a pattern have beside their members. */
export function topicSetup(
  name: string,
  pattern: TopicPattern,
  definition: Definition,
  given: Given,
  presence: PresenceKind | null,
  outgoing: ReadonlyMap<string, Handler> | null,
): TopicSetup {
  const extensions = new Map<string, TopicExtensionFactory>();
  const state = definition?.state;
  const history = historyLimits(name, given.history, state !== undefined);
  if (state !== undefined) {
    const snapshotEvery = (given.history as { snapshotEvery?: number } | undefined)?.snapshotEvery ??
      SNAPSHOT_EVERY;
    extensions.set(STATE, (topic) => new TopicState(state, topic, snapshotEvery));
  }
  const life = lifeKind(name, definition, given.life);
  if (life !== null) {
    extensions.set(LIFE, (topic) => new Life(life, topic, pattern.match(topic.name) ?? {}));
  }
  if (presence !== null) extensions.set(PRESENCE, presence.start);
  return { history, extensions, ...(outgoing !== null && { personal: new Set(outgoing.keys()) }) };
}

/** Who is present in the topics of a pattern: where the contract says what is known of each, or `options` are given. */
export function presenceKind(name: string, definition: Definition, options: unknown): PresenceKind | null {
  const schema = definition?.presence ?? null;
  if (options === undefined && schema === null) return null;
  return new PresenceKind(name, (options ?? {}) as PresenceOptions, schema);
}

/** The most publications of one topic that may be kept. */
const MAX_HISTORY = 1_000_000;
/** How many publications there are from one snapshot of a state to the next, if nobody says otherwise. */
const SNAPSHOT_EVERY = 100;
/** What is kept of a topic with a state, if nobody says otherwise. */
const STATE_HISTORY = { size: 1_000, ttlMs: Infinity };

function historyLimits(name: string, history: unknown, folded: boolean): LogLimits | null {
  if (history === undefined) return folded ? { ...STATE_HISTORY, folded } : null;
  const accepted = `{ size: 1 to ${MAX_HISTORY} publications, ttlMs: milliseconds above 0` +
    `${folded ? ", snapshotEvery: 1 or more" : ""} }`;
  if (typeof history !== "object" || history === null) refuseHandlers(name, "history is no object", accepted);
  const { size, ttlMs, snapshotEvery, ...others } = history as Record<string, unknown>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) refuseHandlers(name, `history.${unknown} is not known`, accepted);
  if (!isCount(size) || size > MAX_HISTORY) refuseHandlers(name, "history.size is no such number", accepted);
  if (typeof ttlMs !== "number" || !(ttlMs > 0)) refuseHandlers(name, "history.ttlMs is no time", accepted);
  if (snapshotEvery !== undefined && (!folded || !isCount(snapshotEvery))) {
    refuseHandlers(name, "history.snapshotEvery is for a contract with a state, and a number", accepted);
  }
  return { size, ttlMs, folded };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

const LIFE_KEYS = ["start", "stop", "tick", "tickMs", "message"];

function lifeKind(name: string, definition: Definition, life: unknown): LifeKind | null {
  if (life === undefined) return null;
  const accepted = LIFE_KEYS.join(", ");
  if (typeof life !== "object" || life === null) refuseHandlers(name, "life is no object", accepted);
  const given = life as Record<string, unknown>;
  const unknown = Object.keys(given).find((key) => !LIFE_KEYS.includes(key));
  if (unknown !== undefined) refuseHandlers(name, `life.${unknown} is not known`, accepted);
  const optional = (key: string): Handler | null =>
    given[key] === undefined ? null : handlerAt(name, `life.${key}`, given[key], given);
  const { tick, tickMs } = given;
  if ((tick === undefined) !== (tickMs === undefined) || (tickMs !== undefined && !(Number(tickMs) >= 1))) {
    refuseHandlers(
      name,
      "life.tick and life.tickMs go together",
      "tickMs, 1 millisecond or more, and tick, a function",
    );
  }
  const server = definition === null ? null : new Map(Object.entries(definition.server ?? {}));
  return {
    start: optional("start"),
    stop: optional("stop"),
    tick: optional("tick"),
    tickMs: tickMs === undefined ? null : tickMs as number,
    message: optional("message"),
    check: (event, payload) => checkOutgoing({ name, server }, event, payload),
  };
}

/** What becomes of single events on their way to each member. */
export function outgoingFilters(
  name: string,
  outgoing: unknown,
  definition: Definition,
): ReadonlyMap<string, Handler> | null {
  if (outgoing === undefined) return null;
  const accepted = definition === null ? "any event" : Object.keys(definition.server ?? {}).join(", ");
  if (typeof outgoing !== "object" || outgoing === null) {
    refuseHandlers(name, "outgoing is no object", accepted);
  }
  const filters = new Map<string, Handler>();
  for (const [event, filter] of Object.entries(outgoing)) {
    if (definition !== null && !Object.hasOwn(definition.server ?? {}, event)) {
      refuseHandlers(name, `outgoing.${event} is for an event that the contract does not have`, accepted);
    }
    if (definition?.state !== undefined && Object.hasOwn(definition.state.apply, event)) {
      refuseHandlers(
        name,
        `outgoing.${event} would leave clients with another state`,
        "events without state.apply",
      );
    }
    filters.set(event, handlerAt(name, `outgoing.${event}`, filter, outgoing));
  }
  return filters.size === 0 ? null : filters;
}
