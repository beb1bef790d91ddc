import { assertEquals } from "@std/assert";
import { RevokedTokens } from "../../src/app/revoked_tokens.ts";
import { Counters } from "../../src/base/inspect.ts";
import { VirtualClock } from "../../src/testing/virtual_clock.ts";

function stage(maxRevocations = 3) {
  const clock = new VirtualClock(0);
  const counters = new Counters();
  return {
    clock,
    counters,
    tokens: new RevokedTokens(clock, counters, { maxRevocations, revocationMs: 100 }),
  };
}

Deno.test("A revoked token is refused until it would have expired", () => {
  const { clock, tokens } = stage();
  tokens.add("t", 50);
  assertEquals([tokens.has("t", 50), tokens.has("other", 50)], [true, false]);
  clock.step(49);
  assertEquals(tokens.has("t", null), true);
  clock.step(50);
  assertEquals([tokens.has("t", null), tokens.size], [false, 0]);
});

Deno.test("A revoked token whose end is not known is refused for revocationMs", () => {
  const { clock, tokens } = stage();
  tokens.add("t", null);
  clock.step(99);
  assertEquals(tokens.has("t", null), true);
  clock.step(100);
  assertEquals(tokens.has("t", null), false);
});

Deno.test("A revoked token that turns out to live longer is refused for all of its life", () => {
  const { clock, tokens } = stage();
  tokens.add("t", null);
  assertEquals(tokens.has("t", 1_000), true);
  clock.step(999);
  assertEquals(tokens.has("t", 1_000), true);
});

Deno.test("Revoking a token again never shortens its time", () => {
  const { clock, tokens } = stage();
  tokens.add("t", 90);
  tokens.add("t", 10);
  clock.step(50);
  assertEquals([tokens.has("t", null), tokens.size], [true, 1]);
});

Deno.test("A token that has expired already is not worth remembering", () => {
  const { clock, tokens } = stage();
  clock.step(50);
  tokens.add("t", 50);
  assertEquals(tokens.size, 0);
});

Deno.test("maxRevocations: beyond, the one that ends first is forgotten, and counted", () => {
  const { tokens, counters } = stage();
  for (const [id, atMs] of [["a", 30], ["b", 10], ["c", 20], ["d", 40]] as const) tokens.add(id, atMs);
  assertEquals(["a", "b", "c", "d"].map((id) => tokens.has(id, null)), [true, false, true, true]);
  assertEquals([tokens.size, counters.get("revocations.forgotten")], [3, 1]);
});

Deno.test("Those that are past make room before anything is forgotten too early", () => {
  const { clock, tokens, counters } = stage();
  for (const [id, atMs] of [["a", 10], ["b", 10], ["c", 90]] as const) tokens.add(id, atMs);
  clock.step(10);
  tokens.add("d", 80);
  assertEquals([tokens.size, counters.get("revocations.forgotten")], [2, 0]);
});
