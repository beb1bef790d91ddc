import { Run } from "./run.ts";
import { drawSchedule, type Schedule } from "./schedule.ts";

/** What is left out of the schedule that a seed draws. */
export interface SimulationOptions {
  /** The numbers of the steps that are done. Default: all. */
  readonly steps?: readonly number[];
  /** How many of the clients there are. Default: all. */
  readonly clients?: number;
}

/** How a simulation came out. */
export interface Simulated {
  readonly seed: number;
  /** Which invariant does not hold, and how; `null`: all is well. */
  readonly violation: string | null;
  /** Every line of what has happened. */
  readonly trace: readonly string[];
  /** How many events there were. */
  readonly events: number;
  /** What was done. */
  readonly schedule: Schedule;
}

/** Runs one world. One at a time in a process: while it runs, the globals of the platform are the world's. */
export async function simulate(seed: number, options: SimulationOptions = {}): Promise<Simulated> {
  const drawn = drawSchedule(seed);
  const { steps, clients = drawn.clients.length } = options;
  const schedule: Schedule = {
    ...drawn,
    clients: drawn.clients.slice(0, clients),
    steps: steps === undefined ? drawn.steps : drawn.steps.filter(({ index }) => steps.includes(index)),
  };
  const run = new Run(seed, schedule);
  await run.play();
  const { violation, trace, events } = run.world;
  return { seed, violation: violation?.message ?? null, trace, events, schedule };
}
