import { assertEquals } from "@std/assert";
import { MemorySessionStore, type StoredSession } from "../../src/auth/mod.ts";
import { testSessionStore } from "../../src/testing/contracts/session_store.ts";

testSessionStore({
  test: Deno.test,
  name: "MemorySessionStore",
  open: () => new MemorySessionStore({ maxSessions: 100 }),
});

/** A store with a fault, to test the tests themselves. */
class FaultyStore extends MemorySessionStore {
  readonly #fault: string;
  constructor(fault = "") {
    super();
    this.#fault = fault;
  }
  override create(id: string, session: StoredSession): void {
    super.create(this.#fault === "one id for all" ? "1" : id, session);
  }
  override replace(id: string, session: StoredSession): boolean {
    if (this.#fault === "replace creates") this.create(id, session);
    return super.replace(id, session);
  }
  override deleteOfUser(userId: string): readonly string[] {
    return this.#fault === "users stay" ? [] : super.deleteOfUser(userId);
  }
}

Deno.test("testSessionStore: a store that breaks a promise fails a test", async () => {
  for (const fault of ["", "one id for all", "replace creates", "users stay"]) {
    const failed: string[] = [];
    const runs: Promise<void>[] = [];
    const test = (name: string, fn: () => Promise<void>): void => {
      runs.push(fn().catch(() => void failed.push(name)));
    };
    testSessionStore({ test, name: "broken", open: () => new FaultyStore(fault) });
    await Promise.all(runs);
    assertEquals(failed.length > 0, fault !== "", fault);
  }
});
