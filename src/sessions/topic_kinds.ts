import { TroupeError } from "../base/errors.ts";
import { TopicPattern } from "../contract/pattern.ts";
import { type PatternMatch, PatternTable } from "../contract/pattern_table.ts";
import type { TopicKind } from "./topic_kind.ts";

/** The most parts of a pattern that a client may join. */
export const MAX_PATTERN_PARTS = 16;

/** The most parameters among them. With the parts it bounds how many places a topic is looked up at. */
export const MAX_PATTERN_PARAMS = 4;

/** A name with a part that is a parameter, or with `*` as the last part. */
const OPEN_NAME = /(?:^|:)(?:\*$|\{[A-Za-z_][A-Za-z0-9_]*\}(?=:|$))/;

/**
 * What an app does about topics, by their names; and about patterns of them that clients join, where it has said that
 * they may. From then on a name that is a pattern is never an ordinary topic's.
 */
export class TopicKinds {
  readonly #topics = new PatternTable<TopicKind>();
  readonly #patterns = new PatternTable<TopicKind>();

  /** Handles topics. Throws `duplicate_pattern`. */
  add(kind: TopicKind): void {
    this.#topics.add(kind.pattern, kind);
  }

  /** Handles patterns that clients join, within that of `kind`. Throws `duplicate_pattern`. */
  addPatterns(kind: TopicKind): void {
    this.#patterns.add(kind.pattern, kind);
  }

  /** The patterns of the topics, the most specific first. */
  patterns(): readonly TopicPattern[] {
    return this.#topics.patterns();
  }

  /** What is done about topics, the most specific pattern first. */
  values(): readonly TopicKind[] {
    return this.#topics.values();
  }

  /** What `name` belongs to, most specifically, or `null`. Takes any string and never throws. */
  find(name: string): PatternMatch<TopicKind> | null {
    if (this.#patterns.size === 0 || !OPEN_NAME.test(name)) return this.#topics.find(name);
    if (!isPattern(name)) return null;
    // As a topic's name: its parameters stand for any part, as they do there. A `*` becomes the empty rest, which
    // nothing but another `*` covers.
    return this.#patterns.find(name.endsWith("*") ? name.slice(0, -1) : name);
  }

  /**
   * What `name` belongs to.
   *
   * @throws {TroupeError} `unmatched_topic`, with the patterns of the app's topics.
   */
  of(name: string): TopicKind {
    const match = this.find(name);
    if (match !== null) return match.value;
    const accepted = this.patterns().map((pattern) => pattern.source);
    throw new TroupeError(
      "unmatched_topic",
      `No topic of this app covers ${JSON.stringify(name)}: it has ${accepted.join(", ") || "none"}`,
      { details: { topic: name, accepted } },
    );
  }
}

function isPattern(name: string): boolean {
  try {
    const { segments, names } = new TopicPattern(name);
    return segments.length <= MAX_PATTERN_PARTS && names.length <= MAX_PATTERN_PARAMS;
  } catch {
    return false;
  }
}
