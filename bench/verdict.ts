import type { Case, Outcome, Target } from "./case.ts";
import type { Figures } from "./figures.ts";
import { spread } from "./statistics.ts";

/** Whether a target was met. */
export interface Verdict {
  readonly target: string;
  /** What was reached, by round; none where it was not measured. */
  readonly reached: readonly number[];
  readonly verdict: "met" | "MISSED" | "FAILED" | "left out";
}

/** Judges the targets of a case. */
export function judge(each: Case, outcomes: readonly Outcome[]): Verdict[] {
  return each.targets.map((target) => {
    const reached = reachedOf(each, outcomes, target);
    const text = textOf(each, target);
    if (typeof reached === "string") return { target: text, reached: [], verdict: reached };
    const { median } = spread(reached);
    const { least = -Infinity, most = Infinity } = target;
    return { target: text, reached, verdict: median >= least && median <= most ? "met" : "MISSED" };
  });
}

/**
 * What a contender has reached in a window, round by round: its figure, or how that compares with another's in the same
 * round; where they took turns, turn by turn, the median of that. `null`: there is no such figure.
 */
export function compared(
  { counts, by }: Pick<Case, "counts" | "by">,
  outcome: Outcome,
  base: Outcome | null,
  window: number,
): number[] | null {
  const compare = (own: Figures | undefined, other: Figures | undefined): number => {
    const [a, b] = [own?.[counts] ?? NaN, other?.[counts] ?? NaN];
    return by === "ratio" ? a / b : a - b;
  };
  const values = outcome.rounds.map((round, i) => {
    if (base === null) return round[window][counts] ?? NaN;
    const [own, other] = [outcome.turns?.[i]?.[window], base.turns?.[i]?.[window]];
    if (own === undefined || other === undefined) return compare(round[window], base.rounds[i]?.[window]);
    return spread(own.map((turn, k) => compare(turn, other[k]))).median;
  });
  return outcome.failure !== null || values.length === 0 || values.some(Number.isNaN) ? null : values;
}

function reachedOf(
  each: Case,
  outcomes: readonly Outcome[],
  { window, contender, to }: Target,
): number[] | "FAILED" | "left out" {
  const find = (name: string): Outcome | undefined => outcomes.find((outcome) => outcome.name === name);
  const [own, base] = [find(contender), to === null ? null : find(to)];
  if (own === undefined || base === undefined) return "left out"; // a peer that is not on this machine
  if (own.failure !== null || (base !== null && base.failure !== null)) return "FAILED";
  return compared(each, own, base, each.windows.indexOf(window)) ?? "FAILED";
}

function textOf({ title, by }: Case, { window, contender, to, least, most, unit }: Target): string {
  const bound = least === undefined ? `≤ ${inWords(most!)}` : `≥ ${inWords(least)}`;
  const against = to === null ? "" : by === "ratio" ? ` × ${to}` : ` above ${to}`;
  return `${title}, ${window}: ${contender} ${bound}${unit === undefined ? "" : ` ${unit}`}${against}`;
}

function inWords(value: number): string {
  return value.toLocaleString("en");
}
