import { TroupeError } from "../base/errors.ts";
import type { PatternSubscriber } from "../topics/pattern_topic.ts";
import type { ChannelOwner } from "./channel_owner.ts";
import { ChannelSubscription, type SubscribedChannel } from "./channel_subscription.ts";
import type { ChannelCtx } from "./channel_context.ts";
import type { TopicKind } from "./topic_kind.ts";

/** What the subscription of a pattern needs of its channel. */
export interface PatternChannel extends SubscribedChannel {
  readonly owner: SubscribedChannel["owner"] & Pick<ChannelOwner<never>, "authorizations">;
  readonly kind: TopicKind;
  readonly state: unknown;
  readonly ctx: ChannelCtx;
}

/**
 * A channel's side of a pattern: asks for each topic that publishes whether its client may get that, and remembers the
 * answers.
 */
export class PatternSubscription extends ChannelSubscription implements PatternSubscriber {
  readonly #channel: PatternChannel;
  readonly #verdicts = new Map<string, boolean>();
  /** How often the user had been authorized when they were given, and by which state of the channel. */
  #authorizations = 0;
  #state: unknown = undefined;
  #hasCrashed = false;

  /** Holds the pattern. Throws what `Topics.hold` throws. */
  constructor(channel: PatternChannel) {
    super(channel, channel.owner.ports.patterns!.topics);
    this.#channel = channel;
  }

  mayGet(topic: string): boolean {
    const { state, owner: { authorizations } } = this.#channel;
    if (authorizations !== this.#authorizations || state !== this.#state) {
      this.#verdicts.clear();
      this.#authorizations = authorizations;
      this.#state = state;
    }
    return this.#verdicts.get(topic) ?? this.#ask(topic);
  }

  override rematch(): void {
    this.#verdicts.clear();
  }

  #ask(topic: string): boolean {
    if (this.#hasCrashed) return false;
    const { kind, ctx, owner: { ports } } = this.#channel;
    const params = kind.pattern.match(topic);
    let answer: unknown = false;
    try {
      if (params !== null) answer = kind.match!(ctx, topic, params);
      if (answer instanceof Promise) throw asynchronous(answer, kind.pattern.source);
    } catch (error) {
      return this.#crash(topic, error);
    }
    const verdict = answer === true;
    const { counters, patterns } = ports;
    counters.add(verdict ? "patterns.granted" : "patterns.refused");
    if (this.#verdicts.size >= patterns!.maxMatches) {
      this.#verdicts.delete(this.#verdicts.keys().next().value!);
      counters.add("patterns.forgotten");
    }
    this.#verdicts.set(topic, verdict);
    return verdict;
  }

  #crash(of: string, error: unknown): false {
    const { topic, owner: { ports, user } } = this.#channel;
    this.#hasCrashed = true;
    ports.counters.add("patterns.crashed");
    ports.logger.log("error", "match crashed", { topic, of, user: user.id, error });
    this.#channel.requestEnd({ kind: "crashed", error });
    return false;
  }
}

function asynchronous(answer: Promise<unknown>, within: string): TroupeError {
  answer.catch(() => {}); // whatever it comes to: it was not asked for
  return new TroupeError(
    "async_match",
    `Cannot wait for the answer of "match" of the patterns within "${within}": the topic's commit waits for nobody. ` +
      "Accepted is true or false at once: load what it takes in join, and keep it in the state",
    { details: { within } },
  );
}
