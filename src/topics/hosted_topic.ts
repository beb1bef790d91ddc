import type { Clock } from "../base/clock.ts";
import type { Counters } from "../base/inspect.ts";
import type { Logger } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { ExtendedTopic, ExtensionPublication, TopicPast } from "./extension.ts";
import type { ExtensionPorts } from "./extensions.ts";

/** A timer of an actor. */
interface HostTimer {
  cancel(): void;
}

/** A topic's actor, which runs what is given to it in its own turn. */
export interface RunningHost {
  after(delayMs: number, message: { readonly type: "run"; readonly task: () => void }): HostTimer;
  every(periodMs: number, message: { readonly type: "run"; readonly task: () => void }): HostTimer;
}

/** What extensions may do in their topic. */
export interface HostedTopic {
  readonly name: string;
  /** Its members, or how many there are. */
  readonly members: { readonly size: number };
  publish(publication: ExtensionPublication): void;
  touch(): void;
}

/**
 * The topic, as its extensions see it. A class, since V8 makes a new shape for each object literal with a getter, and
 * there may be many topics.
 */
export class ExtensionTopic implements ExtendedTopic {
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly counters: Counters;
  readonly logger: Logger;
  readonly past: TopicPast | null;
  readonly #topic: HostedTopic;
  readonly #host: RunningHost;

  /** `host`: the actor of `topic`. */
  constructor(topic: HostedTopic, ports: ExtensionPorts, host: RunningHost, past: TopicPast | null) {
    this.name = topic.name;
    this.clock = ports.clock;
    this.random = ports.random;
    this.counters = ports.counters;
    this.logger = ports.logger;
    this.past = past;
    this.#topic = topic;
    this.#host = host;
  }

  get memberCount(): number {
    return this.#topic.members.size;
  }

  publish(publication: ExtensionPublication): void {
    this.#topic.publish(publication);
  }

  touch(): void {
    this.#topic.touch();
  }

  after(delayMs: number, task: () => void): () => void {
    const timer = this.#host.after(delayMs, { type: "run", task });
    return () => timer.cancel();
  }

  every(periodMs: number, task: () => void): () => void {
    const timer = this.#host.every(periodMs, { type: "run", task });
    return () => timer.cancel();
  }
}
