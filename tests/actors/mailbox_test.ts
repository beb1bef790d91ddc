import { assertEquals, assertStrictEquals } from "@std/assert";
import * as fc from "fast-check";
import { ConflatingMailbox, type Mailbox, MailboxPool, RingMailbox } from "../../src/actors/mailbox.ts";

Deno.test("both kinds of mailbox are first in, first out, and take messages back in front, like a plain list", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("push" as const), value: fc.nat() }),
    fc.record({ do: fc.constant("unshift" as const), value: fc.nat() }),
    fc.record({ do: fc.constant("shift" as const), value: fc.constant(0) }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), fc.boolean(), (steps, conflating) => {
    const box: Mailbox = conflating ? new ConflatingMailbox() : new RingMailbox();
    const list: unknown[] = [];
    for (const { do: what, value } of steps) {
      if (what !== "shift") {
        box[what](value);
        list[what](value);
      } else if (list.length > 0) assertEquals(box.shift(), list.shift());
      assertEquals(box.length, list.length);
    }
    while (list.length > 0) assertEquals(box.shift(), list.shift());
  }));
});

Deno.test("a ring doubles as it fills", () => {
  const box = new RingMailbox();
  for (let i = 0; i < 9; i++) box.push(i);
  assertEquals([box.length, box.size], [9, 16]);
});

Deno.test("a conflating mailbox gives a message the place of the one with its key", () => {
  const box = new ConflatingMailbox();
  assertEquals(box.put("a", 1), undefined);
  box.put("b", 2);
  assertEquals([box.has("a"), box.has("c")], [true, false]);
  assertEquals(box.put("a", 3), 1);
  assertEquals([box.length, box.shift(), box.shift()], [2, 3, 2]);
});

Deno.test("the pool hands rings out again, and is bounded in rings and in slots", () => {
  const pool = new MailboxPool(2);
  const rings = [pool.take(), pool.take(), pool.take()];
  for (const ring of rings) pool.give(ring);
  assertStrictEquals(pool.take(), rings[1]);
  assertStrictEquals(pool.take(), rings[0]);
  assertEquals(rings.includes(pool.take()), false);

  const large = new RingMailbox();
  for (let i = 0; i < 129; i++) large.push(i); // 256 slots; two rings may have 128 together
  while (large.length > 0) large.shift();
  pool.give(large);
  assertEquals(pool.take() === large, false);
  pool.give(new ConflatingMailbox());
  assertEquals(pool.take() instanceof RingMailbox, true);
});
