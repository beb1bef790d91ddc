import type { Case, Column, Outcome } from "./case.ts";
import { inShort, table } from "./table.ts";
import { compared } from "./verdict.ts";

/** Below this share of its core, the server was not what the others waited for. */
const SATURATED = 0.95;

/** What came of a case: a table for each window, as Markdown. */
export function report(each: Case, outcomes: readonly Outcome[]): string {
  const done = outcomes.filter(({ failure, rounds }) => failure === null && rounds.length > 0);
  const tables = each.windows.map((window, i) => `#### ${window}\n\n${windowTable(each, done, i)}`);
  return [`### ${each.title}\n`, ...(done.length === 0 ? [] : tables), ...failures(outcomes)].join("\n");
}

/** What failed, a line each. */
export function failures(outcomes: readonly Outcome[]): string[] {
  return outcomes.filter(({ failure }) => failure !== null)
    .map(({ name, failure }) => `FAILED: ${name}: ${inOneLine(failure!)}\n`);
}

/** Without colours, and not more than a line has room for. */
function inOneLine(text: string): string {
  // deno-lint-ignore no-control-regex
  const plain = text.replaceAll(/\x1b\[[0-9;]*m/g, "").replaceAll(/\s+/g, " ");
  return plain.length > 300 ? `${plain.slice(0, 300)}…` : plain;
}

function windowTable(each: Case, outcomes: readonly Outcome[], window: number): string {
  const bases = each.bases.flatMap(({ name, head }) => {
    const base = outcomes.find((outcome) => outcome.name === name);
    return base === undefined ? [] : [{ base, head }];
  });
  // What it costs is told apart from how fast it was: that depends on what else the machine does, too.
  const cost = each.columns.some(({ figure }) => figure === "cpuMicros") ? bases.slice(0, 1) : [];
  const columns = [
    ...bases.map(({ base, head }) => ({ base, head, by: each })),
    ...cost.map(({ base, head }) => (
      { base, head: `CPU ${head}`, by: { counts: "cpuMicros", by: "ratio" } as const }
    )),
  ];
  const rows = outcomes.map((outcome) => [
    outcome.name,
    ...each.columns.map((column) => cell(column, outcome, window)),
    ...columns.map(({ base, by }) => {
      const values = base === outcome ? null : compared(by, outcome, base, window);
      return values === null ? "" : inShort(values, 2);
    }),
  ]);
  return table(["", ...each.columns.map(({ head }) => head), ...columns.map(({ head }) => head)], rows);
}

function cell(column: Column, { rounds }: Outcome, window: number): string {
  const values = rounds.map((round) => (round[window][column.figure] ?? NaN) / (column.per ?? 1));
  if (values.some(Number.isNaN)) return "";
  const text = inShort(values, column.digits);
  const short = column.spread ? text : text.split(" ")[0];
  return column.figure === "serverLoad" && Number(short) < SATURATED ? `${short} (!)` : short;
}
