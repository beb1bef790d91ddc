import type { Position } from "../base/position.ts";
import type { LogHead, LogPage } from "./log.ts";

/** What a client that joins says it has seen of the topic. All of it comes from outside. */
export interface ResumeWish {
  /** The history that it knows; `null`: none. */
  readonly epoch: string | null;
  /** The last publication that it has got, 0 for none; `null`: it does not say. */
  readonly offset: number | null;
  /** How many of the newest it wants where it has no position that can be used; 0: none. */
  readonly last: number;
  /** Whether it has no state that it could go on from: it needs the topic's, whatever becomes of its position. */
  readonly state: boolean;
  /** The ids that its connections had before, the last one first: as far back as it was told to remember. */
  readonly formerConnectionIds: readonly string[];
}

/** A range of offsets that are lost, both ends included. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

/** How a client that joined a topic with a history begins. */
export interface Recovery {
  /** Where it stands: all that follows with an offset is later. */
  readonly position: Position;
  /**
   * What became of the position that it came with; `null`: it came with none. `recovered`: it gets exactly what it has
   * missed. `partial`: without those in `gap`. `reset`: its position is none in this history.
   */
  readonly outcome: "recovered" | "partial" | "reset" | null;
  /** What is lost for good, where the outcome is `partial`. */
  readonly gap: Gap | null;
}

/** How much is replayed to one client at the most, and how long it may take to read it. */
export interface ReplayLimits {
  readonly maxReplay: number;
  readonly maxReplayBytes: number;
  readonly historyTimeoutMs: number;
}

/** The limits if nobody says otherwise. */
export const DEFAULT_REPLAY_LIMITS: ReplayLimits = {
  maxReplay: 1_000,
  maxReplayBytes: 524_288,
  historyTimeoutMs: 5_000,
};

/** What has to be read for a client. */
export interface RecoveryPlan {
  /** The position that it came with can be used: it is this offset. */
  readonly asked: number | null;
  /** It came with a position that cannot. */
  readonly isReset: boolean;
  /** Read behind this offset; where that is the end, there is nothing to read. */
  readonly after: number;
}

/** What is to be read for a client that joins where the history ends at `head`. */
export function planRecovery(
  wish: ResumeWish | null,
  head: LogHead,
  { maxReplay }: Pick<ReplayLimits, "maxReplay">,
): RecoveryPlan {
  const oldest = Math.max(head.offset - maxReplay, 0);
  const { epoch, offset, last } = wish ?? NO_WISH;
  const known = epoch === head.epoch || (epoch === null && offset === 0);
  if (offset !== null && known && offset <= head.offset) {
    return { asked: offset, isReset: false, after: Math.max(offset, oldest) };
  }
  return {
    asked: null,
    isReset: offset !== null || epoch !== null,
    after: Math.max(head.offset - last, oldest),
  };
}

const NO_WISH: ResumeWish = { epoch: null, offset: null, last: 0, state: false, formerConnectionIds: [] };

/**
 * Which of the entries that were read are replayed, of those up to `head`: the newest `maxReplayBytes` of them. Gives
 * the index of the first.
 */
export function firstReplayed(
  page: LogPage,
  head: LogHead,
  { maxReplayBytes }: Pick<ReplayLimits, "maxReplayBytes">,
): number {
  let bytes = 0;
  let first = page.entries.length;
  while (first > 0) {
    const { offset, data } = page.entries[first - 1];
    if (offset <= head.offset) bytes += data.length;
    if (bytes > maxReplayBytes) break;
    first--;
  }
  return first;
}

/** How a client begins to whom what follows `firstOffset` is replayed. */
export function recoveryFrom(plan: RecoveryPlan, epoch: string, firstOffset: number): Recovery {
  const position = { epoch, offset: firstOffset - 1 };
  if (plan.asked === null) return { position, outcome: plan.isReset ? "reset" : null, gap: null };
  if (firstOffset === plan.asked + 1) return { position, outcome: "recovered", gap: null };
  return { position, outcome: "partial", gap: { from: plan.asked + 1, to: firstOffset - 1 } };
}
