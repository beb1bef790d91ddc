import { TroupeError } from "../base/errors.ts";
import type { SessionLimits } from "./session_limits.ts";
import type { TopicKind } from "./topic_kind.ts";

/** A channel of a session, as its bounds see it. */
export interface BoundedChannel {
  readonly kind: TopicKind;
  readonly finished: boolean;
}

/** Why another channel would be one too many. */
export interface ExceededBound {
  readonly counter: string;
  /** What the join is answered. */
  readonly response: unknown;
}

/**
 * Which bound another channel of `kind` would exceed; `null`: none. `unfinished`: how many there are, those included that
 * others have replaced.
 */
export function exceededBound(
  { maxChannels, maxPatterns }: SessionLimits,
  kind: TopicKind,
  channels: Iterable<BoundedChannel>,
  unfinished: number,
): ExceededBound | null {
  if (unfinished >= maxChannels) {
    return { counter: "channels.too_many", response: { reason: "too many channels joined" } };
  }
  if (kind.match === null) return null;
  let patterns = 0;
  for (const channel of channels) if (channel.kind.match !== null && !channel.finished) patterns++;
  if (patterns < maxPatterns) return null;
  return { counter: "patterns.too_many", response: { reason: "too_many_patterns", maxPatterns } };
}

/** What a join is answered whose topic cannot be held. Throws what is no such reason. */
export function unavailable(error: unknown): unknown {
  if (!(error instanceof TroupeError)) throw error;
  const reason = error.code === "too_many_children" ? "too_many_topics" : error.code;
  return { reason, ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }) };
}
