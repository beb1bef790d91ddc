import { assertEquals } from "@std/assert";
import { isTooOld, type KeptTopic, lastTrimmable, tooMany } from "../../src/stores/kept_topic.ts";

const topic = (change: Partial<KeptTopic> = {}): KeptTopic => ({
  id: 1,
  name: "room",
  epoch: "e",
  offset: 100,
  oldest: 1,
  oldestAtMs: 0,
  limits: { size: 80, ttlMs: 1_600, folded: false },
  snapshotOffset: null,
  ...change,
});
const folded = { size: 80, ttlMs: 1_600, folded: true };

Deno.test("KeptTopic: entries go by their number once enough of them do", () => {
  assertEquals(tooMany(topic()), 20);
  assertEquals(tooMany(topic({ oldest: 5 })), 20);
  assertEquals(tooMany(topic({ oldest: 6 })), 0);
  assertEquals(tooMany(topic({ offset: 10_000, oldest: 9_000, limits: { ...folded, size: 1_000_000 } })), 0);
});

Deno.test("KeptTopic: the oldest goes by its age a little late, so that others go with it", () => {
  assertEquals([isTooOld(topic(), 1_699), isTooOld(topic(), 1_700)], [false, true]);
  const day = topic({ limits: { size: 80, ttlMs: 86_400_000, folded: false } });
  assertEquals([isTooOld(day, 86_459_999), isTooOld(day, 86_460_000)], [false, true]);
  assertEquals(isTooOld(topic({ oldest: 101 }), 1e9), false, "nothing is left");
  assertEquals(isTooOld(topic({ limits: { size: 80, ttlMs: Infinity, folded: false } }), 1e15), false);
});

Deno.test("KeptTopic: what a fold needs stays, by number and by age", () => {
  assertEquals([lastTrimmable(topic()), lastTrimmable(topic({ limits: folded }))], [100, 0]);
  const state = topic({ limits: folded, snapshotOffset: 18 });
  assertEquals([lastTrimmable(state), tooMany(state), isTooOld(state, 1e9)], [18, 18, true]);
  assertEquals(isTooOld({ ...state, oldest: 19 }, 1e9), false);
  assertEquals(tooMany({ ...state, oldest: 19 }), 0);
});
