/**
 * Who wants to know of what.
 *
 * @module
 */

/** What a listener can be registered with. */
export interface ListenOptions {
  /** Takes the listener away when it is aborted; it is not even registered if it already is. */
  readonly signal?: AbortSignal;
}

/** Is told of what a listener has thrown, and of which event it was. */
export type Failed = (error: unknown, event: string) => void;

/**
 * Listeners by event. They are called in the order in which they came; each in a `try` of its own, so that one that
 * throws costs the others nothing.
 */
export class Listeners<Events extends object> {
  readonly #failed: Failed;
  readonly #lists = new Map<keyof Events, Set<(payload: never) => void>>();

  /** Makes an empty one. */
  constructor(failed: Failed) {
    this.#failed = failed;
  }

  /** Calls `listener` for each `event` from now on. Gives what takes it away again. */
  on<Event extends keyof Events & string>(
    event: Event,
    listener: (payload: Events[Event]) => void,
    { signal }: ListenOptions = {},
  ): () => void {
    if (signal?.aborted) return () => {};
    // One function may listen twice, as two listeners.
    const entry = (payload: Events[Event]): void => listener(payload);
    const list = this.#lists.get(event) ?? new Set();
    this.#lists.set(event, list.add(entry));
    const off = (): void => {
      list.delete(entry);
      signal?.removeEventListener("abort", off);
    };
    signal?.addEventListener("abort", off);
    return off;
  }

  /** Tells those who listen. */
  emit<Event extends keyof Events & string>(event: Event, payload: Events[Event]): void {
    const list = this.#lists.get(event) ?? new Set();
    // Those who come while it is told are not told; those who are taken away are not, either.
    for (const listener of [...list]) {
      if (!list.has(listener)) continue;
      try {
        (listener as (payload: Events[Event]) => void)(payload);
      } catch (error) {
        this.#failed(error, event);
      }
    }
  }
}

/** Reports as the platform reports errors of event listeners: a page logs it, Deno and Node end. */
export function reportFailure(error: unknown): void {
  const { reportError } = globalThis as { reportError?: (error: unknown) => void };
  if (reportError === undefined) void Promise.reject(error);
  else reportError(error);
}
