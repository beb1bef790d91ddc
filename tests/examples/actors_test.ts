// Runs examples/actors.ts.
import { assertEquals } from "@std/assert";
import { countAndCrash } from "../../examples/actors.ts";

Deno.test("examples/actors.ts restarts a crashed counter behind the same name", async () => {
  assertEquals(await countAndCrash(), [3, 0]);
});
