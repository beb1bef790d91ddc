/** The load that joins topics again and again, in several ways in turn, and measures how fast. */

import { Joins } from "./join_course.ts";
import type { JoinsOrder, Round } from "./orders.ts";

const order = JSON.parse(Deno.args[0]) as JoinsOrder;
const runs = await Promise.all(order.contenders.map((task) => Joins.of(task, order)));
for (const run of runs) run.during(2 * order.roundMs); // compiles
const courses: Round[][] = runs.map(() => []);
for (let round = 0; round < order.rounds; round++) {
  for (let i = 0; i < runs.length; i++) {
    const at = (i + round) % runs.length; // none always comes first
    courses[at].push(runs[at].during(order.roundMs));
  }
}
console.log(JSON.stringify(courses));
Deno.exit(0);
