/**
 * Who is there.
 *
 * @module
 */

import { type Channel, Presence, type PresenceEntry } from "phoenix";
import { type Failed, Listeners, type ListenOptions } from "./listeners.ts";

/** One presence of a key: a tab, a device. What else is in it is what the server tracks. */
export type PresenceMeta = Readonly<Record<string, unknown>> & {
  /** Names this presence; a new one with each update. */
  readonly phx_ref: string;
  /** What it was called before an update. */
  readonly phx_ref_prev?: string;
};

/** A key, and its presences: at least one. */
export interface Present {
  /** Most often the user's id. */
  readonly key: string;
  /** Oldest first. */
  readonly metas: readonly PresenceMeta[];
}

/** What a {@link PresenceView} tells. */
export interface PresenceEvents {
  /** Something has changed: a whole state came, or a turn's changes. */
  readonly change: PresenceView;
  /** A key has new presences; `isFirst`: it was not there before. */
  readonly join: Present & { readonly isFirst: boolean };
  /** A key has lost presences; `isLast`: it is gone. */
  readonly leave: Present & { readonly isLast: boolean };
}

/**
 * Who is present in a topic: kept by the published client's `Presence`, from `presence_state` and `presence_diff`. After
 * a reconnect it shows what it knew until the server has told anew; then it tells the difference.
 */
export class PresenceView implements Iterable<Present> {
  readonly #listeners: Listeners<PresenceEvents>;
  #presence: Presence<Record<string, unknown>> | null = null;

  /** Nobody is there yet. */
  constructor(failed: Failed) {
    this.#listeners = new Listeners(failed);
  }

  /** How many keys are present. */
  get size(): number {
    return this.list().length;
  }

  /** All that are present, by key. */
  list(): Present[] {
    return this.#presence?.list((key, { metas }) => ({ key, metas })) ?? [];
  }

  /** The presences of a key; `undefined` if it is not there. */
  get(key: string): Present | undefined {
    return this.list().find((present) => present.key === key);
  }

  /** Whether a key is there. */
  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** The same as {@link PresenceView.list}. */
  [Symbol.iterator](): IterableIterator<Present> {
    return this.list().values();
  }

  /** Calls `listener` from now on. Gives what takes it away again. */
  on<Event extends keyof PresenceEvents & string>(
    event: Event,
    listener: (payload: PresenceEvents[Event]) => void,
    options?: ListenOptions,
  ): () => void {
    return this.#listeners.on(event, listener, options);
  }

  /**
   * Follows a channel of the `phoenix` client.
   *
   * @internal
   */
  follow(channel: Channel): void {
    const presence = new Presence(channel);
    // What was known is what the first state of the new channel is compared with.
    if (this.#presence !== null) Object.assign(presence, { state: this.#presence.state });
    this.#presence = presence;
    const metasOf = ({ metas }: PresenceEntry): PresenceMeta[] => metas;
    presence.onJoin((key, current, joined) => {
      this.#listeners.emit("join", { key, metas: metasOf(joined), isFirst: current === undefined });
    });
    presence.onLeave((key, current, left) => {
      this.#listeners.emit("leave", { key, metas: metasOf(left), isLast: current.metas.length === 0 });
    });
    presence.onSync(() => this.#listeners.emit("change", this));
  }
}
