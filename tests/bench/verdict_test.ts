import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Case, Outcome } from "../../bench/case.ts";
import { growth } from "../../bench/growth.ts";
import { report } from "../../bench/report.ts";
import { Results } from "../../bench/results.ts";
import { judge } from "../../bench/verdict.ts";

const CASE: Case = {
  part: "echo",
  title: "Echo",
  windows: ["1 in flight"],
  contenders: [],
  columns: [{ figure: "perSecond", head: "1,000/s", digits: 1, per: 1_000, spread: true }],
  counts: "perSecond",
  by: "ratio",
  bases: [{ name: "bare", head: "× bare" }, { name: "Bun", head: "× Bun" }],
  targets: [],
};

function outcome(name: string, ...perSecond: number[]): Outcome {
  return { name, rounds: perSecond.map((value) => [{ perSecond: value }]), failure: null };
}

function target(contender: string, to: string | null, bounds: { least?: number; most?: number }): Case {
  return { ...CASE, targets: [{ window: "1 in flight", contender, to, ...bounds }] };
}

Deno.test("verdict: a ratio is the median of the rounds' own ratios, not the ratio of the medians", () => {
  // The machine was three times as fast in the second round.
  const outcomes = [outcome("bare", 100, 300, 100), outcome("ours", 90, 270, 120)];
  const [{ verdict, reached }] = judge(target("ours", "bare", { least: 0.91 }), outcomes);
  assertEquals([verdict, reached], ["MISSED", [0.9, 0.9, 1.2]]);
  assertEquals(judge(target("ours", "bare", { least: 0.9 }), outcomes)[0].verdict, "met");
  assertEquals(judge(target("ours", null, { most: 119 }), outcomes)[0].verdict, "MISSED");
});

Deno.test("verdict: where contenders took turns, each is compared with the other's at its side", () => {
  const taken = (name: string, ...turns: number[]): Outcome => ({
    ...outcome(name, turns[1]),
    turns: [[turns.map((perSecond) => ({ perSecond }))]],
  });
  // The machine was slow in the first turn, and ours alone met something in the last.
  const outcomes = [taken("bare", 50, 100, 100), taken("ours", 48, 96, 10)];
  assertEquals(judge(target("ours", "bare", { least: 0.95 }), outcomes)[0].reached, [0.96]);
});

Deno.test("verdict: a difference is that of the same round", () => {
  const outcomes = [outcome("bare", 10, 12), outcome("ours", 15, 16)];
  const each: Case = { ...target("ours", "bare", { most: 5 }), by: "difference" };
  assertEquals(judge(each, outcomes)[0], {
    target: "Echo, 1 in flight: ours ≤ 5 above bare",
    reached: [5, 4],
    verdict: "met",
  });
});

Deno.test("verdict: what failed is no target met, and a peer that is not there is left out", () => {
  const failed: Outcome = { name: "ours", rounds: [[{ perSecond: 1_000 }]], failure: "the server\nfell" };
  const bare = outcome("bare", 100, 100);
  assertEquals(judge(target("ours", "bare", { least: 1 }), [bare, failed])[0].verdict, "FAILED");
  assertEquals(judge(target("bare", "ours", { least: 0 }), [bare, failed])[0].verdict, "FAILED");
  assertEquals(judge(target("bare", "Bun", { least: 0 }), [bare])[0].verdict, "left out");
});

Deno.test("report: medians with the least and the most, a column for each base that is there, and what failed", () => {
  const failed: Outcome = { name: "theirs", rounds: [], failure: "the server\nfell" };
  const text = report(CASE, [
    outcome("bare", 1_000, 3_000, 2_000),
    outcome("ours", 2_000, 3_000, 3_000),
    failed,
  ]);
  assertEquals(text.split("\n").filter((line) => /^[|F]/.test(line)), [
    "|      |       1,000/s |           × bare |",
    "| ---- | ------------: | ---------------: |",
    "| bare | 2.0 (1.0–3.0) |                  |",
    "| ours | 3.0 (2.0–3.0) | 1.50 (1.00–2.00) |",
    "FAILED: theirs: the server fell",
  ]);
});

Deno.test("growth: a cost that grows faster than it may is missed, whatever it costs", () => {
  const each: Case = {
    ...CASE,
    windows: ["10", "100", "1000"],
    curves: ["flat", "linear", "square"].map((name) => (
      { name, contender: name, figure: "cpuMicros", most: 1 }
    )),
  };
  const curve = (name: string, ...costs: number[]): Outcome => (
    { name, rounds: [costs.map((cpuMicros) => ({ cpuMicros }))], failure: null }
  );
  const outcomes = [
    curve("flat", 900, 800, 900),
    curve("linear", 10, 100, 1_000),
    curve("square", 0.01, 1, 100),
  ];
  const { verdicts, lines, text } = growth(each, outcomes);
  assertEquals(verdicts.map(({ verdict }) => verdict), ["met", "met", "MISSED"]);
  assertEquals(lines.length, 3);
  assertStringIncludes(text, "| square      |   0.0 |   1.0 |   100.0 |     2.00 |");
  const failed = growth(each, outcomes.with(2, { name: "square", rounds: [], failure: "it fell" }));
  assertEquals(failed.verdicts[2].verdict, "FAILED");
  assertStringIncludes(failed.text, "FAILED: square: it fell");
});

Deno.test("results: they are written though something failed, and say so", () => {
  const folder = Deno.makeTempDirSync();
  try {
    const results = new Results("A machine.\n");
    results.add(target("ours", "bare", { least: 1 }), [
      outcome("bare", 1),
      { ...outcome("ours"), failure: "it fell" },
    ]);
    results.fail({ ...CASE, title: "Joins" }, new Error("nothing went"));
    results.write(new URL(`file://${folder}/deeper/`));
    const text = Deno.readTextFileSync(`${folder}/deeper/RESULTS.md`);
    for (
      const part of [
        "- Echo: ours\n- Joins\n",
        "FAILED: ours: it fell",
        "ours ≥ 1 × bare",
        "FAILED: nothing went",
      ]
    ) {
      assertStringIncludes(text, part);
    }
    assertEquals([results.failed, results.missed], [["Echo: ours", "Joins"], []]);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
