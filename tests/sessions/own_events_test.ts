import { assertEquals } from "@std/assert";
import { isOwnEvent } from "../../src/sessions/own_events.ts";

Deno.test("The engine's own publications are those of presence, whose names contracts may not have", () => {
  const own = ["presence_state", "presence_diff", "troupe:presence"];
  const others = ["said", "presence", "troupe:matched", "my_presence_diff"];
  assertEquals([...own, ...others].filter(isOwnEvent), own);
});
