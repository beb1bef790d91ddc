import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { TroupeError } from "../../src/base/errors.ts";
import { TopicPattern } from "../../src/contract/pattern.ts";
import { patternKind } from "../../src/sessions/pattern_kind.ts";
import { topicKind, untyped } from "../../src/sessions/topic_kind.ts";
import { MAX_PATTERN_PARAMS, MAX_PATTERN_PARTS, TopicKinds } from "../../src/sessions/topic_kinds.ts";
import { anyCodePoint } from "../code_point.ts";
import { anyPattern, anyTopic } from "../contract/patterns.ts";

const match = () => true;

function kindsOf(topics: string[], patterns: string[] = []): TopicKinds {
  const kinds = new TopicKinds();
  for (const source of topics) kinds.add(topicKind(untyped(new TopicPattern(source)), {}));
  for (const source of patterns) kinds.addPatterns(patternKind(source, { match }));
  return kinds;
}

function found(kinds: TopicKinds, name: string): string | null {
  const kind = kinds.find(name)?.value;
  return kind === undefined ? null : `${kind.match === null ? "topic" : "pattern"} ${kind.pattern.source}`;
}

Deno.test("a name that is a pattern belongs to patterns, where there are any; else to topics", () => {
  assertEquals(found(kindsOf(["room:{id}"]), "room:*"), "topic room:{id}");
  const kinds = kindsOf(["room:{id}"], ["room:*", "room:{id}:typing"]);
  assertEquals(found(kinds, "room:*"), "pattern room:*");
  assertEquals(found(kinds, "room:{x}:typing"), "pattern room:{id}:typing");
  assertEquals(found(kinds, "room:1:typing"), null);
  assertEquals(found(kinds, "room:{1}"), "topic room:{id}");
  assertEquals(found(kinds, "room:**"), "topic room:{id}");
  assertEquals(found(kinds, "game:*"), null);
});

Deno.test("what is registered for patterns covers no topic", () => {
  const kinds = kindsOf([], ["room:*"]);
  assertEquals(found(kinds, "room:1"), null);
  assertEquals(assertThrows(() => kinds.of("room:1"), TroupeError).code, "unmatched_topic");
});

Deno.test("a pattern has so many parts and parameters at the most", () => {
  const kinds = kindsOf([], ["*"]);
  const parts = (count: number): string => `${"a:".repeat(count - 1)}*`;
  const params = (count: number): string => Array.from({ length: count }, (_, i) => `{p${i}}`).join(":");
  assertEquals([parts(MAX_PATTERN_PARTS), parts(MAX_PATTERN_PARTS + 1)].map((name) => found(kinds, name)), [
    "pattern *",
    null,
  ]);
  assertEquals(
    [params(MAX_PATTERN_PARAMS), params(MAX_PATTERN_PARAMS + 1)].map((name) => found(kinds, name)),
    [
      "pattern *",
      null,
    ],
  );
});

Deno.test("a pattern that is found lies within its registration: no topic of it is outside", () => {
  // One with more may be registered; as a name it is too long to be joined itself.
  const fits = ({ isExact, names, segments }: TopicPattern): boolean =>
    !isExact && names.length <= MAX_PATTERN_PARAMS && segments.length <= MAX_PATTERN_PARTS;
  fc.assert(
    fc.property(
      anyPattern.filter(fits),
      fc.array(anyPattern.filter(({ isExact }) => !isExact), { minLength: 1, maxLength: 20 }),
      fc.array(anyTopic, { maxLength: 40 }),
      (within, patterns, topics) => {
        const kinds = kindsOf([], [within.source]);
        for (const pattern of [...patterns, within]) {
          const isWithin = kinds.find(pattern.source) !== null;
          const strays = topics.filter((topic) =>
            pattern.match(topic) !== null && within.match(topic) === null
          );
          if (isWithin) assertEquals(strays, [], `${pattern.source} within ${within.source}`);
        }
        assertEquals(kinds.find(within.source)?.value.pattern.source, within.source);
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("find takes any string without a throw", () => {
  const kinds = kindsOf(["{a}"], ["*"]);
  fc.assert(fc.property(fc.string({ unit: anyCodePoint }), (name) => {
    kinds.find(name);
    kinds.find(`${name}:*`);
    kinds.find(`{x}:${name}`);
  }));
});
