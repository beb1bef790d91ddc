import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { readAnswer, readGreeting } from "../../src/client/greeting.ts";

const NOTHING = { session: null, resumed: false, hasHistory: false, recovery: null, gap: null };

Deno.test("a greeting says what it says, and the reply is without it", () => {
  const troupe = {
    session: "s",
    resumed: true,
    epoch: "e",
    offset: 9,
    recovery: "partial",
    gap: { from: 4, to: 9, more: 1 },
  };
  const greeting = {
    session: "s",
    resumed: true,
    hasHistory: true,
    recovery: "partial" as const,
    gap: { from: 4, to: 9 },
  };
  assertEquals(readAnswer({ motd: "hi", troupe }), { reply: { motd: "hi" }, greeting });
  assertEquals(readAnswer({ motd: "hi" }), { reply: { motd: "hi" }, greeting: NOTHING });
  for (const reply of [null, "text", [1], new ArrayBuffer(1)]) {
    assertEquals(readAnswer(reply), { reply, greeting: null });
  }
});

Deno.test("what a greeting has in another form is as if it was not said", () => {
  for (const recovery of ["", "Recovered", "lost", 1, null, ["partial"], { toString: () => "reset" }]) {
    assertEquals(readGreeting({ recovery }), NOTHING);
  }
  for (
    const gap of [null, [], [1, 2], {}, { from: 1 }, { to: 1 }, { from: "1", to: 2 }, { from: 1, to: NaN }, {
      from: -1,
      to: 2,
    }, { from: 1, to: 2.5 }]
  ) {
    assertEquals(readGreeting({ gap }), NOTHING);
  }
  for (const given of [{ session: 1 }, { resumed: "yes" }, { epoch: 7 }, "text", null, undefined, []]) {
    assertEquals(readGreeting(given), NOTHING);
  }
});

Deno.test("whatever a greeting is, what is read of it has its form", () => {
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: true }), (given) => {
      const { session, resumed, hasHistory, recovery, gap } = readGreeting(given);
      assertEquals([typeof resumed, typeof hasHistory], ["boolean", "boolean"]);
      assertEquals(session === null || typeof session === "string", true);
      assertEquals([null, "recovered", "partial", "reset"].includes(recovery), true);
      if (gap !== null) assertEquals(Object.values(gap).every(Number.isSafeInteger), true);
    }),
  );
});
