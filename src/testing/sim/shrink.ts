import type { Simulated, SimulationOptions } from "./simulate.ts";

/** Runs one world: `simulate`. */
type Simulate = (seed: number, options: SimulationOptions) => Promise<Simulated>;

/**
 * Looks for as few steps and clients as may be with which the seed still breaks the same invariant: by leaving out
 * halves, quarters, … of the steps, and the last clients.
 */
export async function shrink(simulate: Simulate, failed: Simulated): Promise<Simulated> {
  const invariantOf = ({ violation }: Simulated): string | null => violation?.split(":")[0] ?? null;
  const invariant = invariantOf(failed);
  let best = failed;
  const tried = async (steps: readonly number[], clients: number): Promise<boolean> => {
    const outcome = await simulate(failed.seed, { steps, clients });
    if (invariantOf(outcome) !== invariant) return false;
    best = outcome;
    return true;
  };
  const stepsOf = ({ schedule }: Simulated): number[] => schedule.steps.map(({ index }) => index);
  for (
    let size = Math.ceil(stepsOf(best).length / 2);
    size >= 1;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let at = 0; at < stepsOf(best).length;) {
      const steps = stepsOf(best);
      const rest = [...steps.slice(0, at), ...steps.slice(at + size)];
      if (!await tried(rest, best.schedule.clients.length)) at += size;
    }
  }
  while (best.schedule.clients.length > 1) {
    if (!await tried(stepsOf(best), best.schedule.clients.length - 1)) break;
  }
  return best;
}
