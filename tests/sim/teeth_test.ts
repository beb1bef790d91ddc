import { assert } from "@std/assert";
import { BUGS, SEEDS } from "./bugs.ts";
import { look, placesOf } from "./teeth.ts";

Deno.test("Simulation: each bug has its place in the source, once", async () => {
  for (const bug of BUGS) assert(await placesOf(bug) === 1, `${bug.name}: ${bug.file}`);
});

for (const bug of BUGS) {
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
