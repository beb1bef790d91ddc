/** One of those who are present under a key: what it was tracked with, and its `phx_ref`. */
export interface PresenceMeta {
  /** Names this meta. It is another one after each update. */
  readonly phx_ref: string;
  /** What it was tracked with. */
  readonly [field: string]: unknown;
}

type Presences = Readonly<Record<string, { readonly metas: readonly PresenceMeta[] }>>;

interface Diff {
  readonly joins: Presences;
  readonly leaves: Presences;
}

/** Who is present in a topic, as a client of phoenix.js sees it from `presence_state` and `presence_diff`. */
export class PresenceView {
  #present = new Map<string, readonly PresenceMeta[]>();
  /** Diffs that came before the state that they belong to. */
  #early: Diff[] | null = [];

  /** Those who are present, by key. */
  get present(): ReadonlyMap<string, readonly PresenceMeta[]> {
    return this.#present;
  }

  /** The topic is joined anew: what was known holds until the next state. */
  joining(): void {
    this.#early = [];
  }

  /** An event of the channel's. Those that say nothing of presence are ignored. */
  receive(event: string, payload: unknown): void {
    if (event === "presence_state") {
      this.#present = new Map(Object.entries(payload as Presences).map(([key, { metas }]) => [key, metas]));
      const early = this.#early ?? [];
      this.#early = null;
      for (const diff of early) this.#apply(diff);
    } else if (event === "presence_diff") {
      if (this.#early === null) this.#apply(payload as Diff);
      else this.#early.push(payload as Diff);
    }
  }

  #apply({ joins, leaves }: Diff): void {
    const present = new Map(this.#present); // what a test holds on to stays as it was
    for (const [key, { metas }] of Object.entries(joins)) {
      present.set(key, [...without(present.get(key), metas), ...metas]);
    }
    for (const [key, { metas }] of Object.entries(leaves)) {
      const rest = without(present.get(key), metas);
      if (rest.length === 0) present.delete(key);
      else present.set(key, rest);
    }
    this.#present = present;
  }
}

function without(
  metas: readonly PresenceMeta[] = [],
  others: readonly PresenceMeta[],
): readonly PresenceMeta[] {
  const refs = new Set(others.map(({ phx_ref }) => phx_ref));
  return metas.filter(({ phx_ref }) => !refs.has(phx_ref));
}
