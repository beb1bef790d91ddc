type Entries = Readonly<Record<string, { readonly metas: readonly { readonly v: number }[] }>>;

/** What a server says of who is present where it does not tell everybody of each. */
export interface Told {
  readonly count: number;
  readonly sample?: Entries;
  readonly page?: Entries;
  readonly next?: number | null;
}

/** Who is present, as far as a client was told: a number, and some of them. */
export interface Shown {
  readonly count: number;
  /** The `v` of each meta, by key. `null`: it was not told who. */
  readonly some: Readonly<Record<string, readonly number[]>> | null;
}

/** Who is present in a `counted` or a `paged` topic, as one client knows it. */
export class CountedPresence {
  /** What it was told the last time. */
  shown: Shown | null = null;
  /** All pages that were asked for together; `null`: they have not all come. */
  pages: Readonly<Record<string, readonly number[]>> | null = null;
  #asked: Record<string, readonly number[]> = {};

  /** It has joined: what it knew is void. */
  joined(): void {
    this.shown = this.pages = null;
  }

  /** It is told something. */
  received(told: Told): void {
    const { count, sample } = told;
    this.shown = { count, some: sample === undefined ? null : metasOf(sample) };
  }

  /** It asks for all pages, from the first on. */
  asking(): void {
    this.#asked = {};
    this.pages = null;
  }

  /** A page has come. Gives what the next one is asked for with; `null`: that was the last one. */
  paged({ page, next = null }: Told): number | null {
    Object.assign(this.#asked, metasOf(page ?? {}));
    if (next === null) this.pages = this.#asked;
    return next;
  }
}

function metasOf(entries: Entries): Record<string, readonly number[]> {
  return Object.fromEntries(
    Object.entries(entries).map(([key, { metas }]) => [key, metas.map(({ v }) => v)]),
  );
}
