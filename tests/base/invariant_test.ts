import { TroupeError } from "@troupe/core/actors";
import { assertEquals, assertThrows } from "@std/assert";
import { invariant } from "../../src/base/invariant.ts";

Deno.test("an invariant that holds is silent; one that does not throws with the code `invariant`", () => {
  invariant(1, "one is true");
  const error = assertThrows(() => invariant(0, "two equals three"), TroupeError, "two equals three");
  assertEquals(error.code, "invariant");
});
