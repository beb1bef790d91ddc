/**
 * What the server makes up and a scenario repeats: the references of presence.
 *
 * @module
 */

import { equal } from "@std/assert";

/** The members whose values are references. */
const NAMES = ["phx_ref", "phx_ref_prev"];

/** Compares JSON in which references differ from those of the recording: each of its own stands for one of theirs. */
export class References {
  readonly #ours = new Map<string, string>();

  /** Whether both say the same. */
  same(expected: unknown, actual: unknown): boolean {
    if (!isObject(expected) || !isObject(actual)) return equal(expected, actual);
    const names = Object.keys(expected);
    if (Array.isArray(expected) !== Array.isArray(actual)) return false;
    if (!equal(new Set(names), new Set(Object.keys(actual)))) return false;
    return names.every((name) =>
      NAMES.includes(name)
        ? this.#isReference(String(expected[name]), String(actual[name]))
        : this.same(expected[name], actual[name])
    );
  }

  #isReference(theirs: string, ours: string): boolean {
    const known = this.#ours.get(theirs);
    if (known !== undefined) return known === ours;
    const isNew = ![...this.#ours.values()].includes(ours);
    this.#ours.set(theirs, ours);
    return isNew;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
