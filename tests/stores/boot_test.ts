import { assertEquals } from "@std/assert";
import { systemClock } from "../../src/base/clock.ts";
import { isSameBoot, thisBoot } from "../../src/stores/boot.ts";

Deno.test("a boot is itself, as long as it is asked", () => {
  const boot = thisBoot(systemClock);
  assertEquals([boot === null, isSameBoot(boot, thisBoot(systemClock))], [false, true]);
});

Deno.test("two boots are one by their id, or by the time since when the machine is up, give or take a correction", () => {
  assertEquals(isSameBoot("354a2577-4dc0", "354a2577-4dc0"), true);
  assertEquals(isSameBoot("354a2577-4dc0", "354a2577-4dc1"), false);
  assertEquals(isSameBoot("1795890015239", "1795890016000"), true);
  assertEquals(isSameBoot("1795890015239", "1795890021000"), false);
  assertEquals(isSameBoot("354a2577-4dc0", "1795890021000"), false);
});

Deno.test("a boot that is not known is none", () => {
  assertEquals([isSameBoot(null, null), isSameBoot(null, "1"), isSameBoot("1", null)], [false, false, false]);
});
