/**
 * The benchmarks of the engine, against `Deno.upgradeWebSocket` with nothing around it, in one run.
 *
 *     deno task bench [--quick] [--only echo,fanout,memory] [--rounds 5]
 *
 * Every contender has a fresh server process, pinned to the first core, and the load is another process, pinned to
 * the second. The load checks the order of every message and compares a sample byte by byte. The exit code is 1 if a
 * target is missed in a full run. With all parts in it, a full run writes `RESULTS.md`. Linux only.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { type Case, cases, FULL, PARTS, QUICK } from "./cases.ts";
import { machine } from "./machine.ts";
import { pinned } from "./processes.ts";
import { report } from "./report.ts";
import { runCase } from "./run.ts";

const args = parseArgs(Deno.args, { boolean: ["quick"], string: ["only", "rounds"] });
const parts = typeof args.only === "string" ? args.only.split(",") : [...PARTS] as string[];
const unknown = parts.find((part) => !(PARTS as readonly string[]).includes(part));
if (unknown !== undefined) {
  console.error(`There is no part "${unknown}": accepted are ${PARTS.join(", ")}`);
  Deno.exit(1);
}
const effort = args.quick ? QUICK : { ...FULL, rounds: Number(args.rounds ?? FULL.rounds) };
const wanted = cases(effort).filter(({ part }: Case) => parts.includes(part));

const about = [
  `${machine()}; server and load ${pinned ? "on a core each" : "not pinned: no taskset, or one core"}.`,
  `Medians of ${effort.rounds} alternating rounds (min–max). "server" and "load" are the shares of a core that they had;`,
  `"(!)": the server waited for the others, or for its core. "Ratio per CPU" counts its processor time alone.`,
].join("\n");
console.log(about + "\n");

const missed: string[] = [];
const texts: string[] = [];
for (const each of wanted) {
  const done = report(each, await runCase(each, effort));
  console.log(done.text);
  texts.push(done.text);
  missed.push(...done.missed);
}
if (args.quick) console.log("A quick run: it all works, and its figures mean nothing.");
else {
  console.log(missed.length === 0 ? "All targets are met." : `Missed:\n${missed.join("\n")}`);
  if (wanted.length === cases(effort).length && effort.rounds >= FULL.rounds) {
    const text = `# What \`deno task bench\` measured\n\n${about}\n\n${texts.join("\n")}`;
    Deno.writeTextFileSync(new URL("./RESULTS.md", import.meta.url), text);
  }
  if (missed.length > 0) Deno.exit(1);
}
