import { assertEquals } from "@std/assert";
import { Counters, MemorySessionStore, type StoredSession } from "../../src/auth/mod.ts";
import { VirtualClock } from "../../src/testing/virtual_clock.ts";

const clock = new VirtualClock();
const session = (change: Partial<StoredSession> = {}): StoredSession => ({
  userId: "ada",
  data: "null",
  createdAtMs: clock.now(),
  expiresAtMs: clock.now() + 60_000,
  ...change,
});

Deno.test("MemorySessionStore: beyond its bound, the one made or replaced longest ago is forgotten, and counted", () => {
  const counters = new Counters();
  const store = new MemorySessionStore({ maxSessions: 2, clock, counters });
  store.create("1", session());
  store.create("2", session());
  store.replace("1", session());
  store.create("3", session());
  assertEquals(["1", "2", "3"].map((id) => store.get(id) !== null), [true, false, true]);
  assertEquals([store.size, counters.get("cookie_sessions.evicted")], [2, 1]);
  assertEquals(store.deleteOfUser("ada"), ["1", "3"]);
});

Deno.test("MemorySessionStore: what has expired makes room without anybody asking for it", () => {
  const clock = new VirtualClock();
  const counters = new Counters();
  const store = new MemorySessionStore({ maxSessions: 3, clock, counters });
  for (const id of ["1", "2", "3"]) store.create(id, session({ expiresAtMs: clock.now() + 1_000 }));
  clock.step(1_000);
  store.create("4", session({ expiresAtMs: clock.now() + 1_000 }));
  assertEquals([store.size, counters.get("cookie_sessions.evicted")], [1, 0]);
});

Deno.test("MemorySessionStore: an expired session is not there, and cannot be replaced", () => {
  const clock = new VirtualClock();
  const store = new MemorySessionStore({ clock });
  store.create("1", session({ expiresAtMs: clock.now() + 1_000 }));
  clock.step(999);
  assertEquals(store.get("1")?.userId, "ada");
  clock.step(1_000);
  assertEquals([store.replace("1", session()), store.get("1"), store.size], [false, null, 0]);
});
