import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Reader, setUp } from "./history_stage.ts";

Deno.test("Commit: one is in flight per topic; what comes meanwhile waits for it, in order", async () => {
  const { log, publish, subscribe, turn } = setUp();
  const reader = new Reader("a");
  subscribe(reader);
  turn();
  assertEquals(reader.log, ["subscribed"], "nothing to store: nothing to wait for");
  publish(), publish();
  turn();
  publish();
  turn();
  assertEquals([log.waiting, reader.offsets], [1, []]);
  await log.proceed();
  assertEquals(reader.offsets, [1, 2]);
  turn();
  assertEquals(log.waiting, 1);
  await log.proceed();
  assertEquals(reader.offsets, [1, 2, 3]);
});

Deno.test("Commit: the topics of a turn are stored with one append, and wait for no other turn's", async () => {
  const { log, publish, subscribe, turn } = setUp();
  const [a, b, c] = ["a", "b", "c"].map((name) => new Reader(name));
  for (const each of [a, b, c]) subscribe(each, null, each.connectionId);
  turn();
  publish(null, "a"), publish(null, "b");
  turn();
  publish(null, "c");
  turn();
  assertEquals(log.appended, [2, 1]);
  await log.proceed(1);
  assertEquals([a.offsets, b.offsets, c.offsets], [[], [], [1]]);
  await log.proceed();
  assertEquals([a.offsets, b.offsets], [[1], [1]]);
});

Deno.test("Commit: a batch that fails is never seen, its senders are told, and the topic goes on", async () => {
  const { log, publish, subscribe, turn, counters } = setUp();
  const [sender, reader] = [new Reader("a"), new Reader("b")];
  for (const each of [sender, reader]) subscribe(each);
  turn();
  publish(sender);
  publish(sender, "t", false); // not kept: it has nothing to fail with
  turn();
  log.failing = new Error("disk full");
  await log.proceed();
  assertEquals([sender.log, reader.offsets], [["subscribed", "failed ref", "committed"], []]);
  assertEquals(counters.get("history.unstored"), 1);
  log.failing = null;
  publish(sender);
  turn();
  await log.proceed();
  assertEquals([sender.log.at(-1), reader.offsets], ["committed", [1]]);
});

Deno.test("Commit: where the append of several topics fails, each is tried on its own", () => {
  const { log, publish, subscribe, turn } = setUp();
  log.isSync.append = true;
  const [a, b] = [new Reader("a"), new Reader("b")];
  for (const each of [a, b]) subscribe(each, null, each.connectionId);
  turn();
  const append = log.append.bind(log);
  log.append = (batches) => {
    if (batches.some(({ topic }) => topic === "a")) throw new Error("bad topic");
    return append(batches);
  };
  publish(a, "a"), publish(b, "b");
  turn();
  assertEquals([a.log.at(-1), a.offsets, b.log.at(-1), b.offsets], ["failed ref", [], "committed", [1]]);
});

Deno.test("Resume: what is published while the past is read comes behind it; a read that fails is told as a gap", async () => {
  const { log, publish, subscribe, turn } = setUp();
  log.isSync.append = true;
  for (let n = 0; n < 3; n++) publish();
  turn();
  const reader = new Reader("a");
  subscribe(reader, 1);
  turn();
  publish();
  turn();
  assertEquals([reader.log, reader.offsets], [[], []]);
  await log.proceed();
  assertEquals([reader.recovery?.outcome, reader.offsets], ["recovered", [2, 3, 4]]);
  const unlucky = new Reader("b");
  subscribe(unlucky, 1);
  turn();
  log.failing = new Error("no such table");
  await log.proceed();
  assertEquals([unlucky.recovery?.outcome, unlucky.recovery?.gap, unlucky.offsets], ["partial", {
    from: 2,
    to: 4,
  }, []]);
});

Deno.test("Resume: more than the merge buffer holds is a gap, and told", async () => {
  const { log, publish, subscribe, turn } = setUp(4);
  log.isSync.append = true;
  publish(), publish();
  turn();
  const reader = new Reader("a");
  subscribe(reader, 1);
  turn();
  for (let n = 0; n < 6; n++) publish();
  turn();
  await log.proceed();
  assertEquals(
    [reader.recovery?.outcome, reader.recovery?.gap, reader.recovery?.position.offset, reader.offsets],
    ["partial", { from: 2, to: 4 }, 4, [5, 6, 7, 8]],
  );
});

Deno.test("Resume: a client that goes and comes back while its past is read begins anew, and gets nothing twice", async () => {
  const { log, publish, subscribe, turn } = setUp();
  log.isSync.append = true;
  for (let n = 0; n < 4; n++) publish();
  turn();
  const reader = new Reader("a");
  subscribe(reader, 1);
  turn();
  subscribe(reader, 2);
  turn();
  publish();
  turn();
  await log.proceed();
  assertEquals(reader.offsets, []);
  await log.proceed();
  assertEquals([reader.recovery?.position.offset, reader.offsets], [2, [3, 4, 5]]);
  assertEquals(reader.log, ["committed", "subscribed"], "the first one's place in the order is given up");
});

Deno.test("Resume: who asks again before the topic has heard of it begins once, as it has asked last", async () => {
  for (const isSlow of [false, true]) {
    const { log, publish, subscribe, turn } = setUp();
    log.isSync = { append: true, read: true };
    for (let n = 0; n < 4; n++) publish();
    turn();
    log.isSync = { append: true, read: !isSlow };
    const reader = new Reader("a");
    reader.asks = 1;
    subscribe(reader, 1);
    if (isSlow) turn(); // its past is being read
    reader.asks = 2;
    if (isSlow) await log.proceed(); // it has asked again, and the topic has yet to hear of it
    subscribe(reader, 2);
    turn();
    if (isSlow) await log.proceed();
    assertEquals([reader.log, reader.offsets], [["committed", "subscribed"], [3, 4]]);
  }
});

/** One step of a random run. */
type Step =
  | { kind: "publish"; kept: boolean; by: number }
  | { kind: "join"; behind: number }
  | { kind: "turn" }
  | { kind: "proceed"; index: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("publish" as const), kept: fc.boolean(), by: fc.nat(3) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("join" as const), behind: fc.nat(6) }) },
  { weight: 3, arbitrary: fc.constant({ kind: "turn" as const }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("proceed" as const), index: fc.nat(5) }) },
);

Deno.test("Resume: whatever is published, joined, stored and read in which order, nothing is lost, comes twice or early", async () => {
  const numRuns = Deno.env.get("TROUPE_LONG") === "1" ? 5_000 : 400;
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 60 }),
      fc.boolean(),
      fc.boolean(),
      async (steps, append, read) => {
        const { log, publish, subscribe, turn } = setUp();
        log.isSync = { append, read };
        const readers: { reader: Reader; from: number; said: number }[] = [];
        for (const each of steps) {
          if (each.kind === "publish") {
            const author = readers[each.by] ?? null;
            if (author !== null) author.said++;
            publish(author?.reader, "t", each.kept);
          } else if (each.kind === "turn") turn();
          else if (each.kind === "proceed") {
            if (log.waiting > 0) await log.proceed(each.index % log.waiting);
          } else {
            const reader = new Reader(`${readers.length}`);
            const from = Math.max(log.head("t").offset - each.behind, 0);
            readers.push({ reader, from, said: 0 });
            subscribe(reader, from);
          }
        }
        for (let n = 0; n < 200; n++) {
          turn();
          if (log.waiting > 0) await log.proceed();
        }
        const last = log.head("t").offset;
        for (const { reader, from, said } of readers) {
          assertEquals(reader.log, ["subscribed", ...new Array(said).fill("committed")]);
          assertEquals(reader.recovery?.outcome, "recovered");
          assertEquals(reader.offsets, Array.from({ length: last - from }, (_, i) => from + 1 + i));
        }
      },
    ),
    { numRuns },
  );
});
