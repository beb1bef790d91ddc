import { assert } from "@std/assert";
import { BUGS } from "./bugs.ts";
import { look, placesOf } from "./teeth.ts";

Deno.test("Simulation: each bug has its place in the source, once", async () => {
  for (const bug of BUGS) assert(await placesOf(bug) === 1, `${bug.name}: ${bug.file}`);
});

for (const bug of BUGS) {
  Deno.test({
    name: `Simulation: finds "${bug.name}" within 1,000 seeds`,
    ignore: Deno.env.get("TROUPE_LONG") !== "1",
    async fn() {
      const { seed } = await look(bug, 1_000);
      assert(seed !== null);
    },
  });
}
