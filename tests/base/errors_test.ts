import { TroupeError } from "@troupe/core/actors";
import { assert, assertEquals } from "@std/assert";
import { messageOf } from "../../src/base/errors.ts";

Deno.test("a TroupeError carries a code, whether and when to retry, facts and a cause", () => {
  const cause = new Error("below");
  const error = new TroupeError("busy", "Cannot do it now", {
    retryable: true,
    retryAfterMs: 50,
    details: { limit: 3 },
    cause,
  });
  assert(error instanceof Error);
  assertEquals(
    [error.name, error.code, error.message, error.retryable, error.retryAfterMs, error.details, error.cause],
    ["TroupeError", "busy", "Cannot do it now", true, 50, { limit: 3 }, cause],
  );
});

Deno.test("by default an error is final, without facts and without a cause", () => {
  const error = new TroupeError("no", "No");
  assertEquals([error.retryable, error.retryAfterMs, error.details], [false, undefined, {}]);
  assertEquals("cause" in error, false);
});

Deno.test("messageOf gives the text of whatever was thrown, and never throws itself", () => {
  const hostile = Object.defineProperty(new Error(), "message", {
    get() {
      throw new Error("no");
    },
  });
  const cases: [unknown, string][] = [
    [new Error("text"), "text"],
    ["a string", "a string"],
    [42, "42"],
    [undefined, "undefined"],
    [null, "null"],
    [Symbol("s"), "Symbol(s)"],
    [Object.create(null), "a value that cannot be printed"],
    [hostile, "a value that cannot be printed"],
  ];
  for (const [thrown, text] of cases) assertEquals(messageOf(thrown), text);
});
