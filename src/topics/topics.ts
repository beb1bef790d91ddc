import { TroupeError } from "../base/errors.ts";
import type { Counters } from "../base/inspect.ts";
import type { Logger } from "../base/log.ts";
import type { Clock, TimerId } from "../base/clock.ts";
import type { Behavior } from "../actors/behavior.ts";
import { DynamicSupervisor, type Spawner } from "../actors/dynamic_supervisor.ts";
import { offer, requestStop, unwatchFrom, waitingFor, type Watcher, watchFrom } from "../actors/inside.ts";
import type { Ref } from "../actors/ref.ts";
import { BackoffCount } from "../actors/restarts.ts";
import type { Random } from "../base/random.ts";
import type { Scheduler } from "../actors/scheduler.ts";
import { NO_PATTERNS, type Patterns } from "./patterns.ts";
import type { Publication } from "./publication.ts";
import type { Subscriber } from "./subscriber.ts";
import { APPEND_TIMEOUT_MS, Committer } from "./committer.ts";
import type { Log } from "./log.ts";
import { DEFAULT_REPLAY_LIMITS, type ReplayLimits } from "./recovery.ts";
import type { TopicMessage } from "./topic.ts";
import { type TopicArgs, topicBehavior } from "./topic_behavior.ts";
import { PLAIN_TOPIC, type TopicSetup } from "./topic_setup.ts";

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
  /** What the topics have beside their members, by name. Default: nothing. */
  setupOf?: (name: string) => TopicSetup;
  /** Keeps their histories. Default: none, so no setup has one. */
  log?: Log;
  /** Where what they publish goes beside their members. Default: nowhere. */
  patterns?: Patterns;
  /** Members from which on a publication waits for what else the turn brings. Default: 400. */
  crowdSize?: number;
  /** How their actors behave. Default: as topics do. */
  behavior?: Behavior<TopicMessage, TopicArgs>;
  /** How much is replayed to one client. Default: 1,000 publications, 512 KiB. */
  replay?: ReplayLimits;
  /** How long their log may take to store something, in milliseconds. Default: 10,000. Beyond, the topics end. */
  appendTimeoutMs?: number;
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
  /** Whether it has a history, which must not be forgotten while somebody holds it. */
  readonly isKept: boolean;
  /** How many hold it: its members, and who is about to be one. */
  leases: number;
  /** Runs while nobody holds it. */
  idleTimer: TimerId | null;
}

/** A topic that crashed. */
interface Crashed {
  readonly backoff: BackoffCount;
  untilMs: number;
}

/** How many crashed topics are remembered; beyond, the one that crashed first is forgotten, and may start at once. */
const MAX_CRASHED = 10_000;

/** How long to wait before telling a topic again what its full mailbox has refused, in milliseconds. */
const RETRY_MS = 100;

/** How long to wait before asking again for a topic whose log is not done in time: all of its members ask. */
const OVERDUE_RETRY_MS = 2_000;

/** Who holds a topic for a moment, and does not mind its end. */
const NOBODY: Watcher = { terminated() {} };

/** All topics by name: started by the first member, stopped when idle, kept from starting too soon after a crash. */
export class Topics {
  readonly #ports: TopicsPorts;
  readonly #supervisor: DynamicSupervisor<TopicMessage, TopicArgs>;
  readonly #running = new Map<string, Running>();
  readonly #crashed = new Map<string, Crashed>();
  readonly #backoff: { minMs: number; maxMs: number };
  readonly #idleMs: number;
  readonly #maxTopics: number;
  readonly #setupOf: (name: string) => TopicSetup;
  readonly #log: Log;
  readonly #committer: Committer;
  readonly #patterns: Patterns | undefined;

  /** `name`: what the supervisor of these topics is called in the tree. */
  constructor(name: string, ports: TopicsPorts, options: TopicsOptions = {}) {
    this.#ports = ports;
    this.#backoff = options.backoff ?? { minMs: 100, maxMs: 10_000 };
    this.#idleMs = options.idleMs ?? 10_000;
    this.#setupOf = options.setupOf ?? (() => PLAIN_TOPIC);
    this.#patterns = options.patterns;
    const log = this.#log = options.log ?? NO_LOG;
    this.#maxTopics = options.maxTopics ?? 1_000_000;
    const { appendTimeoutMs = APPEND_TIMEOUT_MS } = options;
    this.#committer = new Committer(log, { ...ports, appendTimeoutMs });
    this.#supervisor = new DynamicSupervisor(ports, {
      name,
      maxChildren: this.#maxTopics,
      child: options.behavior ?? topicBehavior({
        clock: ports.clock,
        random: ports.random,
        scheduler: ports.scheduler,
        counters: ports.counters,
        logger: ports.logger,
        log,
        committer: this.#committer,
        patterns: this.#patterns,
        replay: options.replay ?? DEFAULT_REPLAY_LIMITS,
        crowdSize: options.crowdSize ?? 400,
        mailboxCapacity: options.mailboxCapacity ?? 10_000,
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

  /** Whether what a topic has published is being stored, by a log that takes its time. */
  isStoring(name: string): boolean {
    return this.#committer.isBusy(name);
  }

  /** Where the topic is, if it lives. */
  find(name: string): Ref<TopicMessage> | undefined {
    return this.#running.get(name)?.ref;
  }

  /**
   * Holds the topic for a channel that is joining, and starts it if it does not live. Each call needs one
   * {@link Topics.unhold}, with the same watcher, which is told if the topic ends before.
   *
   * @throws {TroupeError} `topic_unavailable` (retryable, with `retryAfterMs`) soon after a crash, and while its log is
   * not done with what it has published before; `too_many_children`.
   */
  hold(name: string, watcher: Watcher): Ref<TopicMessage> {
    let running = this.#running.get(name);
    if (running === undefined) {
      this.#checkAvailable(name);
      const setup = this.#setupOf(name);
      running = { ref: this.#start(name, setup), isKept: setup.history !== null, leases: 0, idleTimer: null };
      this.#running.set(name, running);
      const begun = running;
      watchFrom(begun.ref, { terminated: (_, { kind }) => this.#ended(name, begun, kind === "crashed") });
    }
    if (running.leases++ === 0 && running.isKept) this.#log.hold?.(name);
    this.#stopIdleTimer(running);
    watchFrom(running.ref, watcher);
    return running.ref;
  }

  /** Lets go of a topic. With the last one, its idle time begins. */
  unhold(name: string, ref: Ref<TopicMessage>, watcher: Watcher): void {
    unwatchFrom(ref, watcher);
    const running = this.#running.get(name);
    if (running?.ref !== ref || --running.leases > 0) return;
    if (running.isKept) this.#log.release?.(name);
    this.#idle(name, running);
  }

  #idle(name: string, running: Running): void {
    running.idleTimer = this.#ports.clock.setTimer(() => {
      // Its log takes its time: something is being stored, or waits for the topic to begin.
      if (this.#committer.isBusy(name) || waitingFor(running.ref) > 0) return this.#idle(name, running);
      this.#running.delete(name); // at once: whoever joins from now on starts another
      this.#ports.counters.add("topics.idle");
      requestStop(running.ref);
      this.#ports.scheduler.drain();
    }, this.#idleMs);
  }

  /** Ends a topic. Whoever holds it is told; whoever joins from now on starts another. */
  close(name: string): void {
    const running = this.#running.get(name);
    if (running === undefined) return;
    this.#stopIdleTimer(running);
    this.#running.delete(name);
    this.#ports.counters.add("topics.closed");
    requestStop(running.ref);
  }

  /** Asks the topic to subscribe a member that holds it. `false`: its mailbox is full. */
  subscribe(ref: Ref<TopicMessage>, subscriber: Subscriber): boolean {
    return offer(ref, { type: "subscribe", subscriber, ask: subscriber.asks });
  }

  /** Asks the topic to forget a member, which is not active any more. */
  unsubscribe(name: string, ref: Ref<TopicMessage>, subscriber: Subscriber): void {
    if (this.#running.get(name)?.ref !== ref) return; // it has ended
    if (offer(ref, { type: "unsubscribe", subscriber })) return;
    this.#ports.clock.setTimer(() => this.unsubscribe(name, ref, subscriber), RETRY_MS);
  }

  /** Tells an extension of a topic. `false`: the topic's mailbox is full. */
  tell(ref: Ref<TopicMessage>, extension: string, message: unknown): boolean {
    return offer(ref, { type: "extend", extension, message });
  }

  /**
   * Publishes in a topic. Where the topic does not live, nobody but members of patterns is there to hear: it is committed
   * at once, unless it is to be kept; then the topic is started for it.
   *
   * @throws {TroupeError} `topic_overloaded` (retryable) if the topic's mailbox is full; what {@link Topics.hold} throws.
   */
  publish(publication: Publication): void {
    const ref = this.find(publication.topic) ??
      (publication.kept === null ? undefined : this.#startFor(publication.topic));
    if (ref === undefined) {
      if (this.#patterns !== undefined && this.#patterns.size > 0) {
        const { personal } = this.#setupOf(publication.topic);
        this.#patterns.deliver(publication.topic, [publication], NO_PATTERNS, personal);
      }
      publication.acknowledge();
    } else if (!offer(ref, publication)) {
      this.#ports.counters.add("topics.overloaded");
      throw new TroupeError(
        "topic_overloaded",
        `Cannot publish ${JSON.stringify(publication.event)} in ${JSON.stringify(publication.topic)}: ` +
          "the topic has more to do than its mailbox holds",
        { retryable: true, details: { topic: publication.topic } },
      );
    }
  }

  #startFor(name: string): Ref<TopicMessage> {
    const ref = this.hold(name, NOBODY);
    this.unhold(name, ref, NOBODY);
    return ref;
  }

  #start(name: string, setup: TopicSetup): Ref<TopicMessage> {
    try {
      return this.#supervisor.start({ args: { name, setup }, label: name });
    } catch (error) {
      this.#ports.counters.add("topics.refused");
      throw error;
    }
  }

  #stopIdleTimer(running: Running): void {
    if (running.idleTimer !== null) this.#ports.clock.clearTimer(running.idleTimer);
    running.idleTimer = null;
  }

  #ended(name: string, running: Running, crashed: boolean): void {
    if (running.leases > 0 && running.isKept) this.#log.release?.(name);
    if (this.#running.get(name) === running) {
      this.#stopIdleTimer(running);
      this.#running.delete(name);
    }
    if (!crashed) return;
    const nowMs = this.#ports.clock.elapsedMs();
    const entry = this.#crashed.get(name) ?? { backoff: new BackoffCount(), untilMs: 0 };
    entry.untilMs = nowMs + entry.backoff.nextDelayMs(this.#backoff, nowMs, this.#ports.random);
    this.#crashed.delete(name);
    this.#crashed.set(name, entry);
    if (this.#crashed.size > MAX_CRASHED) this.#crashed.delete(this.#crashed.keys().next().value!);
    this.#ports.counters.add("topics.crashed");
  }

  #checkAvailable(name: string): void {
    if (this.#committer.isBusy(name)) {
      const retryMs = this.#committer.isOverdue(name) ? OVERDUE_RETRY_MS : RETRY_MS;
      throw unavailable(name, "has ended, and is still being stored", retryMs);
    }
    const { overdue } = this.#committer;
    if (overdue > 0 && this.size + overdue >= this.#maxTopics) {
      this.#ports.counters.add("topics.refused");
      throw unavailable(name, "has to wait: the log is not done with too many others", OVERDUE_RETRY_MS);
    }
    const crashed = this.#crashed.get(name);
    if (crashed === undefined) return;
    const nowMs = this.#ports.clock.elapsedMs();
    const retryAfterMs = Math.ceil(crashed.untilMs - nowMs);
    if (retryAfterMs > 0) throw unavailable(name, "has crashed and is not back yet", retryAfterMs);
    crashed.backoff.started(nowMs);
  }
}

function unavailable(name: string, why: string, retryAfterMs: number): TroupeError {
  return new TroupeError("topic_unavailable", `The topic ${JSON.stringify(name)} ${why}`, {
    retryable: true,
    retryAfterMs,
  });
}

/** For topics without a history: nothing reaches it. */
const NO_LOG: Log = {
  head: noLog,
  append: noLog,
  read: noLog,
  snapshot: noLog,
};

function noLog(): never {
  throw new TroupeError("invalid_options", "Cannot keep a history: there is no log");
}
