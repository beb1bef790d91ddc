/** The load that publishes in several topics in turn, and measures how fast that arrives. */

import { Fanout } from "../load/fanout.ts";
import type { FanoutsOrder, Round } from "./orders.ts";

const { contenders, inFlight, rounds, roundMs } = JSON.parse(Deno.args[0]) as FanoutsOrder;
const runs = contenders.map((task) => new Fanout(task));
for (const run of runs) run.during(2 * roundMs, { inFlight }); // compiles
const courses: Round[][] = runs.map(() => []);
for (let round = 0; round < rounds; round++) {
  for (let i = 0; i < runs.length; i++) {
    const at = (i + round) % runs.length; // none always comes first
    courses[at].push(runs[at].during(roundMs, { inFlight }));
  }
}
console.log(JSON.stringify(courses));
Deno.exit(0);
