import type { Outcome, Play, Players } from "./case.ts";
import type { Figure, Figures } from "./figures.ts";
import { spread } from "./statistics.ts";

/** A player, and what came of it. */
interface Progress extends Outcome {
  readonly rounds: (readonly Figures[])[];
  readonly turns: (readonly (readonly Figures[])[])[];
  failure: string | null;
}

/** A player in one round. */
interface Seat {
  readonly of: Progress;
  readonly play: Play;
  /** What its turns gave, by window. */
  readonly given: Figures[][];
}

/**
 * Runs a case whose contenders take turns: fresh ones in each round. Who is next is drawn, so that nobody always comes
 * behind the same one. Who fails is out; the others go on.
 */
export async function playCase(windows: number, { all, turns }: Players, rounds: number): Promise<Outcome[]> {
  const outcomes = all.map(({ name }): Progress => ({ name, rounds: [], turns: [], failure: null }));
  for (let round = 0; round < rounds; round++) {
    const seats: Seat[] = [];
    try {
      for (const [i, of] of outcomes.entries()) {
        if (of.failure !== null) continue;
        const play = await orFailure(of, () => all[i].enter());
        if (play !== null) seats.push({ of, play, given: Array.from({ length: windows }, () => []) });
      }
      for (let window = 0; window < windows; window++) {
        for (let turn = 0; turn < turns; turn++) await playTurn(window, seats);
      }
    } finally {
      for (const { of, play } of seats) await orFailure(of, () => play[Symbol.asyncDispose]());
    }
    for (const { of, given } of seats) {
      if (of.failure !== null) continue;
      of.turns.push(given);
      of.rounds.push(given.map(medians));
    }
  }
  return outcomes;
}

async function playTurn(window: number, seats: readonly Seat[]): Promise<void> {
  for (const { of, play, given } of shuffled(seats)) {
    if (of.failure !== null) continue;
    const figures = await orFailure(of, () => play.turn(window));
    if (figures !== null) given[window].push(figures);
  }
}

/** What `run` gives; `null`: it has failed, and is out. */
async function orFailure<T>(of: Progress, run: () => PromiseLike<T>): Promise<T | null> {
  try {
    return await run();
  } catch (error) {
    of.failure ??= error instanceof Error ? error.message : String(error);
    return null;
  }
}

function medians(turns: readonly Figures[]): Figures {
  const figures = Object.keys(turns[0]) as Figure[];
  return Object.fromEntries(
    figures.map((figure) => [figure, spread(turns.map((turn) => turn[figure] ?? NaN)).median]),
  );
}

function shuffled<T>(values: readonly T[]): T[] {
  return values.map((value) => ({ value, at: Math.random() })).toSorted((a, b) => a.at - b.at).map((
    { value },
  ) => value);
}
