import { systemClock } from "@troupe/core/actors";
import { assert, assertEquals } from "@std/assert";

Deno.test("the machine's clock tells wall time, and elapsed time that never goes backwards", () => {
  const before = Date.now();
  const now = systemClock.now();
  assert(now >= before && now <= Date.now());
  let last = systemClock.elapsedMs();
  for (let i = 0; i < 1_000; i++) {
    const next = systemClock.elapsedMs();
    assert(next >= last);
    last = next;
  }
});

Deno.test("a timer is called once, not inside setTimer, and those due together in the order in which they were set", async () => {
  const order: number[] = [];
  await new Promise<void>((resolve) => {
    for (const n of [1, 2, 3]) systemClock.setTimer(() => order.push(n), 0);
    systemClock.setTimer(resolve, -5); // a negative delay counts as 0
    assertEquals(order, []);
  });
  assertEquals(order, [1, 2, 3]);
});

Deno.test("a timer that is cleared is not called; unknown and finished ids are ignored", async () => {
  let called = 0;
  const finished = await new Promise<ReturnType<typeof systemClock.setTimer>>((resolve) => {
    const cleared = systemClock.setTimer(() => called++, 0);
    systemClock.clearTimer(cleared);
    const id = systemClock.setTimer(() => resolve(id), 0);
  });
  systemClock.clearTimer(finished);
  systemClock.clearTimer(123_456_789);
  assertEquals(called, 0);
});

Deno.test("a delay beyond what the platform can hold is cut to that, and does not fire at once", async () => {
  let fired = false;
  const far = systemClock.setTimer(() => fired = true, 2 ** 40);
  await new Promise<void>((resolve) => systemClock.setTimer(resolve, 1));
  systemClock.clearTimer(far);
  assertEquals(fired, false);
});
