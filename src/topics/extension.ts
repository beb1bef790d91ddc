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

/** A member of the topic, as extensions see it. It is the same object for as long as the membership lasts. */
export interface ExtensionMember {
  /** The id of its connection. */
  readonly connectionId: string;
  /** The id of its user. */
  readonly userId: string;
  /** Sends an event to this member alone, behind all that the topic has written to it. */
  push(event: string, payload: unknown): void;
}

/** What has been published, once it is committed. */
export interface CommittedPublication {
  /** The event. */
  readonly event: string;
  /** The payload: what JSON can say, or bytes. It MUST NOT be changed. */
  readonly payload: unknown;
  /** Where it stands in the topic's history; `null` where it has none, or the publication is not kept. */
  readonly position: Position | null;
}

/** The topic, as its extensions see it. */
export interface ExtendedTopic {
  /** Its whole name. */
  readonly name: string;
  /** The port of time. Timers MUST be cleared in {@link TopicExtension.stopped}. */
  readonly clock: Clock;
  /** The port of randomness. */
  readonly random: Random;
  /** Counts by name. */
  readonly counters: Counters;
  /** Where log lines go. */
  readonly logger: Logger;
  /**
   * Publishes to all members, behind what the topic has taken in. `kept`: whether it belongs into the topic's history,
   * where there is one.
   */
  publish(event: string, payload: unknown, kept: boolean): void;
  /** Asks for a commit soon, even where nothing is published. */
  touch(): void;
}

/**
 * A feature of one topic. All calls come in the topic's turn. A throw ends the topic, and so all of its channels: throw
 * only where going on would be wrong.
 */
export interface TopicExtension {
  /** Something for this extension, in the order of the topic's mailbox: see `Topics.tell`. */
  receive?(message: unknown): void;
  /** The commit of a turn begins: what is published here is the last of it. */
  committing?(): void;
  /** A publication is committed; called in order, before anybody gets it. */
  committed?(publication: CommittedPublication): void;
  /** Somebody has become a member, and has been written what the turn had for it. */
  joined?(member: ExtensionMember): void;
  /** The topic ends. */
  stopped?(): void;
}

/** Makes an extension for a topic that starts. */
export type TopicExtensionFactory = (topic: ExtendedTopic) => TopicExtension;
