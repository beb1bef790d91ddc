import { assertEquals } from "@std/assert";
import { Scheduler } from "../../src/actors/scheduler.ts";
import { Counters } from "../../src/base/inspect.ts";
import { Turnstile } from "../../src/http/turnstile.ts";
import { ManualTurns, VirtualClock } from "../../src/testing/mod.ts";

function setUp(limits = { handshakesPerTurn: 2, maxWaitingHandshakes: 3 }) {
  const turns = new ManualTurns();
  const counters = new Counters();
  const turnstile = new Turnstile(new Scheduler(new VirtualClock(), { turns }), counters, limits);
  const log: string[] = [];
  const come = (name: string): void => {
    const pass = turnstile.enter();
    if (pass instanceof Promise) void pass.then(() => log.push(name));
    else log.push(pass ? name : `${name} is refused`);
  };
  /** One turn, and what follows from it at once. */
  const turn = async (): Promise<string[]> => {
    turns.give();
    await Promise.resolve();
    return log.splice(0);
  };
  return { turnstile, counters, limits, come, turn, taken: () => log.splice(0) };
}

Deno.test("Turnstile: a turn lets in as many as it may, at once; the others follow turn by turn, in order", async () => {
  const { turnstile, counters, come, turn, taken } = setUp();
  for (const name of "abcde") come(name);
  assertEquals([taken(), turnstile.waiting], [["a", "b"], 3]);
  assertEquals(await turn(), ["c", "d"]);
  come("f"); // it does not overtake
  assertEquals(await turn(), ["e", "f"]);
  await turn();
  come("g");
  assertEquals([taken(), turnstile.waiting, counters.get("handshakes.waited")], [["g"], 0, 4]);
});

Deno.test("Turnstile: beyond the bound of those who wait, it refuses", async () => {
  const { come, turn, taken } = setUp();
  for (const name of "abcdef") come(name);
  assertEquals(taken(), ["a", "b", "f is refused"]);
  assertEquals(await turn(), ["c", "d"]);
});

Deno.test("Turnstile: its limits may change while it is in use", async () => {
  const { come, turn, taken, limits } = setUp();
  for (const name of "abcde") come(name);
  limits.handshakesPerTurn = 3;
  assertEquals([taken(), await turn()], [["a", "b"], ["c", "d", "e"]]);
});
