import type { Ref } from "../actors/ref.ts";
import type { RequestOptions } from "./request_kind.ts";
import type { LeaveReason } from "./topic_handlers.ts";
import type { User } from "./user.ts";

/** A channel, as those see it who send to it from outside of its handlers. */
export interface Member {
  readonly topic: string;
  /** The id of its connection. */
  readonly connectionId: string;
  /** How its topic is handled. */
  readonly kind?: { readonly recheck: unknown; readonly recheckMs: number | null };
  /** Whose it is. */
  readonly owner: { readonly user: User };
  /** When its join was granted, in milliseconds since the Unix epoch. */
  readonly joinedAtMs: number;
  /** Whether its client is away: what is pushed reaches nobody. Left out: it is not. */
  readonly isAway?: boolean;
  /** Its address: what is told to it reaches its `info` handler. */
  readonly address: Ref<unknown>;
  /** Sends an event to this channel alone. */
  push(event: string, payload: unknown): void;
  /** Asks its client. Throws what the contract refuses. */
  request(event: string, payload: unknown, options?: RequestOptions): Promise<unknown>;
  /** Ends it. */
  requestEnd(reason: LeaveReason): void;
}

/** Is told who becomes a member, and who is one no longer. */
export interface MembersObserver {
  added(member: Member): void;
  removed(member: Member): void;
}

/** Who is a member of which topic, on this node: the channels by topic. */
export class Members {
  readonly #byTopic = new Map<string, Set<Member>>();
  readonly #observer: MembersObserver | null;
  #size = 0;

  constructor(observer: MembersObserver | null = null) {
    this.#observer = observer;
  }

  /** How many members there are, of all topics. */
  get size(): number {
    return this.#size;
  }

  /** How many topics have a member. */
  get topics(): number {
    return this.#byTopic.size;
  }

  /** The members of `topic`. */
  of(topic: string): ReadonlySet<Member> {
    return this.#byTopic.get(topic) ?? NOBODY;
  }

  /** A channel has become a member. */
  add(channel: Member): void {
    let members = this.#byTopic.get(channel.topic);
    if (members === undefined) this.#byTopic.set(channel.topic, members = new Set());
    if (members.has(channel)) return;
    this.#size++;
    members.add(channel);
    this.#observer?.added(channel);
  }

  /** A channel is no member any more. */
  remove(channel: Member): void {
    const members = this.#byTopic.get(channel.topic);
    if (!members?.delete(channel)) return;
    this.#size--;
    this.#observer?.removed(channel);
    if (members.size === 0) this.#byTopic.delete(channel.topic);
  }
}

const NOBODY: ReadonlySet<Member> = new Set();
