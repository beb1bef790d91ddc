/**
 * How a client that harms nobody is served while the server is attacked: the p99 of its latency, quiet and under each
 * attack, in one run, as a ratio.
 *
 *     deno task bench:abuse [--rounds 5]
 *
 * Server, bystander and attackers are processes of their own; where there is `taskset`, the server has the first core. The exit code is 1 if the median of the rounds is above
 * the target.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { ATTACKS } from "../tests/abuse/attacks.ts";
import { startBystander } from "../tests/abuse/bystander.ts";
import { startVictim } from "../tests/abuse/victim.ts";
import { pinned } from "./processes.ts";
import { spread } from "./statistics.ts";

/** What the p99 under attack may be, as a multiple of the quiet one. */
const TARGET = 2;
/** How long the quiet phases last, in milliseconds. */
const QUIET_MS = 2_000;

const { rounds = "5" } = parseArgs(Deno.args, { string: ["rounds"] });
await using victim = await startVictim();
await using bystander = await startBystander(victim.port);
if (pinned) {
  // What is measured is the server: it has a core of its own, and the attackers give way to the bystander.
  for (const [pid, core] of [[victim.pid, 0], [bystander.pid, 1], [Deno.pid, 1]]) {
    run("taskset", "-apc", String(core), String(pid));
  }
  run("renice", "-n", "19", "-p", String(Deno.pid));
}

function run(program: string, ...args: string[]): void {
  new Deno.Command(program, { args, stdout: "null", stderr: "null" }).outputSync();
}

const p99 = (latencies: readonly number[]): number =>
  latencies[Math.ceil(latencies.length * 0.99) - 1] ?? NaN;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const ratios = new Map(ATTACKS.map(({ name }) => [name, [] as number[]]));
const figures = new Map(ATTACKS.map(({ name }) => [name, [] as string[]]));
for (let round = 0; round < Number(rounds); round++) {
  for (const { name, run: attack } of ATTACKS) {
    await pause(500); // what the last attack left is swept away
    await bystander.take();
    await pause(QUIET_MS);
    const quiet = p99(await bystander.take());
    const beganMs = performance.now();
    await attack(victim.port, 1);
    await pause(Math.max(0, QUIET_MS - (performance.now() - beganMs))); // as many samples as in the quiet
    const attacked = p99(await bystander.take());
    ratios.get(name)!.push(attacked / quiet);
    figures.get(name)!.push(`${quiet.toFixed(1)} → ${attacked.toFixed(1)}`);
  }
}
let missed = 0;
for (const [name, values] of ratios) {
  const ratio = spread(values).median;
  if (!(ratio <= TARGET)) missed++;
  const verdict = ratio <= TARGET ? "met" : "MISSED";
  console.log(
    `${verdict.padEnd(7)} ${ratio.toFixed(2)}×  ${name}  (p99 in ms: ${figures.get(name)!.join(", ")})`,
  );
}
console.log(missed === 0 ? `All are within ${TARGET}×.` : `${missed} above ${TARGET}×.`);
if (missed > 0) Deno.exitCode = 1;
