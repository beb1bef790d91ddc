import type { Case, Outcome } from "./case.ts";
import type { Line } from "./plot.ts";
import { failures } from "./report.ts";
import { exponent, type Point, spread } from "./statistics.ts";
import { inShort, table } from "./table.ts";
import type { Verdict } from "./verdict.ts";

/** By how much an exponent may be above what it has to be: caches, and collectors that see more objects. */
const TOLERANCE = 0.1;

/** How costs grow. */
export interface Growth {
  /** Markdown. */
  readonly text: string;
  readonly lines: readonly Line[];
  readonly verdicts: readonly Verdict[];
}

/** Looks at the curves of a case. */
export function growth(each: Case, outcomes: readonly Outcome[]): Growth {
  const curves = (each.curves ?? []).map((curve) => {
    const outcome = outcomes.find(({ name }) => name === curve.contender)!;
    const costs = outcome.failure === null
      ? each.windows.map((_, i) => outcome.rounds.map((round) => round[i][curve.figure] ?? NaN))
      : [];
    const points = (cost: (costs: readonly number[]) => number): Point[] =>
      costs.map((rounds, i) => ({ size: Number(each.windows[i]), cost: cost(rounds) }));
    const exponents = outcome.failure === null
      ? outcome.rounds.map((_, round) => exponent(points((rounds) => rounds[round])))
      : [];
    return { ...curve, costs, points: points((rounds) => spread(rounds).median), exponents };
  });
  const measured = curves.filter(({ points }) => points.length > 0);
  const rows = measured.map(({ name, costs, exponents }) => [
    name,
    ...costs.map((rounds) => inShort(rounds, 1)),
    inShort(exponents, 2),
  ]);
  const head = ["CPU µs each", ...each.windows.map((size) => Number(size).toLocaleString("en")), "exponent"];
  const text = [
    `### ${each.title}\n`,
    ...(rows.length === 0 ? [] : [table(head, rows)]),
    ...failures(outcomes),
  ];
  return {
    text: text.join("\n"),
    lines: measured.map(({ name, points }) => ({ name, points })),
    verdicts: curves.filter(({ most }) => most !== Infinity).map(({ name, most, exponents }) => ({
      target: `Growth: ${name}: exponent ≤ ${most} + ${TOLERANCE}`,
      reached: exponents,
      verdict: exponents.length === 0
        ? "FAILED"
        : spread(exponents).median <= most + TOLERANCE
        ? "met"
        : "MISSED",
    })),
  };
}
