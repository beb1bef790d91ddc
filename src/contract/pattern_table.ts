/**
 * Which pattern a topic belongs to.
 *
 * @module
 */

import { TroupeError } from "../base/errors.ts";
import {
  compareSpecificity,
  endOfPart,
  type ParamsOf,
  RESERVED_TOPIC,
  type TopicPattern,
} from "./pattern.ts";

/** What {@link PatternTable.find} found. */
export interface PatternMatch<T> {
  /** The most specific pattern that matches the topic. */
  readonly pattern: TopicPattern;
  /** The parameters in the topic's name. */
  readonly params: ParamsOf<string>;
  /** What was added with the pattern. */
  readonly value: T;
}

interface Entry<T> {
  readonly pattern: TopicPattern;
  readonly value: T;
}

/** A place in the tree of patterns: everything that shares the parts up to here. */
interface Node<T> {
  readonly literals: Map<string, Node<T>>;
  param: Node<T> | null;
  rest: Entry<T> | null;
  end: Entry<T> | null;
}

/**
 * Finds the most specific pattern of a topic: `room:lobby` before `room:{id}` before `room:*`, read from the left. A
 * pattern without parameters is found by its name at once; the others by walking a tree of their parts, so that a
 * thousand patterns with different first parts cost no more than one.
 *
 * @example
 * ```ts
 * import { PatternTable, TopicPattern } from "@troupe/core/contract";
 * import { assertEquals } from "@std/assert";
 *
 * const table = new PatternTable<string>();
 * table.add(new TopicPattern("room:*"), "any");
 * table.add(new TopicPattern("room:{id}"), "one");
 * assertEquals(table.find("room:7")?.value, "one");
 * assertEquals(table.find("room:7")?.params, { id: "7" });
 * assertEquals(table.find("room:7:typing")?.value, "any");
 * assertEquals(table.find("game:7"), null);
 * ```
 */
export class PatternTable<T> {
  readonly #byShape = new Map<string, Entry<T>>();
  readonly #root: Node<T> = newNode();

  /** How many patterns it holds. */
  get size(): number {
    return this.#byShape.size;
  }

  /** All patterns, the most specific first. */
  patterns(): readonly TopicPattern[] {
    return this.#entries().map((entry) => entry.pattern);
  }

  /** What was added with the patterns, in their order: the most specific first. */
  values(): readonly T[] {
    return this.#entries().map((entry) => entry.value);
  }

  /**
   * Adds a pattern with what belongs to it.
   *
   * @throws {TroupeError} `duplicate_pattern` if one of the same shape is there: other names of the parameters do
   * not make another pattern.
   */
  add(pattern: TopicPattern, value: T): void {
    const held = this.#byShape.get(pattern.shape);
    if (held !== undefined) {
      throw new TroupeError(
        "duplicate_pattern",
        `Cannot add the topic pattern "${pattern.source}": "${held.pattern.source}" matches the same topics. ` +
          "Accepted is one pattern of each shape; the parameters' names do not count",
        { details: { pattern: pattern.source, held: held.pattern.source } },
      );
    }
    const entry: Entry<T> = { pattern, value };
    this.#byShape.set(pattern.shape, entry);
    if (!pattern.isExact) this.#plant(entry);
  }

  /** The most specific pattern that matches `topic`, or `null`. Takes any string and never throws. */
  find(topic: string): PatternMatch<T> | null {
    if (topic === RESERVED_TOPIC) return null;
    const named = this.#byShape.get(topic);
    // A topic may be named like a shape ("room:{}") or a pattern ("room:*"); only exact patterns count here.
    const entry = named?.pattern.isExact ? named : walk(this.#root, topic, 0);
    const params = entry?.pattern.match(topic);
    return entry && params ? { pattern: entry.pattern, params, value: entry.value } : null;
  }

  #entries(): readonly Entry<T>[] {
    return [...this.#byShape.values()].sort((a, b) => compareSpecificity(a.pattern, b.pattern));
  }

  #plant(entry: Entry<T>): void {
    let node = this.#root;
    for (const segment of entry.pattern.segments) {
      if (segment.kind === "rest") {
        node.rest = entry;
        return;
      }
      if (segment.kind === "param") {
        node = node.param ??= newNode();
        continue;
      }
      let next = node.literals.get(segment.text);
      if (next === undefined) node.literals.set(segment.text, next = newNode());
      node = next;
    }
    node.end = entry;
  }
}

/**
 * Tries literal text, then the parameter, then the rest, which is the order of specificity. Each node is visited at
 * most once, and no deeper than the longest pattern, however many parts the topic has.
 */
function walk<T>(node: Node<T>, topic: string, from: number): Entry<T> | null {
  if (from > topic.length) return node.end;
  if (node.literals.size > 0 || node.param !== null) {
    const end = endOfPart(topic, from);
    const literal = node.literals.get(topic.slice(from, end));
    const found = literal && walk(literal, topic, end + 1);
    if (found) return found;
    if (node.param !== null && end > from) {
      const filled = walk(node.param, topic, end + 1);
      if (filled !== null) return filled;
    }
  }
  return node.rest;
}

function newNode<T>(): Node<T> {
  return { literals: new Map(), param: null, rest: null, end: null };
}
