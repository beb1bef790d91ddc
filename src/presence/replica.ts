/**
 * Who is present, as several nodes agree on it without asking each other: a conflict-free replicated data type. It is
 * pure: no time, no randomness, no I/O.
 *
 * @module
 */

import { Dots } from "./dots.ts";

/** One entry: somebody is present under a key. It never changes: an update is another entry in its place. */
export interface ReplicaEntry<V> {
  /** Names it, among the entries of all replicas: its tag. */
  readonly ref: string;
  /** The replica that has added it: nobody else removes it. */
  readonly replica: string;
  /** The number of that event, among those of its replica. */
  readonly clock: number;
  /** Under what. Several entries may have the same. */
  readonly key: string;
  /** What is known of it. It MUST NOT be changed. */
  readonly value: V;
}

/** What one replica has done, as far as the sender knows: any part of it, or all. */
export interface ReplicaPart<V> {
  /** Whose events. */
  readonly replica: string;
  /** Which of its events: first and last of each range. */
  readonly dots: readonly number[];
  /** The entries that are there of those events: what is missing among them has been removed. */
  readonly entries: readonly { readonly clock: number; readonly key: string; readonly value: V }[];
}

/** What one replica tells others: what has happened to it, or what they lack. It is data that JSON can say if `V` is. */
export interface ReplicaDelta<V> {
  /** By replica. */
  readonly parts: readonly ReplicaPart<V>[];
}

/** Which events of which replica somebody has seen. */
export type ReplicaContext = readonly { readonly replica: string; readonly dots: readonly number[] }[];

/** What somebody who looks at the entries sees come and go. */
export interface ReplicaDiff<V> {
  /** Entries that were not there before. */
  readonly joins: readonly ReplicaEntry<V>[];
  /** Entries that are not there any more. */
  readonly leaves: readonly ReplicaEntry<V>[];
}

/** What a change of one's own comes to: an entry that is there now, or is there no more; and what others are told. */
export interface ReplicaChange<V> {
  readonly entry: ReplicaEntry<V>;
  readonly delta: ReplicaDelta<V>;
}

/** How a {@link Replica} is bounded. */
export interface ReplicaOptions {
  /**
   * How many gaps there may be in what is known of another replica, before what would make more is left alone: it comes
   * with the next {@link Replica.missing}. Default: 1,000.
   */
  maxGaps?: number;
  /** How many forgotten replicas are remembered as such. Default: 1,000. Beyond, the first is let in again. */
  maxForgotten?: number;
}

/** What is known of one replica. */
interface Peer<V> {
  dots: Dots;
  readonly entries: Map<number, ReplicaEntry<V>>;
  /** Whether its entries are seen. */
  isUp: boolean;
}

/**
 * One node's view of who is present: an add-wins observed-remove set. Each entry has a tag of its own, the number of an
 * event of the replica that adds it; a removal names the tag, so that whoever joins under the same key at the same time
 * stays. Each replica alone changes its own entries, and numbers all that it does, removals too: two replicas that have
 * seen the same events see the same entries.
 *
 * What a change comes to is told to the others as a delta. Deltas may be lost, come twice, and in any order: the result
 * is the same as long as, now and then, each asks another for what it lacks (anti-entropy): it sends its
 * {@link Replica.context}, and merges what {@link Replica.missing} of the other gives.
 *
 * A replica that is {@link Replica.down} keeps its entries, unseen, until it is {@link Replica.up} again or forgotten. A
 * node that starts anew MUST have a new name.
 *
 * @typeParam V What is known of an entry.
 *
 * @example
 * ```ts
 * import { Replica } from "./replica.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const [a, b] = [new Replica<string>("a"), new Replica<string>("b")];
 * a.add("ada", "phone");
 * const { entry, delta } = b.add("ada", "laptop");
 * a.merge(delta);
 * b.merge(a.missing(b.context())!); // what a has said before b was there
 * assertEquals(b.of("ada").map(({ value }) => value).sort(), ["laptop", "phone"]);
 *
 * const removed = b.remove(entry.ref)!;
 * a.merge(removed.delta);
 * assertEquals(a.of("ada").map(({ value }) => value), ["phone"]);
 * assertEquals(b.down("a").leaves.map(({ key }) => key), ["ada"]);
 * ```
 */
export class Replica<V> {
  /** Its name, different from those of all others. It holds no `.`. */
  readonly name: string;
  readonly #maxGaps: number;
  readonly #maxForgotten: number;
  readonly #own: Peer<V> = { dots: new Dots(), entries: new Map(), isUp: true };
  readonly #peers = new Map<string, Peer<V>>();
  readonly #forgotten = new Set<string>();
  /** The entries that are seen. */
  readonly #byKey = new Map<string, Map<string, ReplicaEntry<V>>>();
  #clock = 0;
  #size = 0;

  /** An empty one. */
  constructor(name: string, options: ReplicaOptions = {}) {
    this.name = name;
    this.#maxGaps = options.maxGaps ?? 1_000;
    this.#maxForgotten = options.maxForgotten ?? 1_000;
    this.#peers.set(name, this.#own);
  }

  // ── What is seen ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** How many entries are seen. */
  get size(): number {
    return this.#size;
  }

  /** The keys that have an entry, those that had one first at the front. */
  get keys(): IterableIterator<string> {
    return this.#byKey.keys();
  }

  /** How many keys have an entry. */
  get keyCount(): number {
    return this.#byKey.size;
  }

  /** The entries of a key; none, if there are none. */
  of(key: string): ReplicaEntry<V>[] {
    return [...this.#byKey.get(key)?.values() ?? []];
  }

  /** One of its own entries, by its tag. */
  get(ref: string): ReplicaEntry<V> | undefined {
    const clock = clockOf(ref, this.name);
    return clock === null ? undefined : this.#own.entries.get(clock);
  }

  /** How many entries a key has. */
  countOf(key: string): number {
    return this.#byKey.get(key)?.size ?? 0;
  }

  // ── What it does itself ──────────────────────────────────────────────────────────────────────────────────────────

  /** Adds an entry. */
  add(key: string, value: V): ReplicaChange<V> {
    const entry = this.#addOwn(key, value);
    return { entry, delta: this.#told([entry.clock], [entry]) };
  }

  /** Puts another entry of the same key in the place of one of its own; `null` if it has no entry of this tag. */
  update(ref: string, value: V): ReplicaChange<V> | null {
    const before = this.get(ref);
    if (before === undefined) return null;
    const entry = this.#addOwn(before.key, value); // first, so that the key keeps its place
    this.#removeOwn(ref);
    // The removal is an event of its own: who hears only that the new entry has gone as well lacks it, and can tell.
    return { entry, delta: this.#told([before.clock, entry.clock, this.#nextDot()], [entry]) };
  }

  /** Removes an entry of its own, and gives it; `null` if it has none of this tag. */
  remove(ref: string): ReplicaChange<V> | null {
    const entry = this.#removeOwn(ref);
    if (entry === null) return null;
    return { entry, delta: this.#told([entry.clock, this.#nextDot()], []) };
  }

  // ── What it hears of others ──────────────────────────────────────────────────────────────────────────────────────

  /** Which events it has seen. */
  context(): ReplicaContext {
    return [...this.#peers].map(([replica, { dots }]) => ({ replica, dots: dots.ends }));
  }

  /** What somebody lacks who has seen `context`; `null`: nothing. */
  missing(context: ReplicaContext): ReplicaDelta<V> | null {
    const seen = new Map(context.map(({ replica, dots }) => [replica, new Dots(dots)]));
    const parts: ReplicaPart<V>[] = [];
    for (const [replica, { dots, entries }] of this.#peers) {
      if (dots.rangeCount === 0 || seen.get(replica)?.includes(dots)) continue;
      parts.push({ replica, dots: dots.ends, entries: [...entries.values()].map(inPart) });
    }
    return parts.length === 0 ? null : { parts };
  }

  /**
   * Takes in what another replica tells. `left`: how many parts were left alone, since they would have made too many
   * gaps.
   */
  merge(delta: ReplicaDelta<V>): ReplicaDiff<V> & { readonly left: number } {
    const joins: ReplicaEntry<V>[] = [];
    const leaves: ReplicaEntry<V>[] = [];
    let left = 0;
    for (const part of delta.parts) {
      if (part.replica === this.name || this.#forgotten.has(part.replica)) continue;
      const peer = this.#peers.get(part.replica) ?? { dots: new Dots(), entries: new Map(), isUp: true };
      const dots = new Dots(part.dots);
      const all = peer.dots.with(dots);
      if (all.rangeCount > this.#maxGaps + 1 && all.rangeCount > peer.dots.rangeCount) {
        left++;
        continue;
      }
      this.#peers.set(part.replica, peer);
      leaves.push(...this.#dropMissing(peer, dots, part));
      for (const { clock, key, value } of part.entries) {
        if (peer.dots.has(clock) || !dots.has(clock)) continue;
        const entry = { ref: refOf(part.replica, clock), replica: part.replica, clock, key, value };
        peer.entries.set(clock, entry);
        if (!peer.isUp) continue;
        this.#show(entry);
        joins.push(entry);
      }
      peer.dots = all;
    }
    return { joins, leaves, left };
  }

  /** A replica cannot be reached: its entries are not seen any more. What is heard of it is kept. */
  down(replica: string): ReplicaDiff<V> {
    const peer = this.#peers.get(replica);
    if (peer === undefined || peer === this.#own || !peer.isUp) return NOTHING;
    peer.isUp = false;
    const leaves = [...peer.entries.values()];
    for (const entry of leaves) this.#hide(entry);
    return { joins: [], leaves };
  }

  /** A replica that was down is back: its entries are seen again. */
  up(replica: string): ReplicaDiff<V> {
    const peer = this.#peers.get(replica);
    if (peer === undefined || peer.isUp) return NOTHING;
    peer.isUp = true;
    const joins = [...peer.entries.values()];
    for (const entry of joins) this.#show(entry);
    return { joins, leaves: [] };
  }

  /** A replica does not come back: all that is known of it goes, and what others still say of it is not heard. */
  forget(replica: string): ReplicaDiff<V> {
    if (replica === this.name) return NOTHING;
    const diff = this.down(replica);
    this.#peers.delete(replica);
    this.#forgotten.add(replica);
    if (this.#forgotten.size > this.#maxForgotten) {
      this.#forgotten.delete(this.#forgotten.values().next().value!);
    }
    return diff;
  }

  /** Drops those of a peer's entries whose events `part` knows, and which it does not have any more. */
  #dropMissing(peer: Peer<V>, dots: Dots, part: ReplicaPart<V>): ReplicaEntry<V>[] {
    const there = new Set(part.entries.map(({ clock }) => clock));
    const known = dots.size < peer.entries.size ? dots : peer.entries.keys();
    const gone: ReplicaEntry<V>[] = [];
    for (const clock of known) {
      const entry = peer.entries.get(clock);
      if (entry !== undefined && dots.has(clock) && !there.has(clock)) gone.push(entry);
    }
    for (const entry of gone) {
      peer.entries.delete(entry.clock);
      if (peer.isUp) this.#hide(entry);
    }
    return peer.isUp ? gone : [];
  }

  #addOwn(key: string, value: V): ReplicaEntry<V> {
    const clock = this.#nextDot();
    const entry = { ref: refOf(this.name, clock), replica: this.name, clock, key, value };
    this.#own.entries.set(clock, entry);
    this.#show(entry);
    return entry;
  }

  #removeOwn(ref: string): ReplicaEntry<V> | null {
    const entry = this.get(ref);
    if (entry === undefined) return null;
    this.#own.entries.delete(entry.clock);
    this.#hide(entry);
    return entry;
  }

  #nextDot(): number {
    this.#own.dots.add(++this.#clock);
    return this.#clock;
  }

  #told(events: readonly number[], entries: readonly ReplicaEntry<V>[]): ReplicaDelta<V> {
    const dots = new Dots();
    for (const event of events) dots.add(event);
    return { parts: [{ replica: this.name, dots: dots.ends, entries: entries.map(inPart) }] };
  }

  #show(entry: ReplicaEntry<V>): void {
    let entries = this.#byKey.get(entry.key);
    if (entries === undefined) this.#byKey.set(entry.key, entries = new Map());
    entries.set(entry.ref, entry);
    this.#size++;
  }

  #hide({ key, ref }: ReplicaEntry<V>): void {
    const entries = this.#byKey.get(key)!;
    entries.delete(ref);
    if (entries.size === 0) this.#byKey.delete(key);
    this.#size--;
  }
}

const NOTHING: ReplicaDiff<never> = { joins: [], leaves: [] };

function inPart<V>({ clock, key, value }: ReplicaEntry<V>): ReplicaPart<V>["entries"][number] {
  return { clock, key, value };
}

function refOf(replica: string, clock: number): string {
  return `${replica}.${clock.toString(36)}`;
}

function clockOf(ref: string, replica: string): number | null {
  if (!ref.startsWith(`${replica}.`)) return null;
  return parseInt(ref.slice(replica.length + 1), 36);
}
