import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { countOf, type Few, itemsOf, withItem, withoutItem } from "../../src/base/few.ts";

Deno.test("Few holds one item as it is, and several in a set", () => {
  const [first, second] = [{ n: 1 }, { n: 2 }];
  const one = withItem<{ n: number }>(null, first);
  assertEquals(one === first, true);
  assertEquals(withItem(one, first) === first, true);
  const two = withItem(one, second);
  assertEquals(two instanceof Set, true);
  assertEquals(itemsOf(two), [first, second]);
  assertEquals(withoutItem(withoutItem(two, first), second), null);
});

Deno.test("Few does what a Set does, whatever is added and removed", () => {
  const items = Array.from({ length: 4 }, (_, n) => ({ n }));
  const step = fc.record({ add: fc.boolean(), at: fc.nat({ max: 3 }) });
  fc.assert(fc.property(fc.array(step), (steps) => {
    const set = new Set<{ n: number }>();
    let few: Few<{ n: number }> = null;
    for (const { add, at } of steps) {
      few = add ? withItem(few, items[at]) : withoutItem(few, items[at]);
      if (add) set.add(items[at]);
      else set.delete(items[at]);
      assertEquals(itemsOf(few), [...set]);
      assertEquals(countOf(few), set.size);
    }
  }));
});
