import { TroupeError } from "../base/errors.ts";
import { TopicPattern } from "../contract/pattern.ts";
import type { PatternHandlers } from "./pattern_handlers.ts";
import type { TopicHandlers, Untyped } from "./topic_handlers.ts";
import { type Match, type TopicKind, topicKind, untyped } from "./topic_kind.ts";
import type { User } from "./user.ts";

const PATTERN_KEYS = [
  "match",
  "join",
  "info",
  "slow",
  "leave",
  "suspended",
  "resumed",
  "expired",
  "recheck",
  "recheckMs",
];

/**
 * Puts together what is done about patterns within `within` that clients join.
 *
 * @throws {TroupeError} `invalid_pattern` for a `within` that is none; `invalid_handlers` for a missing or an unknown
 * handler, or one that is not a function.
 */
export function patternKind<W extends string, U extends User, S>(
  within: W,
  handlers: PatternHandlers<W, U, S>,
): TopicKind {
  const pattern = new TopicPattern(within);
  if (pattern.isExact) {
    refuse(within, "it covers one topic alone", 'a pattern, such as "room:*" or "room:{id}"');
  }
  if (typeof handlers !== "object" || handlers === null) {
    refuse(within, "its handlers are no object", `{ ${PATTERN_KEYS.join(", ")} }, all but match optional`);
  }
  const unknown = Object.keys(handlers).find((key) => !PATTERN_KEYS.includes(key));
  if (unknown !== undefined) refuse(within, `"${unknown}" is not known`, PATTERN_KEYS.join(", "));
  if (typeof handlers.match !== "function") {
    refuse(within, "match is missing", "match, a function (ctx, topic, params) that gives true or false");
  }
  const rest = handlers as unknown as TopicHandlers<Untyped<W>, U, S>;
  const kind = topicKind(untyped(pattern), rest, ["match"]);
  return { ...kind, match: handlers.match.bind(handlers) as Match, recheck: kind.recheck ?? (() => true) };
}

function refuse(within: string, fault: string, accepted: string): never {
  throw new TroupeError(
    "invalid_handlers",
    `Cannot let clients join patterns within "${within}": ${fault}. Accepted: ${accepted}`,
    { details: { within, accepted } },
  );
}
