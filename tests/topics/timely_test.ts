import { assertEquals, assertRejects } from "@std/assert";
import { TroupeError } from "../../src/base/errors.ts";
import { Counters } from "../../src/base/inspect.ts";
import { timely } from "../../src/topics/timely.ts";
import { VirtualClock } from "../../src/testing/mod.ts";

function setUp() {
  const clock = new VirtualClock();
  const counters = new Counters();
  const lines: unknown[] = [];
  const logger = { log: (...line: unknown[]) => void lines.push(line) };
  return { clock, counters, lines, ports: { clock, counters, logger, replay: { historyTimeoutMs: 5_000 } } };
}

Deno.test("what is read at once, or in time, is given as it is, and no timer is left", async () => {
  const { clock, counters, ports } = setUp();
  assertEquals(timely(7, "room:1", ports), 7);
  const { promise, resolve } = Promise.withResolvers<number>();
  const read = timely(promise, "room:1", ports);
  while (clock.step(clock.elapsedMs() + 4_999));
  resolve(7);
  assertEquals(await read, 7);
  await assertRejects(() => timely(Promise.reject(new Error("damaged")), "room:1", ports) as Promise<never>);
  await Promise.resolve();
  assertEquals([clock.pending, counters.get("history.timed_out")], [0, 0]);
});

Deno.test("what is not read in time is history_timeout, which says that it may be tried again; what comes late is nobody's", async () => {
  for (const late of ["resolve", "reject"] as const) {
    const { clock, counters, lines, ports } = setUp();
    const pending = Promise.withResolvers<number>();
    const read = timely(pending.promise, "room:1", ports) as Promise<number>;
    while (clock.step(clock.elapsedMs() + 5_000));
    const { code, retryable, retryAfterMs, message } = await assertRejects(() => read, TroupeError);
    assertEquals([code, retryable, retryAfterMs], ["history_timeout", true, 5_000]);
    assertEquals(message.includes("limits.historyTimeoutMs"), true);
    pending[late](7);
    await new Promise((resolve) => setTimeout(resolve)); // a rejection that nobody awaits would come by now
    assertEquals(counters.get("history.timed_out"), 1);
    assertEquals(lines, [[
      "error",
      "a history was not read in time",
      { topic: "room:1", historyTimeoutMs: 5_000 },
    ]]);
  }
});
