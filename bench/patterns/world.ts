/**
 * Topics and patterns in one system, without a network: what it costs to publish is measured, not what it costs to send.
 *
 * @module
 */

import { System } from "../../src/actors/system.ts";
import { TopicPattern } from "../../src/contract/pattern.ts";
import { phoenixV2 } from "../../src/protocol/phoenix_v2.ts";
import { patternBehavior } from "../../src/topics/pattern_behavior.ts";
import type { PatternSubscriber } from "../../src/topics/pattern_topic.ts";
import { Patterns } from "../../src/topics/patterns.ts";
import { Publication } from "../../src/topics/publication.ts";
import { Topics } from "../../src/topics/topics.ts";
import { ManualTurns } from "../../src/testing/manual_turns.ts";

/** How many patterns cover the topics that are published in. */
export const MATCHES = [0, 1, 10, 100] as const;

/** How many topics are published in, in turn, for each number of matches. */
const PUBLISHING = 64;

/** Takes what it is given, and counts it. */
class Counter implements PatternSubscriber {
  readonly codec = phoenixV2;
  readonly connectionId = "bench";
  readonly userId = "bench";
  readonly gainsByWaiting = true;
  readonly active = true;
  readonly interleaves = false;
  readonly wish = null;
  taken = 0;

  mayGet(): boolean {
    return true;
  }

  writeTurn(): void {
    this.taken++;
  }

  write(): void {
    this.taken++;
  }

  committed(): void {}
  failed(): void {}
  subscribed(): void {}
  push(): void {}
  terminated(): void {}
}

/** So many topics, each with one member, and so many patterns, each with one, too. */
export class World {
  readonly patterns: number;
  readonly topics: number;
  readonly #turns = new ManualTurns();
  readonly #system = new System({ scheduler: { turns: this.#turns, maxMs: 60_000, maxSteps: 1e9 } });
  readonly #living: Topics;
  readonly #heard = new Counter();
  #next = 0;

  constructor(patterns: number, topics: number) {
    this.patterns = patterns;
    this.topics = topics;
    const system = this.#system;
    const { clock, random, scheduler, counters, logger } = system;
    const ports = { clock, random, scheduler, counters, logger, spawn: system.spawn.bind(system) };
    const register = new Patterns(ports);
    this.#living = new Topics("topics", ports, { patterns: register });
    const joined = new Topics("patterns", ports, {
      behavior: patternBehavior(register, { counters, logger, mailboxCapacity: 100 }),
    });
    const enter = (where: Topics, name: string, who: Counter): void => {
      if (!where.subscribe(where.hold(name, who), who)) throw new Error(`${name} is full`);
    };
    for (const name of patternsOf(patterns)) enter(joined, name, this.#heard);
    for (const name of topicsOf(topics)) enter(this.#living, name, new Counter());
    this.#settle();
    if (register.size !== patterns || this.#living.size !== topics) throw new Error("not all is there");
  }

  /**
   * Publishes `count` times in topics that `matches` patterns cover, and that live or not. Gives the mean, in nanoseconds.
   */
  publish(matches: number, count: number, living = true): number {
    const before = this.#heard.taken;
    const startMs = performance.now();
    for (let i = 0; i < count; i++) {
      const which = this.#next++ % PUBLISHING;
      const name = topicOf(matches, living ? which : which + PUBLISHING);
      this.#living.publish(new Publication(name, "said", PAYLOAD));
      if (living) this.#settle();
    }
    const tookMs = performance.now() - startMs;
    const heard = this.#heard.taken - before;
    if (heard !== matches * count) throw new Error(`${heard} heard, not ${matches * count}`);
    return tookMs * 1e6 / count;
  }

  #settle(): void {
    do this.#turns.give(); while (this.#turns.requested);
  }

  /** Ends it. */
  async end(): Promise<void> {
    const done = this.#system.shutdown({ deadlineMs: 0 });
    this.#settle();
    await done;
  }
}

const PAYLOAD = { text: "hello, everybody", by: "ada" };

function topicOf(matches: number, i: number): string {
  return `hot${matches}:${i}:b:c:d:e`;
}

/** Those that are published in come first; the others are only there. */
function* topicsOf(count: number): Iterable<string> {
  const hot = MATCHES.flatMap((matches) => Array.from({ length: PUBLISHING }, (_, i) => topicOf(matches, i)));
  yield* hot;
  for (let i = hot.length; i < count; i++) yield `room:${i}`;
}

/** Those that match come first. Of the others a third shares its first parts with them. */
function* patternsOf(count: number): Iterable<string> {
  let made = 0;
  for (const matches of MATCHES) {
    for (const name of coverings(`hot${matches}`, matches)) {
      made++;
      yield name;
    }
  }
  for (let i = 0; made < count; i++, made++) {
    const near = MATCHES[i % MATCHES.length];
    yield [`cold${i}:*`, `{any}:cold${i}:{id}`, `hot${near}:{id}:b:cold${i}:*`][i % 3];
  }
}

/** So many patterns that cover `first:<i>:b:c:d:e`, all different. */
function coverings(first: string, count: number): string[] {
  const parts = ["b", "c", "d", "e"];
  const found: string[] = [];
  for (let length = 0; length <= parts.length; length++) {
    for (let open = 0; open < 2 ** length; open++) {
      const middle = parts.slice(0, length).map((part, i) => open & (1 << i) ? `{p${i}}` : part);
      const head = [first, "{id}", ...middle].join(":");
      found.push(length === parts.length ? head : `${head}:*`);
    }
  }
  // There are no more shapes: others differ in the name of a parameter.
  for (let i = 0; found.length < count; i++) found.push(`${first}:{id${i}}:*`);
  const chosen = found.slice(0, count);
  const covers = chosen.every((name) => new TopicPattern(name).match(`${first}:7:b:c:d:e`) !== null);
  if (!covers || new Set(chosen).size !== count) throw new Error("the patterns are not those that are meant");
  return chosen;
}
