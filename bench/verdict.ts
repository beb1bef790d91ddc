import type { Case, Outcome, Target } from "./case.ts";
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
 * round. `null`: there is no such figure.
 */
export function compared(
  { counts, by }: Pick<Case, "counts" | "by">,
  outcome: Outcome,
  base: Outcome | null,
  window: number,
): number[] | null {
  const values = outcome.rounds.map((round, i) => {
    const own = round[window][counts] ?? NaN;
    if (base === null) return own;
    const other = base.rounds[i]?.[window][counts] ?? NaN;
    return by === "ratio" ? own / other : own - other;
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
