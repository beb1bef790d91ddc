import { TroupeError } from "../base/errors.ts";
import type { Counters } from "../base/inspect.ts";
import type { Logger } from "../base/log.ts";
import type { Clock } from "../base/clock.ts";
import { DynamicSupervisor, type Spawner } from "../actors/dynamic_supervisor.ts";
import { offer, unwatchFrom, type Watcher, watchFrom } from "../actors/inside.ts";
import type { Ref } from "../actors/ref.ts";
import { BackoffCount } from "../actors/restarts.ts";
import type { Random } from "../base/random.ts";
import type { Scheduler } from "../actors/scheduler.ts";
import type { Publication } from "./publication.ts";
import type { Subscriber } from "./subscriber.ts";
import { type TopicArgs, topicBehavior, type TopicMessage } from "./topic.ts";

/** How topics are bounded. */
export interface TopicsOptions {
  /** How many topics live at the most. Default: 1,000,000. */
  maxTopics?: number;
  /** How many messages wait in a topic's mailbox. Default: 10,000. Beyond, a broadcast throws `topic_overloaded`. */
  mailboxCapacity?: number;
  /** How long a topic lives without a member, in milliseconds. Default: 10,000. */
  idleMs?: number;
  /** How long a crashed topic answers `topic_unavailable`: the first and the longest wait, in milliseconds. */
  backoff?: { minMs: number; maxMs: number };
}

/** What the topics need of the system. */
export interface TopicsPorts extends Spawner {
  readonly clock: Clock;
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly counters: Counters;
  readonly logger: Logger;
}

/** A running topic. */
interface Running {
  readonly ref: Ref<TopicMessage>;
  /** How many channels hold it: it does not stop under somebody who is about to subscribe. */
  leases: number;
}

/** A topic that crashed. */
interface Crashed {
  readonly backoff: BackoffCount;
  untilMs: number;
}

/** How many crashed topics are remembered; beyond, the one that crashed first is forgotten, and may start at once. */
const MAX_CRASHED = 10_000;

/** All topics by name: started by the first member, stopped when idle, kept from starting too soon after a crash. */
export class Topics {
  readonly #ports: TopicsPorts;
  readonly #supervisor: DynamicSupervisor<TopicMessage, TopicArgs>;
  readonly #running = new Map<string, Running>();
  readonly #crashed = new Map<string, Crashed>();
  readonly #backoff: { minMs: number; maxMs: number };

  /** `name`: what the supervisor of these topics is called in the tree. */
  constructor(name: string, ports: TopicsPorts, options: TopicsOptions = {}) {
    this.#ports = ports;
    this.#backoff = options.backoff ?? { minMs: 100, maxMs: 10_000 };
    this.#supervisor = new DynamicSupervisor(ports, {
      name,
      maxChildren: options.maxTopics ?? 1_000_000,
      child: topicBehavior({
        scheduler: ports.scheduler,
        counters: ports.counters,
        logger: ports.logger,
        mailboxCapacity: options.mailboxCapacity ?? 10_000,
        idleMs: options.idleMs ?? 10_000,
        release: (topic) => this.#release(topic),
      }),
    });
  }

  /** How many topics live. */
  get size(): number {
    return this.#running.size;
  }

  /** The names of the living topics. */
  names(): IterableIterator<string> {
    return this.#running.keys();
  }

  /** Where the topic is, if it lives. */
  find(name: string): Ref<TopicMessage> | undefined {
    return this.#running.get(name)?.ref;
  }

  /**
   * Holds the topic for a channel that is joining, and starts it if it does not live. Each call needs one
   * {@link Topics.unhold}, with the same watcher, which is told if the topic ends before.
   *
   * @throws {TroupeError} `topic_unavailable` (retryable, with `retryAfterMs`) soon after a crash; `too_many_children`.
   */
  hold(name: string, watcher: Watcher): Ref<TopicMessage> {
    let running = this.#running.get(name);
    if (running === undefined) {
      this.#checkCrashed(name);
      running = { ref: this.#supervisor.start({ args: { name }, label: name }), leases: 0 };
      this.#running.set(name, running);
      watchFrom(running.ref, { terminated: (ref, { kind }) => this.#ended(name, ref, kind === "crashed") });
    }
    running.leases++;
    watchFrom(running.ref, watcher);
    return running.ref;
  }

  /** Lets go of a topic. */
  unhold(name: string, ref: Ref<TopicMessage>, watcher: Watcher): void {
    unwatchFrom(ref, watcher);
    const running = this.#running.get(name);
    if (running?.ref === ref) running.leases--;
  }

  /** Asks the topic to subscribe a member that holds it. `false`: its mailbox is full. */
  subscribe(ref: Ref<TopicMessage>, subscriber: Subscriber): boolean {
    return offer(ref, { type: "subscribe", subscriber });
  }

  /** Asks the topic to forget a member. */
  unsubscribe(ref: Ref<TopicMessage>, subscriber: Subscriber): void {
    offer(ref, { type: "unsubscribe", subscriber });
  }

  /**
   * Publishes in a topic. Where the topic does not live, nobody is there to hear: it is committed at once.
   *
   * @throws {TroupeError} `topic_overloaded` (retryable) if the topic's mailbox is full.
   */
  publish(publication: Publication): void {
    const ref = this.find(publication.topic);
    if (ref === undefined) publication.acknowledge();
    else if (!offer(ref, publication)) {
      this.#ports.counters.add("topics.overloaded");
      throw new TroupeError(
        "topic_overloaded",
        `Cannot publish ${JSON.stringify(publication.event)} in ${JSON.stringify(publication.topic)}: ` +
          "the topic has more to do than its mailbox holds",
        { retryable: true, details: { topic: publication.topic } },
      );
    }
  }

  #release(name: string): boolean {
    const running = this.#running.get(name);
    if (running === undefined || running.leases > 0) return false;
    this.#running.delete(name);
    return true;
  }

  #ended(name: string, ref: Ref<never>, crashed: boolean): void {
    if (this.#running.get(name)?.ref === ref) this.#running.delete(name);
    if (!crashed) return;
    const nowMs = this.#ports.clock.elapsedMs();
    const entry = this.#crashed.get(name) ?? { backoff: new BackoffCount(), untilMs: 0 };
    entry.untilMs = nowMs + entry.backoff.nextDelayMs(this.#backoff, nowMs, this.#ports.random);
    this.#crashed.delete(name);
    this.#crashed.set(name, entry);
    if (this.#crashed.size > MAX_CRASHED) this.#crashed.delete(this.#crashed.keys().next().value!);
    this.#ports.counters.add("topics.crashed");
  }

  #checkCrashed(name: string): void {
    const crashed = this.#crashed.get(name);
    if (crashed === undefined) return;
    const nowMs = this.#ports.clock.elapsedMs();
    const retryAfterMs = Math.ceil(crashed.untilMs - nowMs);
    if (retryAfterMs > 0) {
      throw new TroupeError(
        "topic_unavailable",
        `The topic ${JSON.stringify(name)} has crashed and is not back yet`,
        {
          retryable: true,
          retryAfterMs,
        },
      );
    }
    crashed.backoff.started(nowMs);
  }
}
