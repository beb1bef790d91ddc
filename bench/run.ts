import type { Case, Contender, Outcome } from "./case.ts";
import type { Figures } from "./figures.ts";
import { playCase } from "./turns.ts";

/** Runs a case. A contender that fails is out; the others go on. */
export async function runCase(each: Case, rounds: number): Promise<Outcome[]> {
  const { contenders, windows } = each;
  const count = each.rounds ?? rounds;
  if ("turns" in contenders) return await playCase(windows.length, contenders, count);
  return await runRounds(windows.length, contenders, count);
}

/**
 * One contender after the other. The order turns around from round to round, so that a machine that gets slower harms
 * all alike.
 */
async function runRounds(
  windows: number,
  contenders: readonly Contender[],
  rounds: number,
): Promise<Outcome[]> {
  const outcomes = contenders.map((contender) => ({
    contender,
    name: contender.name,
    rounds: [] as (readonly Figures[])[],
    failure: null as string | null,
  }));
  for (let round = 0; round < rounds; round++) {
    for (const outcome of round % 2 === 0 ? outcomes : outcomes.toReversed()) {
      if (outcome.failure !== null) continue;
      const done = await runOnce(outcome.contender, windows);
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
