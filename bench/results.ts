import type { Case, Outcome } from "./case.ts";
import { growth } from "./growth.ts";
import { type Line, plot } from "./plot.ts";
import { report } from "./report.ts";
import { inShort, table } from "./table.ts";
import { judge, type Verdict } from "./verdict.ts";

/** The plot's file, beside `RESULTS.md`. */
const PLOT = "growth.svg";

/** What came of all cases so far. */
export class Results {
  readonly #about: string;
  readonly #texts: string[] = [];
  readonly #lines: Line[] = [];
  readonly #verdicts: Verdict[] = [];
  readonly #failed: string[] = [];

  /** `about`: what stands above all figures. */
  constructor(about: string) {
    this.#about = about;
  }

  /** What failed, and, where it is judged, what was missed. */
  get failed(): readonly string[] {
    return this.#failed;
  }

  get missed(): readonly string[] {
    return this.#verdicts.filter(({ verdict }) => verdict === "MISSED").map(({ target }) => target);
  }

  /** Adds a case. Its tables, as Markdown. */
  add(each: Case, outcomes: readonly Outcome[]): string {
    this.#failed.push(
      ...outcomes.filter(({ failure }) => failure !== null).map(({ name }) => `${each.title}: ${name}`),
    );
    const { text, lines, verdicts } = each.curves === undefined
      ? { text: report(each, outcomes), lines: [], verdicts: judge(each, outcomes) }
      : growth(each, outcomes);
    this.#texts.push(text);
    this.#lines.push(...lines);
    this.#verdicts.push(...verdicts);
    return text;
  }

  /** Adds a case that could not be measured at all. What there is to say, as Markdown. */
  fail({ title }: Case, error: unknown): string {
    const text = `### ${title}\n\nFAILED: ${error instanceof Error ? error.message : error}\n`;
    this.#failed.push(title);
    this.#texts.push(text);
    return text;
  }

  /** All targets, and what was reached. */
  targets(): string {
    const rows = this.#verdicts.map((
      { target, reached, verdict },
    ) => [target, reached.length === 0 ? "" : inShort(reached, reached[0] >= 100 ? 0 : 2), verdict]);
    return table(["target", "reached", ""], rows);
  }

  /** Writes `RESULTS.md` and its plot into `folder`. */
  write(folder: URL): void {
    Deno.mkdirSync(folder, { recursive: true });
    const failed = this.#failed.length === 0 ? [] : [`Failed:\n\n- ${this.#failed.join("\n- ")}\n`];
    const shown = this.#lines.length === 0 ? [] : [`## Growth\n\n![What operations cost](./${PLOT})\n`];
    const text = [
      "# What `deno task bench` measured\n",
      this.#about,
      ...failed,
      "## Targets\n",
      this.targets(),
      ...shown,
      "## Figures\n",
      ...this.#texts,
    ];
    Deno.writeTextFileSync(new URL("RESULTS.md", folder), text.join("\n").trimEnd() + "\n");
    if (this.#lines.length === 0) return;
    const title = "The server's CPU µs for one operation, by the number of topics, patterns or subscribers";
    Deno.writeTextFileSync(new URL(PLOT, folder), plot(title, this.#lines));
  }
}
