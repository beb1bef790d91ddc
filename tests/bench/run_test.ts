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

Deno.test("players are all there in a round, and each takes its turns in each window, in no fixed order", async () => {
  const log: string[] = [];
  const player = (name: string) => ({
    name,
    enter: () => {
      log.push(`${name} enters`);
      return Promise.resolve({
        turn: (window: number) => {
          log.push(`${name} ${window}`);
          return Promise.resolve({ perSecond: log.length });
        },
        [Symbol.asyncDispose]: () => Promise.resolve(void log.push(`${name} leaves`)),
      });
    },
  });
  const all = ["a", "b", "c", "d"].map(player);
  const outcomes = await runCase({ ...caseOf({}), windows: ["x", "y"], contenders: { all, turns: 3 } }, 2);
  for (const round of [log.slice(0, 32), log.slice(32)]) {
    assertEquals(round.slice(0, 4), ["a enters", "b enters", "c enters", "d enters"]);
    assertEquals(round.slice(28), ["a leaves", "b leaves", "c leaves", "d leaves"]);
    for (let turn = 0; turn < 6; turn++) {
      const window = turn < 3 ? 0 : 1;
      assertEquals(
        round.slice(4 + 4 * turn, 8 + 4 * turn).toSorted(),
        ["a", "b", "c", "d"].map((name) => `${name} ${window}`),
      );
    }
  }
  assertEquals(log.length, 64);
  for (const { rounds, turns } of outcomes) {
    assertEquals(rounds.map((round) => round.length), [2, 2]);
    assertEquals(turns!.map((round) => round.map((window) => window.length)), [[3, 3], [3, 3]]);
    // The figures of a round are the medians of its turns.
    const given = turns![1][0].map(({ perSecond }) => perSecond!).toSorted((a, b) => a - b);
    assertEquals(rounds[1][0].perSecond, given[1]);
  }
});

Deno.test("a player that fails on its way in, in a turn or on its way out is out, and the others go on", async () => {
  const player = (name: string, failsAt: string) => {
    const at = <T>(what: string, value: T): Promise<T> =>
      what === failsAt ? Promise.reject(new Error(`${name} fell`)) : Promise.resolve(value);
    return {
      name,
      enter: () =>
        at("enter", {
          turn: () => at("turn", { perSecond: 1 }),
          [Symbol.asyncDispose]: () => at("leave", undefined),
        }),
    };
  };
  const all = [player("a", "enter"), player("b", "turn"), player("c", "leave"), player("d", "never")];
  const outcomes = await runCase({ ...caseOf({}), contenders: { all, turns: 2 } }, 3);
  assertEquals(outcomes.map(({ failure, rounds }) => [failure, rounds.length]), [
    ["a fell", 0],
    ["b fell", 0],
    ["c fell", 0],
    [null, 3],
  ]);
});
