import { messageOf } from "../base/errors.ts";
import { isMatched, matchedPayload } from "./matched.ts";
import type { Matched, PatternRegister, PatternTopic, PatternTopicPorts } from "./pattern_topic.ts";
import { PatternTrie } from "./pattern_trie.ts";
import type { Publication } from "./publication.ts";

/** Which patterns cover a topic, as of one version of what is joined. It is never changed. */
export interface PatternRoute {
  readonly version: number;
  readonly patterns: readonly PatternTopic[];
}

/** Before any pattern was joined. */
export const NO_PATTERNS: PatternRoute = { version: 0, patterns: [] };

/**
 * The patterns that somebody has joined, and the ways from topics to them. A topic keeps its route, and finds it anew
 * when the version has changed: what it publishes costs as much as there are patterns that cover it, however many there
 * are in all, and one comparison of numbers where there are none.
 */
export class Patterns implements PatternRegister {
  readonly #ports: PatternTopicPorts;
  readonly #trie = new PatternTrie<PatternTopic>();
  /** The route of all topics that no pattern covers. */
  #nowhere: PatternRoute = NO_PATTERNS;

  constructor(ports: PatternTopicPorts) {
    this.#ports = ports;
  }

  /** How many there are. */
  get size(): number {
    return this.#trie.size;
  }

  add(pattern: PatternTopic): void {
    if (this.#trie.add(pattern.pattern, pattern)) this.#changed();
  }

  remove(pattern: PatternTopic): void {
    if (this.#trie.remove(pattern.pattern, pattern)) this.#changed();
  }

  /**
   * Hands on what `topic` has committed. `route`: what the last call for this topic gave, {@link NO_PATTERNS} at first.
   * `personal`: events that are for the topic's own members alone. It does not throw.
   */
  deliver(
    topic: string,
    publications: readonly Publication[],
    route: PatternRoute,
    personal?: ReadonlySet<string>,
  ): PatternRoute {
    const current = route.version === this.#nowhere.version ? route : this.#routeOf(topic);
    if (current.patterns.length > 0) this.#handOn(topic, publications, current.patterns, personal);
    return current;
  }

  #handOn(
    topic: string,
    publications: readonly Publication[],
    patterns: readonly PatternTopic[],
    personal: ReadonlySet<string> | undefined,
  ): void {
    const matched: Matched[] = [];
    for (const publication of publications) {
      if (!isMatched(publication.event)) continue;
      if (personal?.has(publication.event)) {
        this.#ports.counters.add("patterns.withheld", patterns.length);
        continue;
      }
      try {
        matched.push({ publication, payload: matchedPayload(publication) });
      } catch (error) {
        this.#unencodable(publication, error);
      }
    }
    if (matched.length === 0) return;
    for (const pattern of patterns) pattern.deliver(topic, matched);
    this.#ports.counters.add("patterns.matched", matched.length * patterns.length);
  }

  #routeOf(topic: string): PatternRoute {
    const patterns: PatternTopic[] = [];
    this.#trie.match(topic, (pattern) => patterns.push(pattern));
    return patterns.length === 0 ? this.#nowhere : { version: this.#nowhere.version, patterns };
  }

  #changed(): void {
    this.#nowhere = { version: this.#nowhere.version + 1, patterns: [] };
  }

  #unencodable({ topic, event }: Publication, error: unknown): void {
    this.#ports.counters.add("publications.unencodable");
    this.#ports.logger.log("warn", "publication skipped: no pattern can carry it", {
      topic,
      event,
      error: messageOf(error),
    });
  }
}
