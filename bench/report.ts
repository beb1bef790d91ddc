import type { Case } from "./cases.ts";
import type { Footprint, Throughput } from "./load/order.ts";
import type { Outcomes } from "./run.ts";
import { spread } from "./statistics.ts";

/** Below this share of its core, the server was not what the others waited for. */
const SATURATED = 0.95;

/** A case's table. */
export interface Report {
  /** Markdown. */
  readonly text: string;
  /** What missed its target. */
  readonly missed: readonly string[];
}

/** Puts what came of a case into a table. */
export function report(each: Case, outcomes: readonly Outcomes[]): Report {
  const { head, rows } = each.part === "memory" ? memoryRows(outcomes) : throughputRows(outcomes);
  return {
    text: `### ${each.name[0].toUpperCase()}${each.name.slice(1)}\n\n${
      table(head, rows.map(({ cells }) => cells))
    }`,
    missed: rows.filter(({ met }) => met === false).map(({ cells }) => `${each.name}: ${cells[0]}`),
  };
}

interface Row {
  readonly cells: string[];
  /** `null` without a target. */
  readonly met: boolean | null;
}

function throughputRows(outcomes: readonly Outcomes[]): { head: string[]; rows: Row[] } {
  const all = outcomes as readonly Outcomes<Throughput>[];
  const ratios = (key: "perSecond" | "perCpuSecond", rounds: readonly Throughput[]): number[] =>
    rounds.map((each, round) => each[key] / all[0].rounds[round][key]);
  const rows = all.map(({ contender, rounds }, i) => {
    const rate = ratios("perSecond", rounds);
    const of = (key: keyof Throughput): number => spread(rounds.map((each) => each[key] ?? NaN)).median;
    const met = contender.target === null ? null : spread(rate).median >= contender.target;
    const load = of("serverLoad");
    const cells = [
      contender.name,
      inThousands(rounds.map(({ perSecond }) => perSecond)),
      of("messagesPerFrame").toFixed(1),
      `${load.toFixed(2)}${load < SATURATED ? " (!)" : ""}`,
      of("ownLoad").toFixed(2),
      Number.isNaN(of("p99Ms")) ? "" : of("p99Ms").toFixed(1),
      i === 0 ? "" : spreadText(ratios("perCpuSecond", rounds)),
      i === 0 ? "" : spreadText(rate),
      ...verdict(contender.target === null ? "" : `≥ ${contender.target}`, met),
    ];
    return { cells, met };
  });
  const head = [
    "",
    "1,000 messages/s",
    "a frame",
    "server",
    "load",
    "p99 ms",
    "ratio per CPU",
    "ratio",
    "target",
    "",
  ];
  return { head, rows };
}

function memoryRows(outcomes: readonly Outcomes[]): { head: string[]; rows: Row[] } {
  const all = outcomes as readonly Outcomes<Footprint>[];
  const rows = all.map(({ contender, rounds }, i) => {
    const above = (key: keyof Footprint): number[] =>
      rounds.map((each, round) => each[key] - all[0].rounds[round][key]);
    const settled = above("settledKib");
    const met = contender.target === null ? null : spread(settled).median <= contender.target;
    const cells = [
      contender.name,
      spreadText(rounds.map(({ settledKib }) => settledKib)),
      spreadText(rounds.map(({ collectedKib }) => collectedKib)),
      i === 0 ? "" : spreadText(above("collectedKib")),
      i === 0 ? "" : spreadText(settled),
      ...verdict(contender.target === null ? "" : `≤ ${contender.target}`, met),
    ];
    return { cells, met };
  });
  const head = ["", "KiB each", "after a forced GC", "above bare after it", "above bare", "target", ""];
  return { head, rows };
}

function verdict(target: string, met: boolean | null): string[] {
  return [target, met === null ? "" : met ? "met" : "MISSED"];
}

function inThousands(values: readonly number[]): string {
  const { median, min, max } = spread(values.map((value) => value / 1_000));
  const text = (value: number): string => value.toLocaleString("en", { maximumFractionDigits: 1 });
  return `${text(median)} (${text(min)}–${text(max)})`;
}

function spreadText(values: readonly number[]): string {
  const { median, min, max } = spread(values);
  return `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`;
}

/** A table of Markdown, its columns aligned for those who read it as it is. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, i) => Math.max(3, cell.length, ...rows.map((row) => row[i].length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])).join(" | ")} |`;
  const rule = `| ${
    widths.map((width, i) => i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`).join(" | ")
  } |`;
  return [line(head), rule, ...rows.map(line)].join("\n") + "\n";
}
