/**
 * The figures of the engine and of its peers, in one run: `deno task bench --help` tells how.
 *
 * Every contender has a fresh server process in every round, pinned to the first core, and the load is another process,
 * pinned to the second, where it never sleeps. Where they publish, all are there at the same time and take turns of a
 * moment each, so that what else the machine does harms those alike that are compared. The load checks the order of every message and compares a sample byte by byte. A peer
 * that is not on this machine, and that npm does not give, is left out; what fails is named, and the rest goes on.
 *
 * @module
 */

import { type Part, PARTS } from "./case.ts";
import { exitWrong } from "./flags.ts";
import { locked, machine } from "./machine.ts";
import { readOptions, USAGE } from "./options.ts";
import { CASES_OF } from "./parts/mod.ts";
import { findPeers } from "./peers.ts";
import { pinned } from "./processes.ts";
import { Results } from "./results.ts";
import { runCase } from "./run.ts";

const options = readOptions(Deno.args);
if (options === "help") {
  console.log(USAGE);
  Deno.exit(0);
}
if ("wrong" in options) exitWrong(options.wrong);
const { effort, isQuick, out, parts } = options;
const peers = await findPeers();
const about = [
  `${machine()}; ${[...peers.versions, ...locked("xstate", "nact")].join(", ")}.`,
  ...peers.missing.map((line) => `${line}.`),
  `Server and load: ${pinned ? "on a core each" : "not pinned, since there is no taskset, or one core"}.`,
  `Medians of ${effort.rounds} alternating rounds (min–max); a ratio is the median of the rounds' own ratios.`,
  `In echoes, fan-outs and at a steady rate all contenders of a round are there, and take turns: a ratio is the median of theirs.`,
  `"CPU µs each" is the server's processor time for a message or join; "server" and "load" are the shares of a`,
  `core that they had, and "(!)" says that the server waited for the others, or for its core.`,
].join("\n") + "\n";
console.log(about);

const results = new Results(about);
for (const part of PARTS.filter((part: Part) => parts.includes(part))) {
  for (const each of CASES_OF[part](effort, peers)) {
    const startMs = performance.now();
    try {
      console.log(results.add(each, await runCase(each, effort.rounds)));
    } catch (error) {
      console.log(results.fail(each, error));
    }
    console.log(`(${((performance.now() - startMs) / 1_000).toFixed(0)} s)\n`);
  }
}
if (!isQuick) console.log(results.targets());
if (out !== null) results.write(out);
if (results.failed.length > 0) console.log(`Failed:\n  ${results.failed.join("\n  ")}`);
if (isQuick) console.log("A quick run: its figures mean nothing, and nothing is judged.");
else if (results.missed.length > 0) console.log(`Missed:\n  ${results.missed.join("\n  ")}`);
else if (results.failed.length === 0) console.log("All targets that were looked at are met.");
if (results.failed.length > 0 || (!isQuick && results.missed.length > 0)) Deno.exit(1);
