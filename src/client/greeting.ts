/**
 * What the answer to a join says beside the application's own reply.
 *
 * @module
 */

import { isRecord } from "../base/record.ts";
import { isOffset } from "../protocol/positions.ts";

/** What became of the position with which a topic was joined again. */
export type Recovery =
  /** Exactly what was missed follows. */
  | "recovered"
  /** A part of what was missed is lost: the gap says which. */
  | "partial"
  /** The history is another one: what the client has is of no use for going on. */
  | "reset";

/** Offsets that are lost, both included. */
export interface Gap {
  /** The first. */
  readonly from: number;
  /** The last. */
  readonly to: number;
}

/** The object `troupe` in the answer to a join. */
export interface Greeting {
  /** The session's secret; `null` if the session ends with its connection. */
  readonly session: string | null;
  /** Whether the session has waited for this client. */
  readonly resumed: boolean;
  /** Whether the topic has a history. */
  readonly hasHistory: boolean;
  /** What became of the position; `null` if none was given. */
  readonly recovery: Recovery | null;
  /** What is lost, where the recovery is `partial`. */
  readonly gap: Gap | null;
}

/** An answer to a join, taken apart. */
export interface JoinAnswer {
  /** The application's reply. */
  readonly reply: unknown;
  /** `null`: it is no object that could hold it; an event of its own may follow. */
  readonly greeting: Greeting | null;
}

/** Takes an answer to a join apart. */
export function readAnswer(response: unknown): JoinAnswer {
  if (!isRecord(response)) return { reply: response, greeting: null };
  const { troupe, ...reply } = response;
  return { reply, greeting: readGreeting(troupe) };
}

const RECOVERIES: readonly unknown[] = ["recovered", "partial", "reset"];

/** Reads a greeting; what is not there, or is not what it should be, is as if nothing was said. */
export function readGreeting(troupe: unknown): Greeting {
  const { session, resumed, epoch, recovery, gap } = isRecord(troupe) ? troupe : {};
  return {
    session: typeof session === "string" ? session : null,
    resumed: resumed === true,
    hasHistory: typeof epoch === "string",
    recovery: RECOVERIES.includes(recovery) ? recovery as Recovery : null,
    gap: isRecord(gap) && isOffset(gap.from) && isOffset(gap.to) ? { from: gap.from, to: gap.to } : null,
  };
}
