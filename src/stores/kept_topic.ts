import type { LogHead, LogLimits } from "../topics/log.ts";

/** What a log has in memory of a topic that it keeps on disk. It is never changed: an append makes another. */
export interface KeptTopic extends LogHead {
  /** The row. */
  readonly id: number;
  readonly name: string;
  /** The offset of the oldest entry that is kept; where none is, the one that the next will have. */
  readonly oldest: number;
  /** When the oldest was published. */
  readonly oldestAtMs: number;
  readonly limits: LogLimits;
  /** Where its snapshot stands; `null` without one. */
  readonly snapshotOffset: number | null;
}

/** How many more than its size a topic keeps until the oldest are deleted together. */
function slackOf(size: number): number {
  return Math.min(Math.max(size >> 3, 16), 1_024);
}

/** How much older than its age the oldest gets until the oldest are deleted together. */
const MOST_LATE_MS = 60_000;

/** The last offset that may go: what a fold still needs may not. */
export function lastTrimmable({ limits, offset, snapshotOffset }: KeptTopic): number {
  return limits.folded ? snapshotOffset ?? 0 : offset;
}

/** The last offset that has to go for the topic's size; less than its oldest, where none has to. */
export function tooMany(topic: KeptTopic): number {
  const { limits, offset, oldest } = topic;
  const last = Math.min(offset - limits.size, lastTrimmable(topic));
  return last - oldest + 1 < slackOf(limits.size) ? 0 : last;
}

/** Whether its oldest have to go for their age. */
export function isTooOld(topic: KeptTopic, nowMs: number): boolean {
  const { limits: { ttlMs }, oldest, oldestAtMs } = topic;
  if (oldest > topic.offset || oldest > lastTrimmable(topic)) return false;
  return oldestAtMs + ttlMs + Math.min(ttlMs / 16, MOST_LATE_MS) <= nowMs;
}
