import { Counters } from "@troupe/core/actors";
import { assertEquals } from "@std/assert";

Deno.test("counters add up by name; what was never counted is 0", () => {
  const counters = new Counters();
  counters.add("b");
  counters.add("a", 3);
  counters.add("b");
  assertEquals([counters.get("a"), counters.get("b"), counters.get("c")], [3, 2, 0]);
});

Deno.test("a snapshot is sorted by name and does not change afterwards", () => {
  const counters = new Counters();
  for (const name of ["b", "c", "a"]) counters.add(name);
  const snapshot = counters.snapshot();
  counters.add("a");
  assertEquals(Object.entries(snapshot), [["a", 1], ["b", 1], ["c", 1]]);
});
