import { actor, type MailboxOptions, type Overflow, type Ref, TroupeError } from "@troupe/core/actors";
import { Kit } from "@troupe/core/testing";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Latch } from "./puppet.ts";

interface Item {
  readonly key: string;
  readonly value: number;
}

/** Runs `fill` while the actor is suspended; what it has handled then, as `key` + `value`. */
async function overflowing(
  kit: Kit,
  mailbox: MailboxOptions<Item>,
  fill: (ref: Ref<Item>) => void,
): Promise<string[]> {
  const latch = new Latch();
  const seen: string[] = [];
  const ref = kit.system.spawn(actor<Item, null>({
    mailbox,
    init: () => null,
    receive(state, { key, value }) {
      if (key === "wait") return latch.promise.then(() => state);
      seen.push(`${key}${value}`);
      return state;
    },
  }));
  ref.tell({ key: "wait", value: 0 });
  await kit.settle();
  fill(ref);
  latch.open();
  await kit.settle();
  return seen;
}

const items = (count: number): Item[] => Array.from({ length: count }, (_, value) => ({ key: "k", value }));

Deno.test("fail: beyond the capacity tell throws mailbox_full, retryable, and the message is a dead letter", async () => {
  await using kit = new Kit();
  const seen = await overflowing(kit, { capacity: 3 }, (ref) => {
    for (const item of items(3)) ref.tell(item);
    for (let i = 0; i < 2; i++) {
      const error = assertThrows(() => ref.tell({ key: "k", value: 9 }), TroupeError);
      assert(error.code === "mailbox_full" && error.retryable);
    }
  });
  assertEquals(seen, ["k0", "k1", "k2"]);
  assertEquals([kit.system.deadLetters.count("overflow"), kit.system.deadLetters.count()], [2, 2]);
});

Deno.test("drop-newest: what comes beyond the capacity is a dead letter, overflow", async () => {
  await using kit = new Kit();
  const seen = await overflowing(kit, { capacity: 3, overflow: "drop-newest" }, (ref) => {
    for (const item of items(7)) ref.tell(item);
  });
  assertEquals(seen, ["k0", "k1", "k2"]);
  assertEquals([kit.system.deadLetters.count("overflow"), kit.system.deadLetters.count()], [4, 4]);
});

Deno.test("drop-oldest: what has waited longest makes room and is a dead letter, overflow_oldest", async () => {
  await using kit = new Kit();
  const seen = await overflowing(kit, { capacity: 3, overflow: "drop-oldest" }, (ref) => {
    for (const item of items(7)) ref.tell(item);
  });
  assertEquals(seen, ["k4", "k5", "k6"]);
  assertEquals([kit.system.deadLetters.count("overflow_oldest"), kit.system.deadLetters.count()], [4, 4]);
});

Deno.test("conflate: a message takes the place of the one with its key; at capacity the oldest goes", async () => {
  await using kit = new Kit();
  const overflow: Overflow<Item> = { conflate: (item) => item.key };
  const seen = await overflowing(kit, { capacity: 3, overflow }, (ref) => {
    ["a0", "b1", "a2", "c3", "d4", "b5"].forEach((each) =>
      ref.tell({ key: each[0], value: Number(each[1]) })
    );
  });
  assertEquals(seen, ["b5", "c3", "d4"]);
  const { deadLetters } = kit.system;
  // a2 takes the place of a0; d4 finds the mailbox full and a2 goes; b5 takes the place of b1
  assertEquals([deadLetters.count("conflated"), deadLetters.count("overflow_oldest")], [2, 1]);
});

Deno.test("conflate: a key function that throws is the receiver's fault, not the sender's: nothing is lost", async () => {
  await using kit = new Kit();
  const overflow: Overflow<Item> = {
    conflate: () => {
      throw new Error("boom");
    },
  };
  const seen = await overflowing(kit, { capacity: 3, overflow }, (ref) => {
    for (const item of items(3)) ref.tell(item);
  });
  assertEquals([seen, kit.system.counters.get("mailboxes.key_failed")], [["k0", "k1", "k2"], 4]);
});

Deno.test("conflate: undefined is a message and a key like any other", async () => {
  await using kit = new Kit();
  const latch = new Latch();
  const seen: unknown[] = [];
  const ref = kit.system.spawn(actor<unknown, null>({
    mailbox: { overflow: { conflate: (message) => message === "wait" ? message : undefined } },
    init: () => null,
    receive: (
      state,
      message,
    ) => (seen.push(message), message === "wait" ? latch.promise.then(() => state) : state),
  }));
  ref.tell("wait");
  await kit.settle();
  ref.tell(undefined);
  ref.tell(undefined);
  latch.open();
  await kit.settle();
  assertEquals([seen, kit.system.deadLetters.count("conflated")], [["wait", undefined], 1]);
});
