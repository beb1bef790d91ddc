import type { World } from "./world.ts";

interface Meta {
  readonly phx_ref: string;
  readonly phx_ref_prev?: string;
  readonly v: number;
}
type Presences = Readonly<Record<string, { readonly metas: readonly Meta[] }>>;

/** Who is present, for a client that believes nothing: each difference has to fit exactly. */
export class StrictPresence {
  readonly #world: World;
  readonly #where: string;
  /** What each reference stands for, for all who look: none is given twice. */
  readonly #refs: Map<string, string>;
  /** All references that it was told of. */
  readonly #known = new Set<string>();
  #metas: Map<string, { readonly key: string; readonly v: number }> | null = null;

  constructor(world: World, where: string, refs: Map<string, string>) {
    this.#world = world;
    this.#where = where;
    this.#refs = refs;
  }

  /** It has joined: what it knew is void until the state comes. */
  joined(): void {
    this.#metas = null;
    this.#known.clear();
  }

  /** An event of the server's. */
  received(event: string, payload: unknown): void {
    if (event === "presence_state") {
      this.#metas = new Map();
      this.#add(payload as Presences, "state");
    } else if (event === "presence_diff" && this.#metas !== null) {
      const { joins, leaves } = payload as { joins: Presences; leaves: Presences };
      this.#remove(leaves);
      this.#add(joins, "diff");
    }
  }

  /** The `v` of all, by key. */
  get present(): Readonly<Record<string, readonly number[]>> | null {
    if (this.#metas === null) return null;
    const present: Record<string, number[]> = {};
    for (const { key, v } of this.#metas.values()) (present[key] ??= []).push(v);
    return present;
  }

  #add(presences: Presences, how: string): void {
    for (const [key, { metas }] of Object.entries(presences)) {
      for (const { phx_ref: ref, phx_ref_prev: before, v } of metas) {
        if (how === "diff" && before !== undefined && !this.#known.has(before)) {
          this.#fail(`${how}: ${key} ${ref} takes the place of ${before}, which was never there`);
        }
        this.#known.add(ref);
        if (this.#metas!.has(ref)) this.#fail(`${how}: ${key} ${ref} is there already`);
        this.#metas!.set(ref, { key, v });
        const meaning = `${key} ${v}`;
        const known = this.#refs.get(ref);
        if (known !== undefined && known !== meaning) this.#fail(`${ref} is ${meaning}, and was ${known}`);
        this.#refs.set(ref, meaning);
      }
    }
  }

  #remove(presences: Presences): void {
    for (const [key, { metas }] of Object.entries(presences)) {
      for (const { phx_ref: ref } of metas) {
        if (!this.#metas!.delete(ref)) this.#fail(`leave: ${key} ${ref} is not there`);
      }
    }
  }

  #fail(details: string): void {
    this.#world.fail("presence is told by exact differences", `${this.#where}: ${details}`);
  }
}
