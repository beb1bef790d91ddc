import { TroupeError } from "../base/errors.ts";
import type { Counters } from "../base/inspect.ts";
import type { Presence } from "../presence/presence.ts";
import type { PresentKey } from "../presence/presence_rules.ts";
import type { TopicKinds } from "../sessions/topic_kinds.ts";
import type { Scheduler } from "../actors/scheduler.ts";
import type { ConnectionTable } from "../sessions/connections.ts";
import type { Member, Members } from "../sessions/members.ts";
import type { Topics } from "../topics/topics.ts";

/** One topic, as those outside of its handlers see it. */
export interface TopicView {
  /** Its name. */
  readonly name: string;
  /** How many members it has, now. */
  readonly memberCount: number;
  /** How many keys are present in it; 0 where it has no presence. */
  readonly presentCount: number;
}

/** One member of a topic, as those outside of its handlers see it. */
export interface TopicMember {
  /** The id of its connection. */
  readonly connectionId: string;
  /** The id of its user. */
  readonly userId: string;
  /** When its join was granted, in milliseconds since the Unix epoch. */
  readonly joinedAtMs: number;
  /** Whether its client is away, and may come back: see `limits.graceMs`. */
  readonly isAway: boolean;
  /** How many frames wait for its connection, those of other topics included. */
  readonly backlog: number;
}

/** Which members are meant: those of a user, or the one of a connection. */
export type MemberTarget = { readonly user: string } | { readonly connection: string };

/**
 * The living topics of an app, for those who look after it. Iterates over all. A topic lives from its first join on; it
 * may have no members for a while.
 *
 * @example
 * ```ts
 * import { AppKit } from "@troupe/core/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using kit = new AppKit();
 * kit.app.topic("room:{id}", {});
 * const client = await kit.connect("/socket/websocket?vsn=2.0.0");
 * client.send('["1","1","room:1","phx_join",{}]');
 * await kit.settle();
 * assertEquals([...kit.app.topics].map(({ name, memberCount }) => [name, memberCount]), [["room:1", 1]]);
 * assertEquals(kit.app.topics.close("room:1", "closing time"), 1);
 * await kit.settle();
 * assertEquals(client.take().slice(1), [
 *   '["1",null,"room:1","troupe:kicked",{"reason":"closing time"}]',
 *   '["1","1","room:1","phx_close",{}]',
 * ]);
 * ```
 */
export interface TopicDirectory extends Iterable<TopicView> {
  /** How many live. */
  readonly size: number;
  /** The one of this name; `undefined` if it does not live. */
  get(name: string): TopicView | undefined;
  /** Its members, those who joined first at the front. None, if it does not live. */
  members(name: string): TopicMember[];
  /**
   * Who is present in it, key by key, those that were present first at the front. None, if it does not live, or has no
   * presence.
   */
  presence(name: string): PresentKey[];
  /**
   * Ends the membership of those who are meant, behind all that was published before: their clients are told
   * (`troupe:kicked`, with the reason), then their channels are closed, so that they do not come back by themselves. To
   * keep them out, let `join` refuse them. `leave` is called with the reason `kicked`.
   *
   * @param reason What the client is told. Default: `kicked`.
   * @returns How many there were.
   * @throws {TroupeError} `bad_target`.
   */
  kick(who: MemberTarget, topic: string, reason?: string): number;
  /**
   * Kicks all members of a topic, and ends it. Whoever joins from now on starts another of its name; a join that is
   * pending fails, and its client tries again by itself.
   *
   * @param reason What the clients are told. Default: `closed`.
   * @returns How many members there were.
   */
  close(topic: string, reason?: string): number;
}

/** What a {@link LiveTopics} needs of its engine. */
export interface TopicDirectoryPorts {
  readonly topics: Topics;
  readonly kinds: TopicKinds;
  readonly counters: Counters;
  readonly members: Members;
  readonly connections: ConnectionTable;
  readonly scheduler: Scheduler;
}

/** The topics of an engine. */
export class LiveTopics implements TopicDirectory {
  readonly #ports: TopicDirectoryPorts;

  constructor(ports: TopicDirectoryPorts) {
    this.#ports = ports;
  }

  get size(): number {
    return this.#ports.topics.size;
  }

  get(name: string): TopicView | undefined {
    return this.#ports.topics.find(name) === undefined ? undefined : this.#view(name);
  }

  *[Symbol.iterator](): Iterator<TopicView> {
    for (const name of this.#ports.topics.names()) yield this.#view(name);
  }

  #view(name: string): TopicView {
    const memberCount = this.#ports.members.of(name).size;
    return { name, memberCount, presentCount: this.#presenceIn(name)?.size ?? 0 };
  }

  #presenceIn(name: string): Presence | undefined {
    const { kinds, counters } = this.#ports;
    return kinds.find(name)?.value.presence?.in(name, counters);
  }

  presence(name: string): PresentKey[] {
    const presence = this.#presenceIn(name);
    if (presence === undefined) return [];
    return Array.from(presence.keys, (key) => ({ key, metas: presence.metasOf(key) }));
  }

  members(name: string): TopicMember[] {
    const { members, connections } = this.#ports;
    return [...members.of(name)].map(({ connectionId, owner, joinedAtMs, isAway = false }) => ({
      connectionId,
      userId: owner.user.id,
      joinedAtMs,
      isAway,
      backlog: connections.get(connectionId)?.backlog ?? 0,
    }));
  }

  kick(who: MemberTarget, topic: string, reason = "kicked"): number {
    const isMeant = memberFilter(who);
    return this.#kick([...this.#ports.members.of(topic)].filter(isMeant), reason);
  }

  close(topic: string, reason = "closed"): number {
    const { members, topics, scheduler } = this.#ports;
    const count = this.#kick([...members.of(topic)], reason);
    // Behind the kicks, which are behind what was published.
    scheduler.atFlush(() => topics.close(topic));
    return count;
  }

  #kick(members: readonly Member[], reason: string): number {
    if (members.length > 0) {
      this.#ports.scheduler.atFlush(() => {
        for (const member of members) member.requestEnd({ kind: "kicked", reason });
      });
    }
    return members.length;
  }
}

/**
 * Tells whether a member is meant.
 *
 * @throws {TroupeError} `bad_target` for what is no {@link MemberTarget}.
 */
export function memberFilter(who: unknown): (member: Member) => boolean {
  if (typeof who === "object" && who !== null) {
    const [[kind, id] = [], ...others] = Object.entries(who);
    if (others.length === 0 && typeof id === "string") {
      if (kind === "user") return ({ owner }) => owner.user.id === id;
      if (kind === "connection") return ({ connectionId }) => connectionId === id;
    }
  }
  const accepted = "{ user: id } and { connection: id }";
  throw new TroupeError("bad_target", `Cannot tell who is meant: accepted are ${accepted}`, {
    details: { accepted },
  });
}
