import { assertEquals, assertRejects } from "@std/assert";
import { Scheduler } from "../../src/actors/scheduler.ts";
import { VirtualTime } from "../../src/testing/virtual_time.ts";

Deno.test("VirtualTime.settle gives turns until none is asked for, and gives up at its bound", async () => {
  const time = new VirtualTime({});
  const scheduler = new Scheduler(time.clock, time.scheduler);
  let turns = 0;
  const again = (limit: number): void => {
    if (++turns < limit) scheduler.atCommit(() => again(limit));
  };
  again(5);
  await time.settle();
  assertEquals(turns, 5);
  again(Infinity);
  await assertRejects(() => time.settle(10), Error, "within 10 turns");
});

Deno.test("VirtualTime.passUntil lets as much time pass as the work needs, and no more than a second too much", async () => {
  const time = new VirtualTime({});
  await time.passUntil(new Promise<void>((resolve) => time.clock.setTimer(resolve, 61_500)));
  assertEquals(time.clock.elapsedMs(), 62_000);
});

Deno.test("VirtualTime draws the same from the same seed", () => {
  const draw = (seed: number): string => new VirtualTime({ seed }).random.uuid();
  assertEquals(draw(3), draw(3));
  assertEquals(draw(3) === draw(4), false);
});

Deno.test("VirtualTime.settle goes on for as long as there is something to go on with at rest", async () => {
  const time = new VirtualTime({});
  let rests = 0;
  time.onRest = () => ++rests < 3;
  await time.settle();
  assertEquals(rests, 3);
});

Deno.test("VirtualTime.waitFor lets time pass until it is there, no more than may pass", async () => {
  const time = new VirtualTime({});
  let isThere = false;
  time.clock.setTimer(() => isThere = true, 500);
  assertEquals(await time.waitFor(() => isThere, { withinMs: 400 }), false);
  assertEquals(time.clock.elapsedMs(), 400);
  assertEquals(await time.waitFor(() => isThere, { withinMs: 400 }), true);
  assertEquals(time.clock.elapsedMs(), 500);
});

Deno.test("VirtualTime.waitFor is patient with what no virtual clock knows of", async () => {
  const time = new VirtualTime({});
  let isThere = false;
  void crypto.subtle.digest("SHA-256", new Uint8Array(1)).then(() => isThere = true);
  assertEquals(await time.waitFor(() => isThere, { patienceMs: 60_000 }), true);
  assertEquals(time.clock.elapsedMs(), 0);
});
