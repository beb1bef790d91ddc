import { assertEquals } from "@std/assert";
import { dropOldest, keepAll, latest, sample } from "../../src/sessions/slow_policy.ts";
import { slowRule } from "../../src/sessions/slow_rules.ts";
import { VirtualClock } from "../../src/testing/virtual_clock.ts";

interface Waiting {
  readonly n: number;
  readonly key: string | undefined;
}

/** Admits one after the other, and gives what went for each. */
function admitAll(
  rule: NonNullable<ReturnType<typeof slowRule<Waiting>>>,
  keys: readonly (string | undefined)[],
) {
  return keys.map((key, n) => {
    const victim = rule.admit({ n, key });
    if (victim !== null) rule.forget(victim);
    return victim?.n ?? null;
  });
}

Deno.test("Where everything may wait, there is no rule", () => {
  assertEquals(slowRule(keepAll(), new VirtualClock()), null);
});

Deno.test("dropOldest lets the oldest go for each that is too many, also after many", () => {
  const rule = slowRule<Waiting>(dropOldest({ max: 3 }), new VirtualClock())!;
  const went = admitAll(rule, Array.from({ length: 1_000 }, () => undefined));
  assertEquals(went, Array.from({ length: 1_000 }, (_, n) => n < 3 ? null : n - 3));
});

Deno.test("dropOldest has room for one more when one has left", () => {
  const rule = slowRule<Waiting>(dropOldest({ max: 2 }), new VirtualClock())!;
  const [a, b, c, d] = [0, 1, 2, 3].map((n) => ({ n, key: undefined }));
  rule.admit(a);
  rule.admit(b);
  rule.forget(a);
  assertEquals(rule.admit(c), null);
  assertEquals(rule.admit(d), b);
});

Deno.test("latest lets go what waits under the same key; what has no key is like no other", () => {
  const rule = slowRule<Waiting>(latest(), new VirtualClock())!;
  assertEquals(admitAll(rule, ["a", "b", undefined, "a", undefined, "a"]), [null, null, null, 0, null, 3]);
});

Deno.test("latest lets go nothing for what has left already", () => {
  const rule = slowRule<Waiting>(latest(), new VirtualClock())!;
  const first = { n: 0, key: "a" };
  rule.admit(first);
  rule.forget(first);
  assertEquals(rule.admit({ n: 1, key: "a" }), null);
});

Deno.test("sample begins an interval with the first that has to wait", () => {
  const clock = new VirtualClock();
  const rule = slowRule<Waiting>(sample({ everyMs: 100 }), clock)!;
  const went: (number | null)[] = [];
  [0, 60, 99, 100, 150, 400].forEach((atMs, n) => {
    clock.setTimer(() => went.push(rule.admit({ n, key: undefined })?.n ?? null), atMs);
  });
  while (clock.step(1_000));
  assertEquals(went, [null, 0, 1, null, 3, null]);
});
