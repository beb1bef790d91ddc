import type { Clock, TimerId } from "../base/clock.ts";
import { TroupeError } from "../base/errors.ts";
import type { Counters } from "../base/inspect.ts";
import type { Logger } from "../base/log.ts";
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
  /**
   * Nobody knows whether what it gave will be stored: it ends. One of the two above follows all the same, if the log is
   * done at any time. MUST NOT throw.
   */
  overdue(error: TroupeError): void;
}

/** What a committer needs of its surroundings. */
export interface CommitterPorts {
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly logger: Logger;
  /** How long an append may take, in milliseconds. */
  readonly appendTimeoutMs: number;
}

/** How long an append may take by default, in milliseconds. */
export const APPEND_TIMEOUT_MS = 10_000;

/**
 * Commits the topics with a history that a turn, or a drain, has something for: one append for all of them, so that a
 * log on a disk writes once. A log that takes its time holds those topics alone. If the append of several fails, each is
 * tried on its own: what one of them has published does not take the others with it.
 *
 * If it takes longer than `appendTimeoutMs`, the topics end. Nobody appends to them, and none of them begins anew, until
 * the log is done: only then is it known what is stored.
 */
export class Committer {
  readonly #log: Log;
  readonly #ports: CommitterPorts;
  #soon: Committable[] = [];
  #later: Committable[] = [];
  /** Those whose append is under way, or is to be tried once more. */
  readonly #busy = new Set<string>();
  /** Those of them that have ended for that. */
  readonly #overdue = new Set<string>();

  constructor(log: Log, ports: CommitterPorts) {
    this.#log = log;
    this.#ports = ports;
  }

  /** Commits `topic` when the drain is done (`soon`), or at the commit of this turn. Once for each time it is prepared. */
  add(topic: Committable, soon: boolean): void {
    if (soon) {
      if (this.#soon.push(topic) === 1) this.#ports.scheduler.atSettled(this.#commitSoon);
    } else if (this.#later.push(topic) === 1) this.#ports.scheduler.atCommit(this.#commitLater);
  }

  /** Whether an append of the topic of this name is under way: nobody else may append to it. */
  isBusy(name: string): boolean {
    return this.#busy.has(name);
  }

  /** Whether that append takes longer than it may. */
  isOverdue(name: string): boolean {
    return this.#overdue.has(name);
  }

  /** How many topics wait so for their log. */
  get overdue(): number {
    return this.#overdue.size;
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
    const { clock, appendTimeoutMs } = this.#ports;
    let timer: TimerId | null = clock.setTimer(() => {
      timer = null;
      this.#inTurn(() => this.#late(topics, batches));
    }, appendTimeoutMs);
    const done = (task: () => void): void => {
      if (timer !== null) clock.clearTimer(timer);
      this.#inTurn(task);
    };
    heads.then(
      (stored) => done(() => this.#stored(topics, stored)),
      (error) =>
        done(() => {
          if (timer !== null) this.#failed(topics, batches, error);
          else for (const topic of topics) this.#abandon(topic, error); // they have ended: nobody waits for a second try
        }),
    );
  }

  #inTurn(task: () => void): void {
    task();
    this.#ports.scheduler.drain();
  }

  #late(topics: readonly Committable[], batches: readonly LogBatch[]): void {
    const { counters, logger, appendTimeoutMs } = this.#ports;
    const publications = batches.reduce((sum, { entries }) => sum + entries.length, 0);
    const { name } = topics[0];
    counters.add("history.overdue", publications);
    logger.log("error", "publications were not stored in time: their topics end", {
      topic: name,
      topics: topics.length,
      publications,
      appendTimeoutMs,
    });
    for (const topic of topics) {
      this.#overdue.add(topic.name);
      topic.overdue(appendTimeout(topic.name, appendTimeoutMs));
    }
  }

  #settled(name: string): void {
    this.#busy.delete(name);
    this.#overdue.delete(name);
  }

  #stored(topics: readonly Committable[], heads: readonly LogHead[]): void {
    topics.forEach((topic, i) => {
      this.#settled(topic.name);
      topic.settle(heads[i]);
    });
  }

  #abandon(topic: Committable, error: unknown): void {
    this.#settled(topic.name);
    topic.abandon(error);
  }

  #failed(topics: readonly Committable[], batches: readonly LogBatch[], error: unknown): void {
    if (topics.length === 1) return this.#abandon(topics[0], error);
    for (const { name } of topics) this.#busy.add(name); // until each has been tried
    topics.forEach((topic, i) => this.#append([topic], [batches[i]]));
  }
}

function appendTimeout(topic: string, appendTimeoutMs: number): TroupeError {
  return new TroupeError(
    "append_timeout",
    `Cannot say whether what ${
      JSON.stringify(topic)
    } has published is stored: its log has not been done for ` +
      `${appendTimeoutMs} ms (limits.appendTimeoutMs). The topic ends, and may begin again once the log is done`,
    { retryable: true, details: { topic, appendTimeoutMs } },
  );
}
