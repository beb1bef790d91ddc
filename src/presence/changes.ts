import type { ReplicaEntry } from "./replica.ts";
import { membersText, memberText } from "./roster.ts";

/** What is known of one who is present. */
export interface Meta {
  /** What it was tracked with: the JSON of an object. */
  readonly body: string;
  /** The reference of what it has taken the place of; `null`: it is no update. */
  readonly prev: string | null;
}

/** Somebody who is present. */
export type Present = ReplicaEntry<Meta>;

/** What has changed since the others were told: who came and went again meanwhile is not in it. */
export class Changes {
  readonly #joins = new Map<string, Present>();
  readonly #leaves = new Map<string, Present>();

  /** Whether there is nothing to tell. */
  get isEmpty(): boolean {
    return this.#joins.size === 0 && this.#leaves.size === 0;
  }

  /** The keys that have changed, and who went, of each. */
  byKey(): Map<string, Present[]> {
    const left = groupByKey(this.#leaves.values());
    for (const { key } of this.#joins.values()) if (!left.has(key)) left.set(key, []);
    return left;
  }

  /** Somebody is present. */
  joined(entry: Present): void {
    this.#joins.set(entry.ref, entry);
  }

  /** Somebody is present no longer. */
  left(entry: Present): void {
    if (!this.#joins.delete(entry.ref)) this.#leaves.set(entry.ref, entry);
  }

  /** What an update of `entry` names as the one before: one that the others know of. */
  prevOf(entry: Present): string | null {
    return this.#joins.has(entry.ref) ? entry.value.prev : entry.ref;
  }

  /** The payload of a `presence_diff`. */
  get text(): string {
    return `{"joins":{${bodyOf(this.#joins)}},"leaves":{${bodyOf(this.#leaves)}}}`;
  }
}

/** What is said of one key: the metas of those who are present under it. */
export function keyText(entries: readonly Present[]): string {
  return `{"metas":[${entries.map(metaText).join(",")}]}`;
}

/** A meta as clients see it. */
export function metaText({ ref, value: { body, prev } }: Present): string {
  const refs = `"phx_ref":${JSON.stringify(ref)}${
    prev === null ? "" : `,"phx_ref_prev":${JSON.stringify(prev)}`
  }`;
  return body === "{}" ? `{${refs}}` : `${body.slice(0, -1)},${refs}}`;
}

function groupByKey(entries: Iterable<Present>): Map<string, Present[]> {
  const groups = new Map<string, Present[]>();
  for (const entry of entries) {
    const group = groups.get(entry.key);
    if (group === undefined) groups.set(entry.key, [entry]);
    else group.push(entry);
  }
  return groups;
}

function bodyOf(entries: ReadonlyMap<string, Present>): string {
  const groups = groupByKey(entries.values());
  return membersText([...groups].map(([key, present]) => ({ member: memberText(key, keyText(present)) })));
}
