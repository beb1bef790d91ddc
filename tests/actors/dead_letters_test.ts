import { Counters, DEAD_LETTER_REASONS, type DeadLetter, DeadLetters } from "@troupe/core/actors";
import { Kit } from "@troupe/core/testing";
import { assertEquals } from "@std/assert";
import { type Act, puppet } from "./puppet.ts";

Deno.test("dead letters are counted by every reason, and in all", () => {
  const counters = new Counters();
  const letters = new DeadLetters(counters);
  DEAD_LETTER_REASONS.forEach((reason, i) => {
    for (let n = 0; n <= i; n++) letters.record(reason, n, "/it");
  });
  DEAD_LETTER_REASONS.forEach((reason, i) => {
    assertEquals(letters.count(reason), i + 1);
    assertEquals(counters.get(`dead_letters.${reason}`), i + 1);
  });
  assertEquals(letters.count(), DEAD_LETTER_REASONS.length * (DEAD_LETTER_REASONS.length + 1) / 2);
});

Deno.test("a stream shows letters from now on, with reason, message and address", async () => {
  await using kit = new Kit();
  kit.system.tell("nobody", "before");
  const stream = kit.system.deadLetters.stream();
  kit.system.tell("nobody", "after");
  assertEquals(await stream.next(), {
    done: false,
    value: { reason: "unknown_name", message: "after", to: "nobody" },
  });
  const waiting = stream.next();
  const gone = kit.system.spawn(puppet(), { name: "gone" });
  kit.system.stop(gone);
  await kit.settle();
  const act: Act = () => {};
  gone.tell(act);
  assertEquals((await waiting).value, { reason: "stopped", message: act, to: "/gone" });
});

Deno.test("an ask that is not delivered shows its message, not its envelope", async () => {
  await using kit = new Kit();
  const stream = kit.system.deadLetters.stream();
  const ref = kit.system.spawn(puppet({ mailbox: { capacity: 1 }, stashCapacity: 1 }));
  const act: Act = (ctx) => ctx.stash();
  for (let i = 0; i < 2; i++) {
    ref.ask(act).catch(() => {});
    ref.ask(act).catch(() => {});
    await kit.settle();
  }
  const letters = [await stream.next(), await stream.next(), await stream.next()].map(({ value }) => value);
  assertEquals(letters.map(({ reason }) => reason), ["overflow", "overflow", "stash_overflow"]);
  assertEquals(letters.map(({ message }) => message), [act, act, act]);
});

Deno.test("a stream is bounded: a slow reader misses the oldest, and `missed` counts them; 256 by default", async () => {
  const letters = new DeadLetters(new Counters());
  const [small, large] = [letters.stream({ capacity: 2 }), letters.stream()];
  for (let i = 0; i < 300; i++) letters.record("stopped", i, "/it");
  assertEquals([small.missed, large.missed], [298, 44]);
  assertEquals([(await small.next()).value.message, (await large.next()).value.message], [298, 44]);
});

Deno.test("leaving the loop ends a stream; several readers of one are served in turn", async () => {
  const letters = new DeadLetters(new Counters());
  const stream = letters.stream();
  const reads = [stream.next(), stream.next()];
  for (let i = 0; i < 3; i++) letters.record("stopped", i, "/it");
  assertEquals((await Promise.all(reads)).map(({ value }) => value.message), [0, 1]);
  for await (const letter of stream) {
    assertEquals(letter.message, 2);
    break;
  }
  letters.record("stopped", 3, "/it");
  assertEquals(await stream.next(), { done: true, value: undefined });
});

Deno.test("a stream ends with its system, behind the letters of the shutdown", async () => {
  const kit = new Kit();
  const read: DeadLetter[] = [];
  const reader = (async () => {
    for await (const letter of kit.system.deadLetters.stream()) read.push(letter);
  })();
  const ref = kit.system.spawn(puppet());
  await kit.settle();
  kit.system.shutdown();
  ref.tell(() => {});
  await kit.settle();
  await reader;
  assertEquals(read.map(({ reason }) => reason), ["stopped"]);
});
