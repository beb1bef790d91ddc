/**
 * How a client that harms nobody is served while the server is attacked: the p99 of its latency, quiet and under each
 * attack, in one run, as a ratio; and beside it the same for a bare server of the runtime's, `Deno.serve` with
 * `Deno.upgradeWebSocket` and nothing around it, under the very same attack, as far as that ends where nothing is
 * limited. What is lost there too is the runtime's to lose.
 *
 *     deno task bench:abuse [--rounds 5] [--only connects]
 *
 * Servers, bystanders and attackers are processes of their own; where there is `taskset`, the servers have the first
 * core. The two servers take turns, each round the other one first. A p99 is that of all rounds together; behind a ratio,
 * in brackets, are those of the single rounds. The exit code is 1 if it is above the target, unless the bare server is, too,
 * and ours is not above that by more than is allowed.
 *
 * @module
 */

import { type Attack, ATTACKS } from "../tests/abuse/attacks.ts";
import { type Bystander, startBystander } from "../tests/abuse/bystander.ts";
import { startVictim } from "../tests/abuse/victim.ts";
import { flagsOrExit, roundsOrExit } from "./flags.ts";
import { cpuSeconds } from "./proc.ts";
import { pinned, startServer } from "./processes.ts";
import { table } from "./table.ts";
import { spread } from "./statistics.ts";

/** What the p99 under attack may be, as a multiple of the quiet one. */
const TARGET = 2;
/** What it may be as a multiple of the bare server's under the same attack, where that is above the target, too. */
const TARGET_BESIDE_BARE = 1.2;
/** How long the quiet phases last, in milliseconds. */
const QUIET_MS = 2_000;

const flags = flagsOrExit("deno task bench:abuse [--rounds 5] [--only connects]", {
  rounds: "value",
  only: "value",
});
const rounds = roundsOrExit(flags, 5);
const only = flags.get("only") ?? "";
const attacks = ATTACKS.filter(({ name }) => name.includes(only));
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

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A server under attack. */
interface Target {
  readonly pid: number;
  readonly port: number;
}

/** What came of one round. */
interface Round {
  /** The bystander's latencies, in milliseconds. */
  readonly quiet: readonly number[];
  readonly attacked: readonly number[];
  /** What the server has used while it was attacked, in seconds of processor time: others on the machine are not in it. */
  readonly cpu: number;
}

async function measure(attack: Attack, { pid, port }: Target, bystander: Bystander): Promise<Round> {
  await pause(500); // what the last attack left is swept away
  await bystander.take();
  await pause(QUIET_MS);
  const quiet = await bystander.take();
  const before = cpuSeconds(pid);
  const beganMs = performance.now();
  await attack.run(port, 1);
  await pause(Math.max(0, QUIET_MS - (performance.now() - beganMs))); // as many samples as in the quiet
  const attacked = await bystander.take();
  return { quiet, attacked, cpu: cpuSeconds(pid) - before };
}

const results = new Map(attacks.map((attack) => [attack, { ours: [] as Round[], bare: [] as Round[] }]));
for (let round = 0; round < rounds; round++) {
  for (const [attack, of] of results) {
    const one = async () => of.ours.push(await measure(attack, victim, ours));
    const other = async () => of.bare.push(await measure(attack, bare, theirs));
    const both = attack.endsByItself ? [one, other] : [one];
    for (const each of round % 2 === 0 ? both : both.reverse()) await each();
  }
}

function p99(latencies: readonly number[]): number {
  const sorted = latencies.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? NaN;
}

/** The p99 of all rounds together: that of one is made by its third-worst latency. */
const together = (all: readonly Round[], phase: "quiet" | "attacked"): number =>
  p99(all.flatMap((each) => each[phase]));

const cpuOf = (all: readonly Round[]): number => all.reduce((sum, { cpu }) => sum + cpu, 0);

/** A ratio of all rounds together, and between which those of the single rounds are. */
function ratioText(ratio: number, rounds: readonly number[]): string {
  const { min, max } = spread(rounds);
  return `${ratio.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`;
}

let missed = 0;
const rows = [...results].map(([{ name }, { ours, bare }]) => {
  const attacked = together(ours, "attacked");
  const ratio = attacked / together(ours, "quiet");
  const roundRatios = ours.map((each) => p99(each.attacked) / p99(each.quiet));
  const isMet = ratio <= TARGET;
  const cells = [
    name,
    together(ours, "quiet").toFixed(1),
    attacked.toFixed(1),
    ratioText(ratio, roundRatios),
  ];
  if (bare.length === 0) {
    if (!isMet) missed++;
    return [...cells, "", "", "", "", isMet ? "met" : "MISSED"];
  }
  const bareAttacked = together(bare, "attacked");
  const bareRatio = bareAttacked / together(bare, "quiet");
  const beside = attacked / bareAttacked;
  const isRuntimes = bareRatio > TARGET && beside <= TARGET_BESIDE_BARE;
  if (!isMet && !isRuntimes) missed++;
  return [
    ...cells,
    bareAttacked.toFixed(1),
    ratioText(bareRatio, bare.map((each) => p99(each.attacked) / p99(each.quiet))),
    ratioText(beside, ours.map((each, round) => p99(each.attacked) / p99(bare[round].attacked))),
    ratioText(cpuOf(ours) / cpuOf(bare), ours.map(({ cpu }, round) => cpu / bare[round].cpu)),
    isMet ? "met" : isRuntimes ? "the runtime's" : "MISSED",
  ];
});
const head = [
  "p99",
  "quiet ms",
  "attacked ms",
  "ratio",
  "bare attacked ms",
  "bare ratio",
  "beside bare",
  "CPU beside bare",
  "",
];
console.log(table(head, rows));
console.log(
  `Target: ${TARGET}× of quiet; where the bare server is above that, too, ${TARGET_BESIDE_BARE}× of it. ` +
    (missed === 0 ? "None is missed." : `${missed} missed.`),
);
if (missed > 0) Deno.exitCode = 1;
