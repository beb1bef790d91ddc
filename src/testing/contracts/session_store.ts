/**
 * What every store of cookie sessions keeps, as tests.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { SessionStore, StoredSession } from "../../auth/store.ts";
import { type Clock, systemClock } from "../../base/clock.ts";

/** What {@link testSessionStore} needs. */
export interface SessionStoreContract {
  /** Registers a test: `Deno.test`, or the like of another runner. */
  readonly test: (name: string, fn: () => Promise<void>) => void;
  /** What the tests' names begin with: the store's. */
  readonly name: string;
  /** Makes a store that holds nothing, with room for 100 sessions. Called once in each test. */
  open(): SessionStore | Promise<SessionStore>;
  /** Ends a store that {@link SessionStoreContract.open} has made. */
  close?(store: SessionStore): void | Promise<void>;
  /** The clock that the store goes by. Default: the machine's. */
  readonly clock?: Clock;
}

/**
 * Tests that a store keeps what `SessionStore` promises.
 *
 * @example
 * ```ts
 * import { MemorySessionStore } from "@troupe/core/auth";
 * import { testSessionStore } from "@troupe/core/testing";
 *
 * const tests: (() => Promise<void>)[] = [];
 * testSessionStore({
 *   test: (_name, fn) => void tests.push(fn), // Deno.test, in a test file
 *   name: "MemorySessionStore",
 *   open: () => new MemorySessionStore(),
 * });
 * for (const run of tests) await run();
 * ```
 */
export function testSessionStore(contract: SessionStoreContract): void {
  const clock = contract.clock ?? systemClock;
  const promise = (what: string, run: (store: SessionStore) => Promise<void>): void =>
    contract.test(`${contract.name}: ${what}`, async () => {
      const store = await contract.open();
      try {
        await run(store);
      } finally {
        await contract.close?.(store);
      }
    });
  const session = (change: Partial<StoredSession> = {}): StoredSession => {
    const nowMs = clock.now();
    return { userId: "ada", data: '{"n":1}', createdAtMs: nowMs, expiresAtMs: nowMs + 3_600_000, ...change };
  };

  promise("what was created is there, and nothing else", async (store) => {
    const ada = session();
    await store.create("1", ada);
    assertEquals(await store.get("1"), ada);
    assertEquals(await store.get("2"), null);
    assertEquals(await store.get(""), null);
    assertEquals(await store.get("__proto__"), null);
  });

  promise("text comes back as it was", async (store) => {
    const odd = session({ userId: "a'd;a\u0000 ü 🎭", data: '"\\u0000\' -- 🎭"' });
    await store.create("an id: 'with\" odd; signs", odd);
    assertEquals(await store.get("an id: 'with\" odd; signs"), odd);
  });

  promise("a session is copied: what becomes of the object afterwards is not seen", async (store) => {
    const given = { ...session() };
    await store.create("1", given);
    given.userId = "eve";
    assertEquals((await store.get("1"))?.userId, "ada");
    const found = (await store.get("1"))!;
    await store.replace("1", session({ data: '"changed"' }));
    assertEquals(found.data, '{"n":1}');
  });

  promise("replacing puts another in its place", async (store) => {
    await store.create("1", session());
    const later = session({ data: "2", expiresAtMs: clock.now() + 7_200_000 });
    assertEquals(await store.replace("1", later), true);
    assertEquals(await store.get("1"), later);
  });

  promise("replacing what is not there keeps nothing", async (store) => {
    assertEquals(await store.replace("1", session()), false);
    assertEquals(await store.get("1"), null);
    await store.create("1", session());
    await store.delete("1");
    assertEquals(await store.replace("1", session()), false);
    assertEquals(await store.get("1"), null);
  });

  promise("a session that is deleted while it is replaced does not come back", async (store) => {
    for (let i = 0; i < 10; i++) {
      await store.create("1", session());
      await Promise.all([store.replace("1", session()), store.delete("1"), store.replace("1", session())]);
      assertEquals(await store.get("1"), null);
    }
  });

  promise("deleting forgets that one alone, and twice is as good as once", async (store) => {
    await store.create("1", session());
    await store.create("2", session());
    await store.delete("1");
    await store.delete("1");
    assertEquals(await store.get("1"), null);
    assertEquals((await store.get("2"))?.userId, "ada");
  });

  promise("deleting those of a user leaves the others'", async (store) => {
    await store.create("1", session());
    await store.create("2", session({ userId: "bob" }));
    await store.create("3", session());
    assertEquals([...await store.deleteOfUser("ada")].sort(), ["1", "3"]);
    assertEquals(await store.deleteOfUser("ada"), []);
    assertEquals(await store.deleteOfUser("nobody"), []);
    assertEquals([await store.get("1"), await store.get("3")], [null, null]);
    assertEquals((await store.get("2"))?.userId, "bob");
  });

  promise("a session that is deleted is not counted among its user's", async (store) => {
    await store.create("1", session());
    await store.delete("1");
    assertEquals(await store.deleteOfUser("ada"), []);
  });

  promise("a hundred sessions are kept side by side until they expire", async (store) => {
    const ids = Array.from({ length: 100 }, (_, i) => `s-${i}`);
    await Promise.all(ids.map((id) => store.create(id, session({ userId: id }))));
    const found = await Promise.all(ids.map((id) => store.get(id)));
    assertEquals(found.map((each) => each?.userId), ids);
  });
}
