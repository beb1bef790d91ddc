import { messageOf } from "../base/errors.ts";
import type { Counters } from "../base/inspect.ts";
import type { Logger } from "../base/log.ts";
import { actor, type Behavior } from "../actors/behavior.ts";
import type { Scheduler } from "../actors/scheduler.ts";
import { type Entry, Fanout } from "./fanout.ts";
import { Publication } from "./publication.ts";
import type { Subscriber } from "./subscriber.ts";

/** What a topic is told. */
export type TopicMessage =
  | Publication
  | { readonly type: "subscribe"; readonly subscriber: Subscriber }
  | { readonly type: "unsubscribe"; readonly subscriber: Subscriber };

/** What a topic needs of its surroundings, and how it is bounded. */
export interface TopicPorts {
  readonly scheduler: Scheduler;
  readonly counters: Counters;
  readonly logger: Logger;
  /** How many messages its mailbox holds. */
  readonly mailboxCapacity: number;
}

/** What a topic is started with. */
export interface TopicArgs {
  readonly name: string;
}

/** The owner of one topic's order: takes publications in, commits them once per turn, and fans them out. */
export class Topic {
  readonly name: string;
  readonly #ports: TopicPorts;
  readonly #subscribers = new Set<Subscriber>();
  /** How many of them gain by waiting for the end of a turn. */
  #gainers = 0;
  #entries: Entry[] = [];
  readonly #commit = (): void => this.#commitTurn();

  constructor(name: string, ports: TopicPorts) {
    this.name = name;
    this.#ports = ports;
  }

  /**
   * Takes in one publication or subscription; it takes effect at this turn's commit, or, where no subscriber gains by
   * waiting for what else the turn brings, as soon as this drain is done.
   */
  take(entry: Entry): void {
    if (this.#entries.push(entry) > 1) return;
    const { scheduler } = this.#ports;
    if (this.#gainers > 0) scheduler.atCommit(this.#commit);
    else scheduler.atSettled(this.#commit);
  }

  /** Forgets a subscriber. It is not called any more. */
  unsubscribe(subscriber: Subscriber): void {
    if (this.#subscribers.delete(subscriber) && subscriber.gainsByWaiting) this.#gainers--;
  }

  #commitTurn(): void {
    const entries = this.#entries;
    this.#entries = [];
    const publications: Publication[] = [];
    const joins: { subscriber: Subscriber; from: number }[] = [];
    for (const entry of entries) {
      if ("publication" in entry) publications.push(entry.publication);
      else joins.push({ subscriber: entry.subscriber, from: publications.length });
    }
    const fanout = new Fanout(publications, this.#unencodable);
    if (publications.length > 0) {
      for (const subscriber of this.#subscribers) {
        if (subscriber.active) fanout.deliver(subscriber);
        else this.unsubscribe(subscriber); // its farewell found the mailbox full
      }
    }
    for (const { subscriber, from } of joins) {
      for (const own of publications.slice(0, from)) if (own.origin === subscriber) own.acknowledge();
      subscriber.subscribed();
      if (!subscriber.active) continue; // it has ended meanwhile
      fanout.deliver(subscriber, from);
      this.#subscribers.add(subscriber);
      if (subscriber.gainsByWaiting) this.#gainers++;
    }
    for (const publication of publications) publication.acknowledge();
    this.#ports.counters.add("publications", publications.length);
  }

  readonly #unencodable = (publication: Publication, codec: { name: string }, error: unknown): void => {
    this.#ports.counters.add("publications.unencodable");
    this.#ports.logger.log("warn", "publication skipped: the codec cannot carry it", {
      topic: this.name,
      event: publication.event,
      codec: codec.name,
      error: messageOf(error),
    });
  };
}

/** The behaviour of topic actors. */
export function topicBehavior(ports: TopicPorts): Behavior<TopicMessage, TopicArgs> {
  return actor<TopicMessage, Topic, TopicArgs>({
    name: "topic",
    mailbox: { capacity: ports.mailboxCapacity },
    init: (_ctx, { name }) => new Topic(name, ports),
    receive(topic, message) {
      if (message instanceof Publication) topic.take({ publication: message });
      else if (message.type === "subscribe") topic.take({ subscriber: message.subscriber });
      else topic.unsubscribe(message.subscriber);
      return topic;
    },
  });
}
