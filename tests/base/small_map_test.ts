import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { SmallMap } from "../../src/base/small_map.ts";

Deno.test("SmallMap does what a Map does, whatever is put in and taken away", () => {
  const key = fc.constantFrom("a", "b", "c", "");
  const step = fc.oneof(
    fc.record({ op: fc.constant("set" as const), key, value: fc.option(fc.integer(), { nil: undefined }) }),
    fc.record({ op: fc.constant("delete" as const), key }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
    const map = new Map<string, number | undefined>();
    const small = new SmallMap<number | undefined>();
    for (const each of steps) {
      if (each.op === "set") {
        map.set(each.key, each.value);
        small.set(each.key, each.value);
      } else assertEquals(small.delete(each.key), map.delete(each.key));
      assertEquals([small.size, small.keys(), small.values()], [map.size, [...map.keys()], [
        ...map.values(),
      ]]);
      for (const name of ["a", "b", "c", "", "d"]) {
        assertEquals([small.has(name), small.get(name)], [map.has(name), map.get(name)]);
      }
    }
  }));
});
