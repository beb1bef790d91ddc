import { assertGreater } from "@std/assert";
import { CASES, SYSTEMS } from "../../bench/actors/case.ts";
import { measure } from "../../bench/actors/measure.ts";

for (const system of SYSTEMS) {
  Deno.test({
    name: `the actor benchmark runs every program on ${system} (speed is not judged here)`,
    // nact leaves timers and macrotasks behind.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      for (const name of CASES) {
        const figure = await measure(system, name, 1_000, 1);
        if (name !== "heap") assertGreater(figure, 0, name); // without --expose-gc the heap says nothing
      }
    },
  });
}
