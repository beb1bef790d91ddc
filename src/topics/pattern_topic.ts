import { messageOf } from "../base/errors.ts";
import type { Counters } from "../base/inspect.ts";
import type { JsonText } from "../base/json_text.ts";
import type { Logger } from "../base/log.ts";
import { TopicPattern } from "../contract/pattern.ts";
import { Fanout } from "./fanout.ts";
import { matchedPublication } from "./matched.ts";
import type { Publication } from "./publication.ts";
import type { Subscriber } from "./subscriber.ts";

/** One membership of a pattern. */
export interface PatternSubscriber extends Subscriber {
  /** Whether it may get what `topic`, which the pattern covers, publishes. Asked for each commit; MUST NOT throw. */
  mayGet(topic: string): boolean;
}

/** A publication of a topic, and what members of patterns are sent of it. */
export interface Matched {
  readonly publication: Publication;
  readonly payload: JsonText;
}

/** Where patterns that somebody has joined are found. */
export interface PatternRegister {
  /** Somebody has joined `pattern`, as the first. */
  add(pattern: PatternTopic): void;
  /** The last one has left `pattern`. */
  remove(pattern: PatternTopic): void;
}

/** What a pattern's topic needs of its surroundings. */
export interface PatternTopicPorts {
  readonly counters: Counters;
  readonly logger: Logger;
}

/**
 * Who has joined a pattern. Nobody publishes here: topics that the pattern covers hand on what they commit, in their
 * own commit, so that it comes in their order and waits in no mailbox.
 */
export class PatternTopic {
  readonly name: string;
  readonly pattern: TopicPattern;
  readonly #register: PatternRegister;
  readonly #ports: PatternTopicPorts;
  readonly #subscribers = new Set<PatternSubscriber>();

  /** Throws `invalid_pattern` if `name` is none. */
  constructor(name: string, register: PatternRegister, ports: PatternTopicPorts) {
    this.name = name;
    this.pattern = new TopicPattern(name);
    this.#register = register;
    this.#ports = ports;
  }

  /** Takes somebody in: it gets whatever is committed from now on. */
  subscribe(subscriber: PatternSubscriber): void {
    subscriber.subscribed(null);
    if (!subscriber.active) return; // it has ended meanwhile
    this.#subscribers.add(subscriber);
    if (this.#subscribers.size === 1) this.#register.add(this);
  }

  /** Forgets a subscriber. It is not called any more. */
  unsubscribe(subscriber: PatternSubscriber): void {
    if (this.#subscribers.delete(subscriber) && this.#subscribers.size === 0) this.#register.remove(this);
  }

  /** Its actor has ended. */
  stopped(): void {
    if (this.#subscribers.size > 0) this.#register.remove(this);
    this.#subscribers.clear();
  }

  /** `topic` has committed `matched`, in this order. */
  deliver(topic: string, matched: readonly Matched[]): void {
    const publications = matched.map(({ publication, payload }) =>
      matchedPublication(publication, payload, this.name)
    );
    const fanout = new Fanout(publications, this.#unencodable);
    for (const subscriber of this.#subscribers) {
      if (!subscriber.active) this.unsubscribe(subscriber); // its farewell found the mailbox full
      else if (subscriber.mayGet(topic)) fanout.deliver(subscriber);
    }
  }

  readonly #unencodable = (_: Publication, codec: { name: string }, error: unknown): void => {
    this.#ports.counters.add("publications.unencodable");
    this.#ports.logger.log("warn", "publication skipped: the codec cannot carry it", {
      topic: this.name,
      codec: codec.name,
      error: messageOf(error),
    });
  };
}
