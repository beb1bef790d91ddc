import type { Case, Contender, Outcome } from "./case.ts";
import type { Figures } from "./figures.ts";

/**
 * Runs a case. The order of the contenders turns around from round to round, so that a machine that gets slower harms
 * all alike. A contender that fails is out; the others go on.
 */
export async function runCase(each: Case, rounds: number): Promise<Outcome[]> {
  const outcomes = each.contenders.map((contender) => ({
    contender,
    name: contender.name,
    rounds: [] as (readonly Figures[])[],
    failure: null as string | null,
  }));
  for (let round = 0; round < (each.rounds ?? rounds); round++) {
    for (const outcome of round % 2 === 0 ? outcomes : outcomes.toReversed()) {
      if (outcome.failure !== null) continue;
      const done = await runOnce(outcome.contender, each.windows.length);
      if (typeof done === "string") outcome.failure = done;
      else outcome.rounds.push(done);
    }
  }
  return outcomes;
}

/** The figures, or what went wrong. */
async function runOnce(contender: Contender, windows: number): Promise<readonly Figures[] | string> {
  try {
    const figures = await contender.run();
    return figures.length === windows ? figures : `Gave ${figures.length} figures for ${windows} windows`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
