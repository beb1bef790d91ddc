import { silentLogger, System } from "@troupe/core/actors";
import { assertStrictEquals } from "@std/assert";

Deno.test("the library is silent until it is given a logger", () => {
  silentLogger.log("error", "nobody hears this", { really: true });
  assertStrictEquals(new System().logger, silentLogger);
});
