/**
 * Who is there.
 *
 * @module
 */

import { type Channel, Presence, type PresenceEntry } from "phoenix";
import type { AnyRecord } from "../contract/mod.ts";
import type { Feature } from "./feature.ts";
import { type Failed, Listeners, type ListenOptions } from "./listeners.ts";
import type { Membership } from "./membership.ts";
import { PRESENCE_EVENT, PRESENCE_FORMS } from "./presence_forms.ts";
import { refused } from "./refused.ts";

/**
 * One presence of a key: a tab, a device.
 *
 * @typeParam M What the server tracks it with: by the contract's `presence`.
 */
export type PresenceMeta<M = AnyRecord> = M & {
  /** Names this presence; a new one with each update. */
  readonly phx_ref: string;
  /** What it was called before an update. */
  readonly phx_ref_prev?: string;
};

/** A key, and its presences: at least one. */
export interface Present<M = AnyRecord> {
  /** Most often the user's id. */
  readonly key: string;
  /** Oldest first. */
  readonly metas: readonly PresenceMeta<M>[];
}

/** Some of those who are present. */
export interface PresencePage<M = AnyRecord> {
  /** How many keys are present in all. */
  readonly count: number;
  /** The keys of this page, those that are there the longest first. */
  readonly present: readonly Present<M>[];
  /** What the next page is asked for with; `null` if this is the last one. */
  readonly next: number | null;
}

/** What a {@link PresenceView} tells. */
export interface PresenceEvents<M = AnyRecord> {
  /** Something has changed: a whole state came, or a turn's changes. */
  readonly change: PresenceView<M>;
  /** A key has new presences; `isFirst`: it was not there before. */
  readonly join: Present<M> & { readonly isFirst: boolean };
  /** A key has lost presences; `isLast`: it is gone. */
  readonly leave: Present<M> & { readonly isLast: boolean };
}

/** What the server says of who is present where it does not tell everybody of each: `troupe:presence`. */
interface CountedPresence {
  readonly count: number;
  readonly sample?: Entries;
  readonly page?: Entries;
  readonly next?: number | null;
}

type Entries = Readonly<Record<string, { readonly metas: readonly PresenceMeta[] }>>;

/**
 * Who is present in a topic: kept by the published client's `Presence`, from `presence_state` and `presence_diff`. After
 * a reconnect it shows what it knew until the server has told anew; then it tells the difference. Where the topic's
 * presence is `counted` or `paged`, it has the number, and a sample or the first page, and tells of `change` alone.
 *
 * @typeParam M What the server tracks: by the contract's `presence`.
 */
export class PresenceView<M = AnyRecord> implements Iterable<Present<M>> {
  readonly #listeners: Listeners<PresenceEvents<M>>;
  #presence: Presence<M> | null = null;
  #channel: Channel | null = null;
  /** `null`: everybody is told of each. */
  #counted: PresencePage<M> | null = null;

  /** Nobody is there yet. */
  constructor(failed: Failed) {
    this.#listeners = new Listeners(failed);
  }

  /** How many keys are present. */
  get size(): number {
    return this.#counted?.count ?? this.list().length;
  }

  /** All that are present, by key; a sample, or the first page, where the topic's presence is `counted` or `paged`. */
  list(): Present<M>[] {
    if (this.#counted !== null) return [...this.#counted.present];
    return this.#presence?.list((key, { metas }) => ({ key, metas })) ?? [];
  }

  /**
   * Asks the server for a page of those who are present, where the topic's presence is `paged`.
   *
   * @param after The `next` of the page before. Default: the first page.
   * @returns A promise. It rejects with `no_page` where the server gives none, or the channel is not joined.
   */
  page(after = 0): Promise<PresencePage<M>> {
    return new Promise((resolve, reject) => {
      const failed = (response: unknown): void => {
        reject(refused("no_page", "have a page of those who are present", { response }));
      };
      if (this.#channel?.state !== "joined") return failed(null);
      this.#channel.push(PRESENCE_EVENT, { after })
        .receive<CountedPresence>("ok", (told) => {
          if (PRESENCE_FORMS[PRESENCE_EVENT]!(told)) resolve(pageOf<M>(told));
          else failed(told);
        })
        .receive("error", failed)
        .receive("timeout", failed);
    });
  }

  /** The presences of a key; `undefined` if it is not there. */
  get(key: string): Present<M> | undefined {
    return this.list().find((present) => present.key === key);
  }

  /** Whether a key is there. */
  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** The same as {@link PresenceView.list}. */
  [Symbol.iterator](): IterableIterator<Present<M>> {
    return this.list().values();
  }

  /** Calls `listener` from now on. Gives what takes it away again. */
  on<Event extends keyof PresenceEvents<M> & string>(
    event: Event,
    listener: (payload: PresenceEvents<M>[Event]) => void,
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
      const page = pageOf<M>(told);
      // A number alone leaves what is shown.
      const isNumber = told.sample === undefined && told.page === undefined;
      this.#counted = isNumber ? { ...page, present: this.#counted?.present ?? [] } : page;
      this.#listeners.emit("change", this);
    });
    const presence = new Presence<M>(channel);
    this.#presence = presence;
    const metasOf = ({ metas }: PresenceEntry<M>): PresenceMeta<M>[] => metas;
    presence.onJoin((key, current, joined) => {
      // The change of the turn in which this client has joined may say again what the state says.
      const known = current?.metas.map(({ phx_ref }) => phx_ref) ?? [];
      const metas = metasOf(joined).filter(({ phx_ref }) => !known.includes(phx_ref));
      if (metas.length > 0) this.#listeners.emit("join", { key, metas, isFirst: current === undefined });
    });
    presence.onLeave((key, current, left) => {
      this.#listeners.emit("leave", { key, metas: metasOf(left), isLast: current.metas.length === 0 });
    });
    presence.onSync(() => this.#listeners.emit("change", this));
  }
}

function pageOf<M>({ count, sample, page, next = null }: CountedPresence): PresencePage<M> {
  const present = Object.entries(page ?? sample ?? {}).map(([key, { metas }]) => ({
    key,
    metas: metas as readonly PresenceMeta<M>[],
  }));
  return { count, present, next };
}

/** Gives channels `channel.presence`: for the option `use` of `connect`. */
export const withPresence: Feature = {
  name: "withPresence",
  forms: PRESENCE_FORMS,
  equip: ({ link }: Membership) => ({ presence: new PresenceView(link.failed) }),
};
