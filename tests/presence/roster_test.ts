import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { around, Roster } from "../../src/presence/roster.ts";

Deno.test("Roster says of each key what was said last, in one JSON object", () => {
  const roster = new Roster();
  assertEquals(roster.text.text, "{}");
  roster.set("b", "1");
  roster.set("__proto__", "[2]");
  roster.set("b", "3");
  assertEquals(roster.text.byteLength, 23);
  assertEquals(roster.text.text, '{"b":3,"__proto__":[2]}');
  assertEquals(Object.keys(roster.text.toJSON() as object), ["b", "__proto__"]);
  roster.delete("b");
  roster.delete("b");
  assertEquals(roster.text.text, '{"__proto__":[2]}');
  roster.set("b", "4");
  assertEquals(roster.text.text, '{"__proto__":[2],"b":4}');
  assertEquals(roster.size, 2);
});

Deno.test("Roster gives pages in the order of arrival, and the number to go on from", () => {
  const roster = new Roster();
  for (let n = 1; n <= 5; n++) roster.set(`u${n}`, String(n));
  const first = roster.page(0, 2);
  assertEquals([first.entries.map(({ key }) => key), first.next], [["u1", "u2"], 2]);
  roster.delete("u2"); // where the next page begins
  roster.delete("u3");
  roster.set("u1", "0");
  const second = roster.page(first.next!, 2);
  assertEquals([second.entries.map(({ key }) => key), second.next], [["u4", "u5"], null]);
  assertEquals(roster.page(5, 2), { entries: [], next: null });
});

Deno.test("Roster is as a Map, whatever comes and goes, also when places are given up", () => {
  const step = fc.tuple(fc.nat({ max: 1_500 }), fc.boolean());
  fc.assert(
    fc.property(fc.array(step, { minLength: 1_000, maxLength: 3_000 }), (steps) => {
      const roster = new Roster();
      const map = new Map<string, string>();
      const say = (key: string, text: string): void => {
        roster.set(key, text);
        map.set(key, text);
      };
      for (let n = 0; n < 1_000; n++) say(`k${n}`, "0");
      steps.forEach(([n, stays], i) => {
        const key = `k${n}`;
        if (stays && i % 3 === 0) say(key, String(i));
        else {
          roster.delete(key);
          map.delete(key);
        }
        if (i % 100 === 0) assertEquals(roster.text.text.length > 0, true);
      });
      assertEquals(roster.size, map.size);
      const body = [...map].map(([key, text]) => `${JSON.stringify(key)}:${text}`);
      assertEquals(roster.text.text, `{${body.join(",")}}`);
      assertEquals(roster.text.byteLength, new TextEncoder().encode(roster.text.text).length);
      const paged: string[] = [];
      for (let after: number | null = 0; after !== null;) {
        const page = roster.page(after, 100);
        paged.push(...page.entries.map(({ key }) => key));
        after = page.next;
      }
      assertEquals(paged, [...map.keys()]);
    }),
    { numRuns: 30 },
  );
});

Deno.test("A part of a roster is put into JSON, and its bytes are known", () => {
  const roster = new Roster();
  for (const key of ["é", "b", "😀"]) roster.set(key, '"ü"');
  for (const max of [1, 2, 3]) {
    const { text, byteLength } = around('{"page":', roster.page(0, max).entries, ',"next":1}');
    assertEquals(Object.keys(JSON.parse(text).page).length, max);
    assertEquals(byteLength, new TextEncoder().encode(text).length);
  }
  assertEquals(around("", [], "").byteLength, 2);
});
