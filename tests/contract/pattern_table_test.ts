import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { TroupeError } from "../../src/base/errors.ts";
import { compareSpecificity, TopicPattern } from "../../src/contract/pattern.ts";
import { PatternTable } from "../../src/contract/pattern_table.ts";
import { anyCodePoint } from "../code_point.ts";
import { anyPattern, anyTopic } from "./patterns.ts";

function tableOf(...sources: string[]): PatternTable<number> {
  const table = new PatternTable<number>();
  sources.forEach((source, i) => table.add(new TopicPattern(source), i));
  return table;
}

Deno.test("the most specific pattern wins: room:lobby before room:{id} before room:*", () => {
  for (const sources of [["room:*", "room:{id}", "room:lobby"], ["room:lobby", "room:{id}", "room:*"]]) {
    const table = tableOf(...sources);
    const winner = (topic: string) => table.find(topic)?.pattern.source;
    assertEquals(winner("room:lobby"), "room:lobby");
    assertEquals(winner("room:7"), "room:{id}");
    assertEquals(winner("room:7:typing"), "room:*");
    assertEquals(winner("room:"), "room:*");
    assertEquals(winner("room"), undefined);
  }
});

Deno.test("find gives the pattern, its parameters and its value", () => {
  const found = tableOf("room:{id}:typing", "game:{id}").find("game:7");
  assertEquals(found?.pattern.source, "game:{id}");
  assertEquals(found?.params, { id: "7" });
  assertEquals(found?.value, 1);
});

Deno.test("find goes back from a more specific start that leads nowhere", () => {
  const table = tableOf("a:b:c", "a:{x}:d", "{y}:b:e", "a:*");
  assertEquals(table.find("a:b:d")?.pattern.source, "a:{x}:d");
  assertEquals(table.find("a:b:e")?.pattern.source, "a:*");
  assertEquals(table.find("z:b:e")?.pattern.source, "{y}:b:e");
});

Deno.test("the topic phoenix is reserved: a catch-all does not find it", () => {
  assertEquals(tableOf("*", "{any}").find("phoenix"), null);
});

Deno.test("a topic that is named like a pattern is a name like any other", () => {
  const table = tableOf("room:*", "room:{id}");
  assertEquals(table.find("room:{}")?.params, { id: "{}" });
  assertEquals(table.find("room:{id}")?.params, { id: "{id}" });
  assertEquals(table.find("room:*")?.params, { id: "*" });
});

Deno.test("a duplicate pattern fails, also with other parameter names", () => {
  for (const [held, added] of [["room:{id}", "room:{name}"], ["room:*", "room:*"], ["room", "room"]]) {
    const error = assertThrows(() => tableOf(held, added), TroupeError, `"${held}" matches the same topics`);
    assertEquals(error.code, "duplicate_pattern");
    assertEquals(error.details, { pattern: added, held });
  }
});

Deno.test("patterns are listed, the most specific first", () => {
  const table = tableOf("*", "room:{id}", "room:lobby");
  assertEquals(table.size, 3);
  assertEquals(table.patterns().map((pattern) => pattern.source), ["room:lobby", "room:{id}", "*"]);
});

Deno.test("values are listed in the order of their patterns", () => {
  assertEquals(tableOf("room:*", "room:{id}", "room:lobby").values(), [2, 1, 0]);
});

Deno.test("find agrees with a scan of all patterns, the most specific match first", () => {
  const patterns = fc.uniqueArray(anyPattern, { selector: (pattern) => pattern.shape, maxLength: 40 });
  fc.assert(
    fc.property(patterns, fc.array(anyTopic, { maxLength: 20 }), (list, topics) => {
      const table = new PatternTable<TopicPattern>();
      for (const pattern of list) table.add(pattern, pattern);
      const scan = [...list].sort(compareSpecificity);
      for (const topic of topics) {
        const expected = scan.find((pattern) => pattern.match(topic) !== null);
        const found = table.find(topic);
        assertEquals(found?.value.source, expected?.source, topic);
        assertEquals(found?.params ?? null, expected?.match(topic) ?? null);
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("find takes any string without a throw, also one with a million colons", () => {
  const table = tableOf("room:{id}", "{a}:{b}", "room:*");
  assert(table.find("room" + ":".repeat(1_000_000)) !== null);
  assertEquals(table.find(":".repeat(1_000_000)), null);
  fc.assert(fc.property(fc.string({ unit: anyCodePoint }), (topic) => {
    table.find(topic);
  }));
});
