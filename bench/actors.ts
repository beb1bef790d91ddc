/**
 * The actor kernel beside a bare loop, `xstate` and `nact`: `deno run -A bench/actors.ts`.
 *
 * Rounds alternate over the systems. Each program on each system runs in a fresh process in each round, so that no
 * system pays for what another has taught the compiler. A ratio is the median of the rounds' own ratios, since all
 * systems of one round meet the same machine; `troupe (again)` beside `troupe` shows what is mere noise. Exits with 1
 * if a target is missed.
 *
 * `--rounds=n` (default 5, the least that means something); `--quick`: one round of few messages in this process, to see
 * that it runs; nothing is judged then.
 *
 * @module
 */

import { type CaseName, CASES, type SystemName, SYSTEMS } from "./actors/case.ts";
import { measure } from "./actors/measure.ts";

/** Messages of the throughput programs, actors of the others: so many that each run takes long enough to be measured. */
const AMOUNTS: Readonly<Record<SystemName, { messages: number; spawns: number; idle: number }>> = {
  "bare": { messages: 4_000_000, spawns: 200_000, idle: 100_000 },
  "troupe": { messages: 4_000_000, spawns: 200_000, idle: 100_000 },
  "troupe (again)": { messages: 4_000_000, spawns: 200_000, idle: 100_000 },
  "xstate": { messages: 500_000, spawns: 50_000, idle: 100_000 },
  "nact": { messages: 40_000, spawns: 20_000, idle: 100_000 },
};

interface Target {
  readonly name: CaseName;
  /** Of the rounds, each with a number by system. */
  readonly value: (round: Readonly<Record<SystemName, number>>) => number;
  readonly text: string;
  readonly least?: number;
  readonly most?: number;
}

const TARGETS: readonly Target[] = [
  { name: "ping-pong", value: (by) => by.troupe / by.bare, text: "of the bare loop", least: 0.4 },
  { name: "fan-in", value: (by) => by.troupe / by.bare, text: "of the bare loop", least: 0.4 },
  { name: "10,000 actors", value: (by) => by.troupe / by.bare, text: "of the bare loop", least: 0.4 },
  { name: "ping-pong", value: (by) => by.troupe / by.xstate, text: "times xstate", least: 3 },
  { name: "ping-pong", value: (by) => by.troupe / by.nact, text: "times nact", least: 30 },
  { name: "spawn", value: (by) => by.troupe / 1e6, text: "M spawns/s", least: 0.5 },
  { name: "heap", value: (by) => by.troupe, text: "B an idle actor", most: 300 },
];

type Results = Map<CaseName, Record<SystemName, number>[]>;

const quick = Deno.args.includes("--quick");
const rounds = Number(Deno.args.find((arg) => arg.startsWith("--rounds="))?.slice("--rounds=".length) ?? 5);
const results = await (quick ? measureOnce() : measureRounds(rounds));
printTable(results);
Deno.exit(quick || judge(results) ? 0 : 1);

async function measureOnce(): Promise<Results> {
  const results: Results = new Map();
  for (const name of CASES) {
    const by = {} as Record<SystemName, number>;
    for (const system of SYSTEMS) by[system] = await measure(system, name, 1_000, 1);
    results.set(name, [by]);
  }
  return results;
}

async function measureRounds(rounds: number): Promise<Results> {
  const results: Results = new Map(CASES.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of CASES) {
      const by = {} as Record<SystemName, number>;
      for (const system of rotated(SYSTEMS, round)) by[system] = await measureApart(system, name);
      results.get(name)!.push(by);
    }
  }
  return results;
}

/** No system always comes first. */
function rotated<T>(list: readonly T[], by: number): T[] {
  const at = by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}

async function measureApart(system: SystemName, name: CaseName): Promise<number> {
  const { messages, spawns, idle } = AMOUNTS[system];
  const amount = name === "heap" ? idle : name === "spawn" ? spawns : messages;
  const file = new URL("./actors/measure.ts", import.meta.url).href;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--v8-flags=--expose-gc", "-A", file, system, name, `${amount}`],
  }).output();
  if (!success) throw new Error(`${system}, ${name}: ${new TextDecoder().decode(stderr)}`);
  return Number(new TextDecoder().decode(stdout));
}

function printTable(results: Results): void {
  console.log("M messages/s, M spawns/s, B of heap an actor: median (lowest–highest)\n");
  console.log(["".padEnd(15), ...SYSTEMS.map((system) => system.padEnd(22))].join(""));
  for (const [name, rounds] of results) {
    const cells = SYSTEMS.map((system) => {
      const scale = name === "heap" ? 1 : 1e-6;
      return inShort(rounds.map((by) => by[system] * scale)).padEnd(22);
    });
    console.log([name.padEnd(15), ...cells].join(""));
  }
  console.log("\nthe same twice (troupe / troupe again): what is noise");
  for (const [name, rounds] of results) {
    console.log(`  ${name.padEnd(15)}${inShort(rounds.map((by) => by.troupe / by["troupe (again)"]))}`);
  }
}

function judge(results: Results): boolean {
  console.log("\ntargets");
  let allMet = true;
  for (const { name, value, text, least = 0, most = Infinity } of TARGETS) {
    const values = results.get(name)!.map(value);
    const met = median(values) >= least && median(values) <= most;
    const bound = most === Infinity ? `at least ${least}` : `at most ${most}`;
    console.log(`  ${met ? "met   " : "MISSED"} ${name}: ${inShort(values)} ${text} (${bound})`);
    allMet &&= met;
  }
  return allMet;
}

function inShort(values: readonly number[]): string {
  const [low, middle, high] = [Math.min(...values), median(values), Math.max(...values)].map(rounded);
  return `${middle} (${low}–${high})`;
}

function rounded(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
