/**
 * `deno task sim`: runs worlds, one seed after another, and shrinks the first that breaks an invariant.
 *
 * - `--seeds 10000`: how many; `--from 1`: the first
 * - `--seed 7`: one alone, `--only 3,5,8` with these steps of it, `--clients 2` with so many of its clients; `--trace`
 *   prints what happens
 * - `--no-shrink`: prints the first that fails as it is
 * - `--keep-going`: does not stop at the first that fails, and shrinks none
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { shrink, simulate, type Simulated, type SimulationOptions } from "../src/testing/simulator.ts";

/** The command that does the same again. */
function commandFor({ seed, schedule }: Simulated): string {
  const only = schedule.steps.map(({ index }) => index).join(",");
  return `deno task sim --seed ${seed} --clients ${schedule.clients.length} --only ${only || "none"} --trace`;
}

async function report(failed: Simulated, shrinks: boolean): Promise<void> {
  console.log(`seed ${failed.seed}: ${failed.violation}`);
  if (!shrinks) return console.log(`\nAgain:  deno task sim --seed ${failed.seed} --trace`);
  const shrunk = await shrink(simulate, failed);
  const { steps, clients } = shrunk.schedule;
  console.log(`\nShrunk to ${steps.length} steps and ${clients.length} clients: ${shrunk.violation}`);
  for (const { index, atMs, act, client, topic } of steps) {
    console.log(`  ${index} at ${atMs} ms: ${act} c${client} ${topic}`);
  }
  console.log(`\nAgain:  ${commandFor(shrunk)}`);
}

const args = parseArgs(Deno.args, {
  string: ["seeds", "from", "seed", "only", "clients"],
  boolean: ["trace", "keep-going", "shrink"],
  negatable: ["shrink"],
  default: { shrink: true },
});

if (args.seed !== undefined) {
  const options: SimulationOptions = {
    ...(args.only !== undefined &&
      { steps: args.only === "none" ? [] : String(args.only).split(",").map(Number) }),
    ...(args.clients !== undefined && { clients: Number(args.clients) }),
  };
  const outcome = await simulate(Number(args.seed), options);
  if (args.trace) console.log(outcome.trace.join("\n"));
  console.log(
    outcome.violation === null
      ? `seed ${args.seed}: all is well, ${outcome.events} events`
      : outcome.violation,
  );
  if (outcome.violation !== null) {
    if (args.only === undefined) await report(outcome, args.shrink === true);
    Deno.exit(1);
  }
} else {
  const from = Number(args.from ?? 1);
  const count = Number(args.seeds ?? 1_000);
  const startMs = performance.now();
  let events = 0;
  let failures = 0;
  for (let seed = from; seed < from + count; seed++) {
    const outcome = await simulate(seed);
    events += outcome.events;
    if (outcome.violation === null) continue;
    failures++;
    if (!args["keep-going"]) {
      await report(outcome, args.shrink === true);
      Deno.exit(1);
    }
    console.log(`seed ${seed}: ${outcome.violation}`);
  }
  const seconds = (performance.now() - startMs) / 1_000;
  console.log(
    `${count} seeds, ${events} events, ${failures} failures, ${seconds.toFixed(1)} s, ` +
      `${(count / seconds).toFixed(1)} seeds a second`,
  );
  if (failures > 0) Deno.exit(1);
}
