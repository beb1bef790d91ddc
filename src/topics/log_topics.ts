import { TroupeError } from "../base/errors.ts";

/**
 * The topics that a log keeps, by name: which are in use, which was used longest ago, and how many there may be. What a
 * log knows of each is its own.
 */
export class LogTopics<T> {
  readonly #max: number;
  readonly #onRefused: () => void;
  /** Those that nobody has in use; the one that was used longest ago comes first, as in the other. */
  readonly #idle = new Map<string, T>();
  readonly #held = new Map<string, T>();
  /** How often each is held, whether it is kept or not. */
  readonly #holds = new Map<string, number>();
  #sweep: Iterator<T> = this.#idle.values();
  #sweepsHeld = false;

  /** `max`: how many are kept, `maxTopics` of a log. `onRefused`: there is no room for one more. */
  constructor(max: number, onRefused: () => void) {
    this.#max = max;
    this.#onRefused = onRefused;
  }

  /** How many are kept. */
  get size(): number {
    return this.#idle.size + this.#held.size;
  }

  /** What is kept of the topic. */
  get(name: string): T | undefined {
    return this.#idle.get(name) ?? this.#held.get(name);
  }

  /** The same; it is the one that was used last from now on. */
  use(name: string): T | undefined {
    const topics = this.#mapOf(name);
    const topic = topics.get(name);
    if (topic === undefined) return undefined;
    topics.delete(name);
    topics.set(name, topic);
    return topic;
  }

  /** Keeps `topic`; in the place of what was kept of it, or as the one that was used last. */
  set(name: string, topic: T): void {
    this.#mapOf(name).set(name, topic);
  }

  /** Keeps nothing of it any more. */
  delete(name: string): void {
    if (!this.#idle.delete(name)) this.#held.delete(name);
  }

  /** Keeps nothing any more. Who holds what does not change. */
  clear(): void {
    this.#idle.clear();
    this.#held.clear();
  }

  /** The topic is in use: others go before it. Each call needs one {@link LogTopics.release}. */
  hold(name: string): void {
    const holds = this.#holds.get(name) ?? 0;
    this.#holds.set(name, holds + 1);
    if (holds === 0) move(name, this.#idle, this.#held);
  }

  /** It is not, as far as this hold goes. */
  release(name: string): void {
    const holds = this.#holds.get(name) ?? 0;
    if (holds > 1) this.#holds.set(name, holds - 1);
    else if (this.#holds.delete(name)) move(name, this.#held, this.#idle);
  }

  /** Whether there is room for `news` more, whatever they are. */
  hasRoomFor(news: number): boolean {
    return this.size + news <= this.#max;
  }

  /**
   * Which have to go so that there is room for those of `names` that are not kept yet: of those that are not in use, the
   * ones that were used longest ago.
   *
   * @throws {TroupeError} `log_topics_full` (retryable): too many are in use.
   */
  victims(names: readonly string[]): readonly string[] {
    let beyond = this.size - this.#max;
    for (const name of names) if (this.get(name) === undefined) beyond++;
    if (beyond <= 0) return NOBODY;
    const going = new Set(names);
    const victims = this.#idle.keys().filter((name) => !going.has(name)).take(beyond).toArray();
    if (victims.length === beyond) return victims;
    this.#onRefused();
    throw this.#full(names);
  }

  /** Of those that are not in use, the one that was used longest ago; else of all. `except`: not this one. */
  oldest(except?: T): T | undefined {
    for (const topics of [this.#idle, this.#held]) {
      for (const topic of topics.values()) if (topic !== except) return topic;
    }
  }

  /**
   * The next in turn, first of those that are not in use, then of the others; `undefined`: it was the last. Each use puts
   * one behind the others: who asks twice a use gets through all.
   */
  next(): T | undefined {
    for (let isLast = false; !isLast;) {
      const { value, done } = this.#sweep.next();
      if (!done) return value;
      isLast = this.#sweepsHeld;
      this.#sweepsHeld = !isLast;
      this.#sweep = (isLast ? this.#idle : this.#held).values();
    }
  }

  #mapOf(name: string): Map<string, T> {
    return this.#holds.has(name) ? this.#held : this.#idle;
  }

  #full(names: readonly string[]): TroupeError {
    const [topic] = names.filter((name) => this.get(name) === undefined);
    return new TroupeError(
      "log_topics_full",
      `Cannot begin the history of ${
        JSON.stringify(topic)
      }: the log keeps those of ${this.#max} topics, its ` +
        "option maxTopics, and too many of them are in use. Accepted: a larger maxTopics, or topics that end",
      { retryable: true, details: { topic, maxTopics: this.#max } },
    );
  }
}

function move<T>(name: string, from: Map<string, T>, to: Map<string, T>): void {
  const topic = from.get(name);
  if (topic === undefined) return;
  from.delete(name);
  to.set(name, topic);
}

const NOBODY: readonly string[] = [];
