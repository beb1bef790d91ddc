import { assertEquals, assertRejects } from "@std/assert";
import { TroupeError } from "../../src/client/mod.ts";
import { TOKEN_TIMEOUT_MS, within } from "../../src/client/token.ts";
import { VirtualClock } from "../../src/testing/mod.ts";

Deno.test("a token in time is what it is, and nothing waits behind it", async () => {
  const clock = new VirtualClock();
  assertEquals(within(100, clock, () => "now")(), "now");
  assertEquals(await within(100, clock, () => Promise.resolve("later"))(), "later");
  const error = new Error("no luck");
  assertEquals(
    await assertRejects(() => Promise.resolve(within(100, clock, () => Promise.reject(error))())),
    error,
  );
  assertEquals(clock.pending, 0);
});

Deno.test("a token that is late is an error, and does not count when it comes after all", async () => {
  const clock = new VirtualClock();
  const { promise, resolve } = Promise.withResolvers<string>();
  const source = within(TOKEN_TIMEOUT_MS, clock, () => promise);
  const late = assertRejects(() => Promise.resolve(source()), TroupeError, `"timeoutMs":10000`);
  while (clock.step(10_000));
  resolve("late");
  assertEquals((await late).code, "token_timeout");
  // The next try has a time of its own.
  assertEquals(await source(), "late");
});
