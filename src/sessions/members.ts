import type { Ref } from "../actors/ref.ts";

/** A channel, as those see it who send to it from outside of its handlers. */
export interface Member {
  readonly topic: string;
  /** The id of its connection. */
  readonly connectionId: string;
  /** Its address: what is told to it reaches its `info` handler. */
  readonly address: Ref<unknown>;
  /** Sends an event to this channel alone. */
  push(event: string, payload: unknown): void;
}

/** Who is a member of which topic, on this node: the channels by topic. */
export class Members {
  readonly #byTopic = new Map<string, Set<Member>>();

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
    const members = this.#byTopic.get(channel.topic);
    if (members === undefined) this.#byTopic.set(channel.topic, new Set([channel]));
    else members.add(channel);
  }

  /** A channel is no member any more. */
  remove(channel: Member): void {
    const members = this.#byTopic.get(channel.topic);
    if (members?.delete(channel) && members.size === 0) this.#byTopic.delete(channel.topic);
  }
}

const NOBODY: ReadonlySet<Member> = new Set();
