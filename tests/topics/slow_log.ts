import type { Log, LogBatch, LogHead, LogPage, LogSnapshot } from "../../src/topics/log.ts";

/** A log that takes its time, and fails when told to: each call waits until it is let go on. */
export class SlowLog implements Log {
  readonly #inner: Log;
  readonly #waiting: (() => void)[] = [];
  /** What the next calls fail with; `null`: they do not. */
  failing: Error | null = null;
  /** Whether appends, or reads, are done at once. */
  isSync = { append: false, read: false };
  readonly appended: number[] = [];

  constructor(inner: Log) {
    this.#inner = inner;
  }

  /** How many calls wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Lets the oldest call go on, or that at `index`. */
  async proceed(index = 0): Promise<void> {
    this.#waiting.splice(index, 1)[0]();
    for (let i = 0; i < 4; i++) await Promise.resolve();
  }

  head(topic: string): LogHead {
    return this.#inner.head(topic) as LogHead;
  }

  append(batches: readonly LogBatch[]): readonly LogHead[] | Promise<readonly LogHead[]> {
    this.appended.push(batches.length);
    return this.#later(this.isSync.append, () => this.#inner.append(batches) as readonly LogHead[]);
  }

  read(topic: string, after: number, max: number): LogPage | Promise<LogPage> {
    return this.#later(this.isSync.read, () => this.#inner.read(topic, after, max) as LogPage);
  }

  snapshot(topic: string): LogSnapshot | null {
    return this.#inner.snapshot(topic) as LogSnapshot | null;
  }

  #later<T>(isSync: boolean, task: () => T): T | Promise<T> {
    const run = (): T => {
      if (this.failing !== null) throw this.failing;
      return task();
    };
    if (isSync) return run();
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => {
        try {
          resolve(run());
        } catch (error) {
          reject(error);
        }
      });
    });
  }
}
