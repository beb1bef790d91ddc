/** A topic that an extension is tested against: it commits when the test says so. */

import { Counters } from "../../src/base/inspect.ts";
import { JsonText } from "../../src/base/json_text.ts";
import type { LogLevel } from "../../src/base/log.ts";
import { Presence } from "../../src/presence/presence.ts";
import { type PresenceOptions, presenceRules } from "../../src/presence/presence_rules.ts";
import type { ExtendedTopic, ExtensionMember } from "../../src/topics/extension.ts";
import { seededRandom, VirtualClock } from "../../src/testing/mod.ts";

/** What a member has been sent, in short. */
export type Sent = [event: string, payload: unknown];

/** A member that remembers what it is sent. */
export class FakeMember implements ExtensionMember {
  readonly connectionId: string;
  readonly userId: string;
  readonly #got: Sent[] = [];

  constructor(id: string) {
    this.connectionId = this.userId = id;
  }

  push(event: string, payload: unknown): void {
    this.#got.push([event, payload instanceof JsonText ? payload.toJSON() : payload]);
  }

  /** What has come since the last call. */
  take(): Sent[] {
    return this.#got.splice(0);
  }
}

/** A topic with presence and nothing else. */
export class FakeTopic {
  readonly clock = new VirtualClock();
  readonly counters = new Counters();
  readonly lines: string[] = [];
  readonly presence: Presence;
  /** Whether a commit has been asked for. */
  touched = false;
  readonly #members = new Set<FakeMember>();
  readonly #joining: FakeMember[] = [];
  readonly #published: Sent[] = [];

  constructor(options: PresenceOptions = {}) {
    const topic: ExtendedTopic = {
      name: "room:1",
      clock: this.clock,
      random: seededRandom(1),
      counters: this.counters,
      logger: { log: (level: LogLevel, message: string) => this.lines.push(`${level}: ${message}`) },
      past: null,
      memberCount: 0,
      publish: ({ event, payload, kept }) => {
        if (kept) throw new Error("presence is not kept");
        this.#published.push([event, (payload as JsonText).toJSON()]);
        this.touched = true;
      },
      touch: () => this.touched = true,
      after: (delayMs, task) => {
        const timer = this.clock.setTimer(task, delayMs);
        return () => this.clock.clearTimer(timer);
      },
      every: () => () => {},
    };
    this.presence = new Presence(topic, presenceRules("room:{id}", options, null));
  }

  /** Somebody who is a member from the next commit on, and tracks these keys. */
  join(id: string, ...keys: string[]): FakeMember {
    const member = new FakeMember(id);
    for (const key of keys) this.track(member, key, { by: id });
    this.#joining.push(member);
    return member;
  }

  leave(member: FakeMember): void {
    this.#members.delete(member);
    this.presence.left(member);
  }

  track(owner: object, key: string, meta: object): void {
    this.presence.receive({ type: "track", owner, key, body: JSON.stringify(meta) });
  }

  share(owner: object, tabs: number): void {
    this.presence.receive({ type: "tabs", owner, tabs });
  }

  untrack(owner: object, key: string): void {
    this.presence.receive({ type: "untrack", owner, key });
  }

  page(after = 0): unknown {
    let page: unknown;
    this.presence.receive({ type: "page", after, answer: (text) => page = text.toJSON() });
    return page;
  }

  /** Commits the turn, if that was asked for; gives what was published in it. */
  commit(): Sent[] {
    this.presence.committing();
    this.touched = false;
    const published = this.#published.splice(0);
    for (const member of this.#joining) this.#members.add(member);
    for (const member of this.#members) for (const [event, payload] of published) member.push(event, payload);
    for (const member of this.#joining.splice(0)) this.presence.joined(member);
    return published;
  }

  /** Lets time pass. */
  advance(ms: number): void {
    const untilMs = this.clock.elapsedMs() + ms;
    while (this.clock.step(untilMs));
  }
}

/** The metas of a key in a state or a half of a diff, without their references. */
export function told(keys: unknown): Record<string, unknown[]> {
  const entries = Object.entries(keys as Record<string, { metas: Record<string, unknown>[] }>);
  return Object.fromEntries(
    entries.map((
      [key, { metas }],
    ) => [key, metas.map(({ phx_ref: _ref, phx_ref_prev: _prev, ...meta }) => meta)]),
  );
}
