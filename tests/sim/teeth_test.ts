import { assert } from "@std/assert";
import { BUGS } from "./bugs.ts";
import { placesOf } from "./teeth.ts";

Deno.test("Simulation: each bug has its place in the source, once", async () => {
  for (const bug of BUGS) assert(await placesOf(bug) === 1, `${bug.name}: ${bug.file}`);
});
