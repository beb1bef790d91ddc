import { type Few, withItem, withoutItem } from "../base/few.ts";
import { endOfPart, RESERVED_TOPIC, type TopicPattern } from "../contract/pattern.ts";

/** A place in the tree of patterns: everything that shares the parts up to here. */
interface Node<T extends object> {
  /** What follows a literal part, by its text. */
  literals: Map<string, Node<T>> | null;
  /** What follows a parameter, whatever its name. */
  param: Node<T> | null;
  /** The values of the patterns that go on with `*`. */
  rest: Few<T>;
  /** The values of the patterns that end here. */
  end: Few<T>;
}

/**
 * Which patterns cover a topic: all of them, where `PatternTable` finds the most specific one. Any number of values may
 * have the same pattern, or one that differs in the names of its parameters alone.
 *
 * A search walks the topic's parts from the left, and visits only what agrees with them so far: patterns that begin
 * otherwise cost it nothing, however many there are. Where patterns have at most `p` parameters and `n` parts, it visits
 * no more places than there are ways to choose up to `p` of `n`.
 */
export class PatternTrie<T extends object> {
  readonly #root: Node<T> = newNode();
  #size = 0;
  #places = 1;

  /** How many values it holds. */
  get size(): number {
    return this.#size;
  }

  /** How many places its tree has: what it costs in memory. One, where it holds nothing. */
  get places(): number {
    return this.#places;
  }

  /** Adds `value` under `pattern`. Adding the same once more changes nothing; `false`, then. */
  add(pattern: TopicPattern, value: T): boolean {
    let node = this.#root;
    for (const segment of pattern.segments) {
      if (segment.kind === "rest") return this.#put(node, "rest", value);
      if (segment.kind === "param") {
        node = node.param ??= this.#newPlace();
        continue;
      }
      const literals = node.literals ??= new Map();
      let next = literals.get(segment.text);
      if (next === undefined) literals.set(segment.text, next = this.#newPlace());
      node = next;
    }
    return this.#put(node, "end", value);
  }

  /** Removes `value` from `pattern`, and what nothing needs any more. `false` if it was not there. */
  remove(pattern: TopicPattern, value: T): boolean {
    const path: Node<T>[] = [];
    let node: Node<T> | null | undefined = this.#root;
    let slot: "rest" | "end" = "end";
    for (const segment of pattern.segments) {
      if (segment.kind === "rest") {
        slot = "rest";
        break;
      }
      path.push(node);
      node = segment.kind === "param" ? node.param : node.literals?.get(segment.text);
      if (!node) return false;
    }
    if (!holds(node[slot], value)) return false;
    node[slot] = withoutItem(node[slot], value);
    this.#size--;
    for (let i = path.length - 1; i >= 0 && isEmpty(node); i--) {
      const segment = pattern.segments[i];
      this.#places--;
      node = path[i];
      if (segment.kind === "param") node.param = null;
      else if (segment.kind === "literal") {
        node.literals!.delete(segment.text);
        if (node.literals!.size === 0) node.literals = null;
      }
    }
    return true;
  }

  /** Calls `visit` with every value whose pattern covers `topic`, in no order. Takes any string. */
  match(topic: string, visit: (value: T) => void): void {
    if (topic !== RESERVED_TOPIC) walk(this.#root, topic, 0, visit);
  }

  #newPlace(): Node<T> {
    this.#places++;
    return newNode();
  }

  #put(node: Node<T>, slot: "rest" | "end", value: T): boolean {
    if (holds(node[slot], value)) return false;
    node[slot] = withItem(node[slot], value);
    this.#size++;
    return true;
  }
}

/** Goes no deeper than the longest pattern, however many parts the topic has. `from` is where the next part begins. */
function walk<T extends object>(
  node: Node<T>,
  topic: string,
  from: number,
  visit: (value: T) => void,
): void {
  if (from > topic.length) return each(node.end, visit); // no part is left
  each(node.rest, visit);
  if (node.literals === null && node.param === null) return;
  const end = endOfPart(topic, from);
  if (node.literals !== null) {
    const literal = node.literals.get(topic.slice(from, end));
    if (literal !== undefined) walk(literal, topic, end + 1, visit);
  }
  if (node.param !== null && end > from) walk(node.param, topic, end + 1, visit);
}

function each<T extends object>(few: Few<T>, visit: (value: T) => void): void {
  if (few instanceof Set) { for (const value of few) visit(value); }
  else if (few !== null) visit(few as T);
}

function holds<T extends object>(few: Few<T>, value: T): boolean {
  return few instanceof Set ? few.has(value) : few === value;
}

function isEmpty<T extends object>(node: Node<T>): boolean {
  return node.literals === null && node.param === null && node.rest === null && node.end === null;
}

function newNode<T extends object>(): Node<T> {
  return { literals: null, param: null, rest: null, end: null };
}
