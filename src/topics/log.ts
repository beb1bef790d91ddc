/**
 * The port of topics' histories: a {@link Log} keeps what topics have published, by topic, so that a client that comes
 * back gets what it has missed. `testLog` of `@troupe/core/testing` is its contract test.
 *
 * @module
 */

import type { Counters } from "../base/inspect.ts";

/** One publication, as a log is given it. */
export interface NewLogEntry {
  /** The event. */
  readonly event: string;
  /** The payload: JSON text, or the bytes of a binary message. They MUST NOT be changed. */
  readonly data: string | Uint8Array<ArrayBuffer>;
  /** When it was published, in milliseconds since the Unix epoch. */
  readonly atMs: number;
  /** Who gets it, in a form of the engine's own; `null`: everybody. A log keeps it as it is. */
  readonly recipients: string | null;
}

/** One publication, as a log keeps it. */
export interface LogEntry extends NewLogEntry {
  /** Its number within the epoch, from 1, without gaps. */
  readonly offset: number;
}

/** How much of a topic's history is kept. */
export interface LogLimits {
  /** How many publications at the most. */
  readonly size: number;
  /** How long each at the least, in milliseconds; it may be trimmed afterwards, and MUST NOT be for its age before. */
  readonly ttlMs: number;
  /**
   * Whether a state is folded from the publications: then those behind the last snapshot MUST be kept, whatever their
   * number and age.
   */
  readonly folded: boolean;
}

/** What one topic appends at one time. */
export interface LogBatch {
  /** The topic's whole name. */
  readonly topic: string;
  /** In order. At least one, or a snapshot. */
  readonly entries: readonly NewLogEntry[];
  /** What is kept from now on; what is more MAY be trimmed later, but not much later. */
  readonly limits: LogLimits;
  /** The fold of all publications up to the last of this batch: it takes the place of the snapshot before. */
  readonly snapshot?: string;
}

/** Where a topic's history stands. */
export interface LogHead {
  /** Names one unbroken history. It MUST change where the log cannot prove that nothing is missing, and only there. */
  readonly epoch: string;
  /** The offset of the last publication; 0 where there was none. */
  readonly offset: number;
}

/** A part of a topic's history. */
export interface LogPage {
  /** Where the history stands: the newest entry that a read without `max` would give has its offset. */
  readonly head: LogHead;
  /** In order, without gaps between them; the first is the oldest that is kept of those that were asked for. */
  readonly entries: readonly LogEntry[];
}

/** A state, folded from all publications up to a position. */
export interface LogSnapshot extends LogHead {
  /** The state, as the topic gave it. */
  readonly data: string;
}

/**
 * Keeps the histories of topics. Every method either does its work at once, or returns a promise: a topic waits for it,
 * and nobody else does.
 *
 * - What {@link Log.append} has done MUST be seen by every later call, and MUST survive whatever the log claims to
 *   survive. Its batches are stored all together or not at all: it throws, or rejects, and nothing is visible.
 * - The engine never appends to a topic before its last append is done. It may read meanwhile.
 * - An append MUST be done at some time, or reject: after `limits.appendTimeoutMs` its topics end, and none of them begins
 *   again before. A log over a network SHOULD have a shorter limit of its own, behind which nothing is stored.
 * - A log MUST be bounded in the number of topics it keeps, and MUST forget the whole of a topic where it forgets: the
 *   next history of that topic has another epoch. It SHOULD forget none that is held: its members would have to join
 *   again.
 */
export interface Log {
  /** Where the topic's history stands. Begins one, with a new epoch, where there is none. */
  head(topic: string): LogHead | Promise<LogHead>;
  /** Stores the batches, each of another topic. Gives the heads of their topics afterwards, in the same order. */
  append(batches: readonly LogBatch[]): readonly LogHead[] | Promise<readonly LogHead[]>;
  /** The publications behind the offset `after` (0: from the oldest that is kept), `max` at the most. */
  read(topic: string, after: number, max: number): LogPage | Promise<LogPage>;
  /** The topic's last snapshot, if there is one in its current epoch. */
  snapshot(topic: string): LogSnapshot | null | Promise<LogSnapshot | null>;
  /** The topic has members from now on. Each call is followed by one {@link Log.release}. */
  hold?(topic: string): void;
  /** It has none any more, as far as that hold goes. */
  release?(topic: string): void;
  /**
   * Counts in `counters` from now on, and adds what it has counted so far. The engine calls it once, before anything else,
   * so that what a log forgets is counted with the rest.
   */
  countIn?(counters: Counters): void;
  /** Lets go of what it holds. The engine calls it once, when no topic is left. */
  close?(): void | Promise<void>;
}
