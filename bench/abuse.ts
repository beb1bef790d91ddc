/**
 * How a client that harms nobody is served while the server is attacked: the p99 of its latency, quiet and under each
 * attack, in one run, as a ratio; and beside it the same for a bare server of the runtime's, `Deno.serve` with
 * `Deno.upgradeWebSocket` and nothing around it, under the very same attack, as far as that ends where nothing is
 * limited. What is lost there too is the runtime's to lose.
 *
 *     deno task bench:abuse [--rounds 5] [--only connects]
 *
 * Servers, bystanders and attackers are processes of their own; where there is `taskset`, the servers have the first
 * core. The two servers take turns, each round the other one first. The exit code is 1 if the median of the rounds is
 * above the target, and above the bare server's by more than that is allowed to be.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { type Attack, ATTACKS } from "../tests/abuse/attacks.ts";
import { type Bystander, startBystander } from "../tests/abuse/bystander.ts";
import { startVictim } from "../tests/abuse/victim.ts";
import { pinned, startServer } from "./processes.ts";
import { table } from "./report.ts";
import { spread } from "./statistics.ts";

/** What the p99 under attack may be, as a multiple of the quiet one. */
const TARGET = 2;
/** What it may be as a multiple of the bare server's under the same attack, where that is above the target, too. */
const TARGET_BESIDE_BARE = 1.2;
/** How long the quiet phases last, in milliseconds. */
const QUIET_MS = 2_000;

const { rounds = "5", only = "" } = parseArgs(Deno.args, { string: ["rounds", "only"] });
const attacks = ATTACKS.filter(({ name }) => name.includes(String(only)));
await using victim = await startVictim();
await using bare = await startServer("bare");
await using ours = await startBystander(victim.port, "raw");
await using theirs = await startBystander(bare.port, "raw");
if (pinned) {
  // What is measured is the server: it has a core of its own, and the attackers give way to the bystander.
  for (const [pid, core] of [[victim.pid, 0], [ours.pid, 1], [theirs.pid, 1], [Deno.pid, 1]]) {
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

/** The p99 of a bystander's latency, in milliseconds. */
interface Measured {
  readonly quiet: number;
  readonly attacked: number;
}

async function measure(attack: Attack, port: number, bystander: Bystander): Promise<Measured> {
  await pause(500); // what the last attack left is swept away
  await bystander.take();
  await pause(QUIET_MS);
  const quiet = p99(await bystander.take());
  const beganMs = performance.now();
  await attack.run(port, 1);
  await pause(Math.max(0, QUIET_MS - (performance.now() - beganMs))); // as many samples as in the quiet
  return { quiet, attacked: p99(await bystander.take()) };
}

const results = new Map(
  attacks.map((attack) => [attack, { ours: [] as Measured[], bare: [] as Measured[] }]),
);
for (let round = 0; round < Number(rounds); round++) {
  for (const [attack, of] of results) {
    const one = async () => of.ours.push(await measure(attack, victim.port, ours));
    const other = async () => of.bare.push(await measure(attack, bare.port, theirs));
    const both = attack.endsByItself ? [one, other] : [one];
    for (const each of round % 2 === 0 ? both : both.reverse()) await each();
  }
}

const ratioOf = ({ quiet, attacked }: Measured): number => attacked / quiet;
const median = (values: readonly number[]): number => spread(values).median;
const times = (values: readonly number[]): string => {
  if (values.length === 0) return "";
  const { median, min, max } = spread(values);
  return `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`;
};
let missed = 0;
const rows = [...results].map(([{ name }, of]) => {
  const ratios = of.ours.map(ratioOf);
  const beside = of.bare.map(({ attacked }, round) => of.ours[round].attacked / attacked);
  const isRuntimes = of.bare.length > 0 && median(of.bare.map(ratioOf)) > TARGET &&
    median(beside) <= TARGET_BESIDE_BARE;
  const isMet = median(ratios) <= TARGET;
  if (!isMet && !isRuntimes) missed++;
  return [
    name,
    median(of.ours.map(({ quiet }) => quiet)).toFixed(1),
    median(of.ours.map(({ attacked }) => attacked)).toFixed(1),
    times(ratios),
    of.bare.length === 0 ? "" : median(of.bare.map(({ attacked }) => attacked)).toFixed(1),
    times(of.bare.map(ratioOf)),
    times(beside),
    isMet ? "met" : isRuntimes ? "the runtime's" : "MISSED",
  ];
});
const head = ["p99", "quiet ms", "attacked ms", "ratio", "bare attacked ms", "bare ratio", "beside bare", ""];
console.log(table(head, rows));
console.log(
  `Target: ${TARGET}× of quiet; where the bare server is above that, too, ${TARGET_BESIDE_BARE}× of it. ` +
    (missed === 0 ? "None is missed." : `${missed} missed.`),
);
if (missed > 0) Deno.exitCode = 1;
