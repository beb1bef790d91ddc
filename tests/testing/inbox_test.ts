import { assertEquals, assertRejects } from "@std/assert";
import { TroupeError } from "../../mod.ts";
import { Inbox } from "../../src/testing/inbox.ts";
import { VirtualTime } from "../../src/testing/virtual_time.ts";

function message(event: string, payload: unknown = {}) {
  return { event, payload, offset: null };
}

Deno.test("An inbox hands out each message once, by event, oldest first", async () => {
  const inbox = new Inbox("room:1", new VirtualTime({}), () => "");
  for (
    const [event, n] of [["a", 1], ["b", 2], ["a", 3], ["troupe:missed", 4], ["presence_state", 5]] as const
  ) {
    inbox.add(message(event, n));
  }
  assertEquals((await inbox.next("a", {})).payload, 1);
  assertEquals(inbox.take("a").map(({ payload }) => payload), [3]);
  assertEquals(inbox.take().map(({ payload }) => payload), [2]); // the engine's own are asked for by name
  assertEquals(inbox.take("troupe:missed").map(({ payload }) => payload), [4]);
  assertEquals(inbox.take("presence_state").map(({ payload }) => payload), [5]);
});

Deno.test("What comes within the time that may pass is waited for, and no longer", async () => {
  const time = new VirtualTime({});
  const inbox = new Inbox("room:1", time, () => "");
  time.clock.setTimer(() => inbox.add(message("late", 7)), 500);
  await assertRejects(
    () => inbox.next("late", { withinMs: 499 }),
    TroupeError,
    "The next timer is due in 1 ms",
  );
  assertEquals((await inbox.next("late", { withinMs: 1_000 })).payload, 7);
  assertEquals(time.clock.elapsedMs(), 500);
});

Deno.test("What does not come is an error that shows what did: the newest, and each cut short", async () => {
  const inbox = new Inbox("room:1", new VirtualTime({}), () => "It is open. ");
  inbox.add(message("bytes", new Uint8Array(3)));
  inbox.add(message("long", "x".repeat(1_000)));
  const error = await assertRejects(() => inbox.next("never", {}), TroupeError);
  assertEquals(
    error.message,
    `room:1: no never came at this instant. What came and was not taken: bytes 3 bytes, long "${
      "x".repeat(199)
    }…. Taken before: nothing. It is open. No timer waits`,
  );
  for (let i = 0; i < 25; i++) inbox.add(message(`n${i}`));
  const longer = await assertRejects(() => inbox.next("never", {}), TroupeError, "(7 more), n5 {}");
  assertEquals((longer.details.came as unknown[]).length, 27);
});
