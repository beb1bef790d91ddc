/**
 * The port of features that a topic may have: presence, state, a life of its own. An extension is a part of its topic:
 * it runs in the topic's turn, one call at a time.
 *
 * @module
 */

import type { Clock } from "../base/clock.ts";
import type { Counters } from "../base/inspect.ts";
import type { Logger } from "../base/log.ts";
import type { Position } from "../base/position.ts";
import type { Random } from "../base/random.ts";
import type { LogEntry, LogHead, LogSnapshot, NewLogEntry } from "./log.ts";
import type { Origin } from "./origin.ts";

/** A member of the topic, as extensions see it. It is the same object for as long as the membership lasts. */
export interface ExtensionMember {
  /** The id of its connection. */
  readonly connectionId: string;
  /** The id of its user. */
  readonly userId: string;
  /**
   * Sends an event to this member alone, behind all that the topic has written to it. A payload that goes to many is
   * encoded once as a `JsonText`.
   */
  push(event: string, payload: unknown): void;
}

/** What is published, as extensions see it. */
export interface ExtendedPublication {
  /** The event. */
  readonly event: string;
  /** The payload: what JSON can say, or bytes. It MUST NOT be changed. */
  readonly payload: unknown;
  /** What the topic's history keeps of it; `null`: nothing. */
  readonly kept: NewLogEntry | null;
  /** Where it stands in the topic's history, once it is committed; `null` where it is not kept. */
  readonly position: Position | null;
}

/** What an extension publishes. */
export interface ExtensionPublication {
  /** The event. */
  readonly event: string;
  /** The payload. */
  readonly payload: unknown;
  /** Whether it belongs into the topic's history, where there is one. */
  readonly kept: boolean;
  /** Who waits for its commit. Default: nobody. */
  readonly origin?: Origin;
}

/** What was kept of the topic before it started. */
export interface TopicPast {
  /** Where its history stands. */
  readonly head: LogHead;
  /** The last state that was folded; `null`: none. */
  readonly snapshot: LogSnapshot | null;
  /** What was published since. */
  readonly tail: readonly LogEntry[];
}

/** The topic, as its extensions see it. */
export interface ExtendedTopic {
  /** Its whole name. */
  readonly name: string;
  /** The port of time; for what happens later there is {@link ExtendedTopic.after}. */
  readonly clock: Clock;
  /** The port of randomness. */
  readonly random: Random;
  /** Counts by name. */
  readonly counters: Counters;
  /** Where log lines go. */
  readonly logger: Logger;
  /** How many members it has. */
  readonly memberCount: number;
  /** What was kept of it, where its setup has a history that is folded; `null` elsewhere. */
  readonly past: TopicPast | null;
  /** Publishes to all members, behind what the topic has taken in. Throws for what JSON cannot carry. */
  publish(publication: ExtensionPublication): void;
  /** Asks for a commit at the end of the turn, even where nothing is published. */
  touch(): void;
  /** Runs `task` in the topic's turn, after `delayMs`, unless the topic has ended. Gives what takes that back. */
  after(delayMs: number, task: () => void): () => void;
  /** Runs `task` in the topic's turn every `periodMs`, on a fixed grid: what is missed is not made up for. */
  every(periodMs: number, task: () => void): () => void;
}

/** What a member is sent right behind the answer to its join. */
export interface Greeting {
  /** The event. */
  readonly event: string;
  /** Makes the payload: only if it is sent. */
  payload(): unknown;
}

/**
 * A feature of one topic. All calls come in the topic's turn. A throw ends the topic, and so all of its channels: throw
 * only where going on would be wrong.
 */
export interface TopicExtension {
  /** The topic begins when this resolves; if it rejects, it does not. Left out: at once. */
  readonly ready?: Promise<void>;
  /** Something for this extension, in the order of the topic's mailbox: see `Topics.tell`. */
  receive?(message: unknown): void;
  /** A publication has been taken in: it will be committed behind those before it, or fail. */
  taken?(publication: ExtendedPublication): void;
  /** The commit of a turn begins: what is published here is the last of it. */
  committing?(): void;
  /** The fold of all that has been taken in, if it is time to keep it; `null`: not now. */
  snapshot?(): string | null;
  /**
   * The kept ones of a turn could not be stored, and so, where the history is folded, are those that were taken in
   * meanwhile: they count as if they had never been taken in.
   */
  failed?(): void;
  /** A publication is committed; called in order, before anybody gets it. */
  committed?(publication: ExtendedPublication): void;
  /**
   * Somebody becomes a member between two publications: called in order with them. What it gives is sent right behind
   * the answer to the join, but not to a client that is sent all that it has missed. Asked again where too much was
   * published before that answer.
   */
  joining?(member: ExtensionMember): Greeting | null;
  /** Somebody has become a member, and has been written what the turn had for it. */
  joined?(member: ExtensionMember): void;
  /** Somebody is no member any more, or has not become one after all. It may be told twice. */
  left?(member: ExtensionMember): void;
  /** The topic ends. */
  stopped?(): void;
}

/** Makes an extension for a topic that starts. A throw keeps it from starting. */
export type TopicExtensionFactory = (topic: ExtendedTopic) => TopicExtension;
