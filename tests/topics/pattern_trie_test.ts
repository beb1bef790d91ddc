import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { TopicPattern } from "../../src/contract/pattern.ts";
import { PatternTrie } from "../../src/topics/pattern_trie.ts";
import { anyCodePoint } from "../code_point.ts";
import { anyPattern, anyTopic } from "../contract/patterns.ts";

/** A value that remembers its pattern. */
interface Named {
  readonly pattern: TopicPattern;
}

function named(source: string): Named {
  return { pattern: new TopicPattern(source) };
}

function trieOf(...sources: string[]): PatternTrie<Named> {
  const trie = new PatternTrie<Named>();
  for (const value of sources.map(named)) trie.add(value.pattern, value);
  return trie;
}

function matches(trie: PatternTrie<Named>, topic: string): string[] {
  const found: string[] = [];
  trie.match(topic, ({ pattern }) => found.push(pattern.source));
  return found.sort();
}

Deno.test("all patterns that cover a topic are found, not the most specific alone", () => {
  const trie = trieOf("room:*", "room:{id}", "room:{id}:typing", "{kind}:7", "room:lobby", "*");
  assertEquals(matches(trie, "room:7"), ["*", "room:*", "room:{id}", "{kind}:7"]);
  assertEquals(matches(trie, "room:7:typing"), ["*", "room:*", "room:{id}:typing"]);
  assertEquals(matches(trie, "room:lobby"), ["*", "room:*", "room:lobby", "room:{id}"]);
  assertEquals(matches(trie, "game"), ["*"]);
});

Deno.test("a parameter holds no colon and is not empty; * holds any rest, also an empty one", () => {
  const trie = trieOf("room:{id}", "room:*");
  assertEquals(matches(trie, "room:"), ["room:*"]);
  assertEquals(matches(trie, "room:1:2"), ["room:*"]);
  assertEquals(matches(trie, "room"), []);
});

Deno.test("the topic phoenix is the protocol's: nothing covers it", () => {
  assertEquals(matches(trieOf("*", "{any}", "phoenix:*"), "phoenix"), []);
});

Deno.test("several values may have one pattern, whatever its parameters are called", () => {
  const trie = new PatternTrie<Named>();
  const [first, second] = [named("room:{id}"), named("room:{name}")];
  assert(trie.add(first.pattern, first));
  assert(trie.add(second.pattern, second));
  assertEquals(trie.add(first.pattern, first), false);
  assertEquals(trie.size, 2);
  assertEquals(matches(trie, "room:1"), ["room:{id}", "room:{name}"]);
  assert(trie.remove(first.pattern, first));
  assertEquals(trie.remove(first.pattern, first), false);
  assertEquals(matches(trie, "room:1"), ["room:{name}"]);
});

Deno.test("removing what was never added changes nothing", () => {
  const trie = trieOf("room:{id}:typing");
  for (const source of ["room:{id}", "room:*", "game:{id}:typing", "room:{id}:typing:*"]) {
    const value = named(source);
    assertEquals(trie.remove(value.pattern, value), false, source);
  }
  assertEquals(trie.size, 1);
});

const anyChanges = fc.array(
  fc.record({ adds: fc.boolean(), pattern: anyPattern, which: fc.nat({ max: 2 }) }),
  { maxLength: 60 },
);

Deno.test("match agrees with a scan of all patterns, after any additions and removals", () => {
  fc.assert(
    fc.property(anyChanges, fc.array(anyTopic, { maxLength: 20 }), (changes, topics) => {
      const trie = new PatternTrie<Named>();
      const held = new Map<string, Named>();
      for (const { adds, pattern, which } of changes) {
        const key = `${which} ${pattern.source}`;
        const value = held.get(key) ?? { pattern };
        if (adds) {
          assertEquals(trie.add(pattern, value), !held.has(key));
          held.set(key, value);
        } else assertEquals(trie.remove(pattern, value), held.delete(key));
        assertEquals(trie.size, held.size);
      }
      for (const topic of topics) {
        const found: Named[] = [];
        trie.match(topic, (value) => found.push(value));
        const scan = [...held.values()].filter(({ pattern }) => pattern.match(topic) !== null);
        assertEquals(found.length, scan.length, topic);
        assertEquals(new Set(found), new Set(scan), topic);
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("a trie that was emptied again is as small as a fresh one", () => {
  fc.assert(fc.property(fc.array(anyPattern, { maxLength: 30 }), (patterns) => {
    const trie = new PatternTrie<Named>();
    const values = patterns.map((pattern) => ({ pattern }));
    for (const value of values) trie.add(value.pattern, value);
    for (const value of values) trie.remove(value.pattern, value);
    assertEquals(trie.size, 0);
    assertEquals(trie.places, 1);
  }));
});

Deno.test("match takes any string without a throw, also one with a million colons", () => {
  const trie = trieOf("room:{id}", "{a}:{b}", "room:*", "{a}:*");
  assertEquals(matches(trie, "room" + ":".repeat(1_000_000)), ["room:*", "{a}:*"]);
  assertEquals(matches(trie, ":".repeat(1_000_000)), []);
  fc.assert(fc.property(fc.string({ unit: anyCodePoint }), (topic) => {
    trie.match(topic, () => {});
  }));
});
