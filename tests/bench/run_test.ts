import { assertEquals } from "@std/assert";
import type { Case } from "../../bench/case.ts";
import { runCase } from "../../bench/run.ts";

function caseOf(runs: Record<string, () => number[]>, rounds?: number): Case {
  return {
    part: "echo",
    title: "Echo",
    windows: ["1 in flight"],
    contenders: Object.entries(runs).map(([name, run]) => ({
      name,
      run: () => Promise.resolve().then(() => run().map((perSecond) => ({ perSecond }))),
    })),
    rounds,
    columns: [],
    counts: "perSecond",
    by: "ratio",
    bases: [],
    targets: [],
  };
}

Deno.test("rounds alternate: who came first in one comes last in the next", async () => {
  const order: string[] = [];
  const run = (name: string) => () => [order.push(name)];
  const runs = { a: run("a"), b: run("b"), c: run("c") };
  await runCase(caseOf(runs), 3);
  assertEquals(order.join(""), "abccbaabc");
  const outcomes = await runCase(caseOf(runs, 1), 5);
  assertEquals(outcomes.map(({ rounds }) => rounds.length), [1, 1, 1]);
});

Deno.test("a contender that fails is out, with what it said, and the others go on", async () => {
  let runs = 0;
  const outcomes = await runCase(
    caseOf({
      failing: () => {
        if (++runs === 2) throw new Error("it fell");
        return [1];
      },
      short: () => [],
      well: () => [3],
    }),
    4,
  );
  assertEquals(outcomes.map(({ name, failure }) => [name, failure]), [
    ["failing", "it fell"],
    ["short", "Gave 0 figures for 1 windows"],
    ["well", null],
  ]);
  assertEquals([runs, outcomes[2].rounds.length], [2, 4]);
});
