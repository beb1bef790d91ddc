/**
 * Who is there.
 *
 * @module
 */

import { type Channel, Presence, type PresenceEntry } from "phoenix";
import { TroupeError } from "../base/errors.ts";
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

/** Some of those who are present. */
export interface PresencePage {
  /** How many keys are present in all. */
  readonly count: number;
  /** The keys of this page, those that are there the longest first. */
  readonly present: readonly Present[];
  /** What the next page is asked for with; `null` if this is the last one. */
  readonly next: number | null;
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

/** What the server says of who is present where it does not tell everybody of each: `troupe:presence`. */
interface CountedPresence {
  readonly count: number;
  readonly sample?: Entries;
  readonly page?: Entries;
  readonly next?: number | null;
}

type Entries = Readonly<Record<string, { readonly metas: readonly PresenceMeta[] }>>;

const PRESENCE_EVENT = "troupe:presence";

/**
 * Who is present in a topic: kept by the published client's `Presence`, from `presence_state` and `presence_diff`. After
 * a reconnect it shows what it knew until the server has told anew; then it tells the difference. Where the topic's
 * presence is `counted` or `paged`, it has the number, and a sample or the first page, and tells of `change` alone.
 */
export class PresenceView implements Iterable<Present> {
  readonly #listeners: Listeners<PresenceEvents>;
  #presence: Presence<Record<string, unknown>> | null = null;
  #channel: Channel | null = null;
  /** `null`: everybody is told of each. */
  #counted: PresencePage | null = null;

  /** Nobody is there yet. */
  constructor(failed: Failed) {
    this.#listeners = new Listeners(failed);
  }

  /** How many keys are present. */
  get size(): number {
    return this.#counted?.count ?? this.list().length;
  }

  /** All that are present, by key; a sample, or the first page, where the topic's presence is `counted` or `paged`. */
  list(): Present[] {
    if (this.#counted !== null) return [...this.#counted.present];
    return this.#presence?.list((key, { metas }) => ({ key, metas })) ?? [];
  }

  /**
   * Asks the server for a page of those who are present, where the topic's presence is `paged`.
   *
   * @param after The `next` of the page before. Default: the first page.
   * @returns A promise. It rejects with `no_page` where the server gives none, or the channel is not joined.
   */
  page(after = 0): Promise<PresencePage> {
    return new Promise((resolve, reject) => {
      const failed = (response: unknown): void => {
        const message = "Cannot have a page of those who are present: the server gives none";
        reject(new TroupeError("no_page", message, { details: { response } }));
      };
      if (this.#channel?.state !== "joined") return failed(null);
      this.#channel.push(PRESENCE_EVENT, { after })
        .receive<CountedPresence>("ok", (told) => resolve(pageOf(told)))
        .receive("error", failed)
        .receive("timeout", failed);
    });
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
   * The channel is joined: the state comes. What the published client has kept for an earlier state, which never came,
   * is no part of this one.
   *
   * @internal
   */
  joined(): void {
    Object.assign(this.#presence!, { pendingDiffs: [] });
  }

  /**
   * Follows a channel of the `phoenix` client.
   *
   * @internal
   */
  follow(channel: Channel): void {
    this.#channel = channel;
    channel.on<CountedPresence>(PRESENCE_EVENT, (told) => {
      const page = pageOf(told);
      // A number alone leaves what is shown.
      const isNumber = told.sample === undefined && told.page === undefined;
      this.#counted = isNumber ? { ...page, present: this.#counted?.present ?? [] } : page;
      this.#listeners.emit("change", this);
    });
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

function pageOf({ count, sample, page, next = null }: CountedPresence): PresencePage {
  const present = Object.entries(page ?? sample ?? {}).map(([key, { metas }]) => ({ key, metas }));
  return { count, present, next };
}
