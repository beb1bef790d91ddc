/**
 * What patterns of topics cost those who publish, in one run: `deno task bench:patterns`, in under a minute.
 *
 * Publications go to topics that 0, 1, 10 and 100 patterns cover, in worlds of 1,000 and 10,000 patterns, and of 1,000
 * and 100,000 topics. All worlds are there at the same time, and take turns. Rounds are short, and the
 * fastest counts: another program on the machine can only make it slower. The cost has to grow with the matches alone:
 * not with the patterns, nor with the topics. The exit code is 1 if it does.
 *
 * `--rounds=n` (default 100); `--quick`: small worlds and few rounds, to see that it runs.
 *
 * @module
 */

import { flagsOrExit, roundsOrExit } from "./flags.ts";
import { machine } from "./machine.ts";
import { MATCHES, World } from "./patterns/world.ts";
import { spread } from "./statistics.ts";

/** The most that the largest world may cost of what the smallest does, with as many matches. */
const TARGET = 1.5;

const flags = flagsOrExit("deno task bench:patterns [--quick] [--rounds 100]", {
  quick: "switch",
  rounds: "value",
});
const quick = flags.has("quick");
const rounds = roundsOrExit(flags, quick ? 20 : 100);
const sizes = quick ? { patterns: [500, 5_000], topics: [500, 5_000] } : {
  patterns: [1_000, 10_000],
  topics: [1_000, 100_000],
};
/** Publications in a round; fewer where each has many matches. */
const COUNT = 256;
const WARM_UP = 5;

const worlds = sizes.topics.flatMap((topics) =>
  sizes.patterns.map((patterns) => new World(patterns, topics))
);
const [smallest, largest] = [worlds[0], worlds[worlds.length - 1]];
const living = await measure(true);
const empty = await measure(false);
await Promise.all(worlds.map((world) => world.end()));

console.log(`${machine()}\n`);
print("A publication in a topic that lives, with one member, in ns", living);
print("A publication in a topic that nobody has joined: found anew each time, in ns", empty);
const met = [...judge("a topic that lives", living), ...judge("a topic that nobody has joined", empty)];
if (quick) console.log("\nA quick run: nothing is judged.");
Deno.exit(quick || met.every(Boolean) ? 0 : 1);

/** By matches, then by world: one figure a round. */
type Figures = Map<number, Map<World, number[]>>;

async function measure(living: boolean): Promise<Figures> {
  const figures: Figures = new Map(
    MATCHES.map((matches) => [matches, new Map(worlds.map((each) => [each, []]))]),
  );
  for (let round = -WARM_UP; round < rounds; round++) {
    for (const matches of MATCHES) {
      for (const world of rotated(worlds, round + WARM_UP)) {
        const took = world.publish(matches, COUNT / Math.max(matches / 25, 1), living);
        if (round >= 0) figures.get(matches)!.get(world)!.push(took);
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 0)); // timers of the worlds
  }
  return figures;
}

function rotated<T>(list: readonly T[], by: number): T[] {
  const at = by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}

function print(title: string, figures: Figures): void {
  console.log(`${title}: the fastest of ${rounds} rounds (median)`);
  for (const [matches, byWorld] of figures) {
    for (const [world, took] of byWorld) {
      const { min, median } = spread(took);
      const where = `${inWords(world.patterns)} patterns, ${inWords(world.topics)} topics`;
      const ratio = least(figures, matches, world) / least(figures, matches, smallest);
      const figure = `${min.toFixed(0)} (${median.toFixed(0)})`;
      console.log(
        `  ${`${matches} matches`.padEnd(12)} ${where.padEnd(32)} ${figure.padEnd(16)} × ${ratio.toFixed(2)}`,
      );
    }
  }
  const by = (matches: number): number => least(figures, matches, largest);
  const growth = [10, 100].map((matches) => `× ${(by(matches) / by(1)).toFixed(1)} with ${matches}`);
  const share = (by(100) - by(0)) / 100;
  console.log(`  the largest, against one match: ${growth.join(", ")}; ${share.toFixed(0)} ns a match\n`);
}

function least(figures: Figures, matches: number, world: World): number {
  return spread(figures.get(matches)!.get(world)!).min;
}

function judge(name: string, figures: Figures): boolean[] {
  return MATCHES.map((matches) => {
    const ratio = least(figures, matches, largest) / least(figures, matches, smallest);
    const isMet = ratio <= TARGET;
    const sizes = `${inWords(largest.patterns)} patterns and ${inWords(largest.topics)} topics`;
    console.log(
      `  ${isMet ? "met   " : "MISSED"} ${name}, ${matches} matches: ${sizes} cost ${ratio.toFixed(2)} of ` +
        `${inWords(smallest.patterns)} and ${inWords(smallest.topics)} (at most ${TARGET})`,
    );
    return isMet;
  });
}

function inWords(count: number): string {
  return count.toLocaleString("en-US");
}
