import { assert } from "@std/assert";
import { type Bug, SEEDS } from "./bugs.ts";
import { look } from "./teeth.ts";

/** Tests that the simulation finds each of `bugs`: a file for each group of them, so that the groups run side by side. */
export function findBugs(bugs: readonly Bug[]): void {
  for (const bug of bugs) {
    const { name, seeds = SEEDS } = bug;
    Deno.test({
      name: `Simulation: finds "${name}" within ${seeds.toLocaleString("en")} seeds`,
      ignore: Deno.env.get("TROUPE_LONG") !== "1",
      async fn() {
        const { seed } = await look(bug, seeds);
        assert(seed !== null);
      },
    });
  }
}
