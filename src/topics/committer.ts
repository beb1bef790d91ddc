import type { Scheduler } from "../actors/scheduler.ts";
import type { Log, LogBatch, LogHead } from "./log.ts";

/** A topic with a history, as the committer sees it. */
export interface Committable {
  readonly name: string;
  /** The commit begins: what is to be appended; `null`: nothing, go on at once. MUST NOT throw. */
  prepare(): LogBatch | null;
  /** What it gave is stored: `head` is where its history stands now; `null`: nothing was to be stored. MUST NOT throw. */
  settle(head: LogHead | null): void;
  /** What it gave is not stored. MUST NOT throw. */
  abandon(error: unknown): void;
}

/**
 * Commits the topics with a history that a turn, or a drain, has something for: one append for all of them, so that a
 * log on a disk writes once. A log that takes its time holds those topics alone. If the append of several fails, each is
 * tried on its own: what one of them has published does not take the others with it.
 */
export class Committer {
  readonly #log: Log;
  readonly #scheduler: Scheduler;
  #soon: Committable[] = [];
  #later: Committable[] = [];
  /** Those whose append is under way, or is to be tried once more. */
  readonly #busy = new Set<string>();

  constructor(log: Log, scheduler: Scheduler) {
    this.#log = log;
    this.#scheduler = scheduler;
  }

  /** Commits `topic` when the drain is done (`soon`), or at the commit of this turn. Once for each time it is prepared. */
  add(topic: Committable, soon: boolean): void {
    if (soon) {
      if (this.#soon.push(topic) === 1) this.#scheduler.atSettled(this.#commitSoon);
    } else if (this.#later.push(topic) === 1) this.#scheduler.atCommit(this.#commitLater);
  }

  /** Whether an append of the topic of this name is under way: nobody else may append to it. */
  isBusy(name: string): boolean {
    return this.#busy.has(name);
  }

  readonly #commitSoon = (): void => {
    const topics = this.#soon;
    this.#soon = [];
    this.#commit(topics);
  };

  readonly #commitLater = (): void => {
    const topics = this.#later;
    this.#later = [];
    this.#commit(topics);
  };

  #commit(topics: readonly Committable[]): void {
    const appending: Committable[] = [];
    const batches: LogBatch[] = [];
    for (const topic of topics) {
      const batch = topic.prepare();
      if (batch === null) topic.settle(null);
      else {
        appending.push(topic);
        batches.push(batch);
      }
    }
    if (batches.length > 0) this.#append(appending, batches);
  }

  #append(topics: readonly Committable[], batches: readonly LogBatch[]): void {
    let heads: readonly LogHead[] | Promise<readonly LogHead[]>;
    try {
      heads = this.#log.append(batches);
    } catch (error) {
      return this.#failed(topics, batches, error);
    }
    if (!(heads instanceof Promise)) return this.#stored(topics, heads);
    for (const { name } of topics) this.#busy.add(name);
    heads.then(
      (stored) => this.#inTurn(() => this.#stored(topics, stored)),
      (error) => this.#inTurn(() => this.#failed(topics, batches, error)),
    );
  }

  #inTurn(task: () => void): void {
    task();
    this.#scheduler.drain();
  }

  #stored(topics: readonly Committable[], heads: readonly LogHead[]): void {
    topics.forEach((topic, i) => {
      this.#busy.delete(topic.name);
      topic.settle(heads[i]);
    });
  }

  #failed(topics: readonly Committable[], batches: readonly LogBatch[], error: unknown): void {
    if (topics.length === 1) {
      this.#busy.delete(topics[0].name);
      return topics[0].abandon(error);
    }
    for (const { name } of topics) this.#busy.add(name); // until each has been tried
    topics.forEach((topic, i) => this.#append([topic], [batches[i]]));
  }
}
