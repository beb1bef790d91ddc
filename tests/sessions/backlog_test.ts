import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Counters } from "../../src/base/inspect.ts";
import { silentLogger } from "../../src/base/log.ts";
import { Frame } from "../../src/protocol/frame.ts";
import { Allowance, Backlog } from "../../src/sessions/backlog.ts";
import { closeSlow, dropOldest, latest, sample, type SlowPolicy } from "../../src/sessions/slow_policy.ts";
import { Droppable } from "../../src/sessions/droppable.ts";
import { SlowReader } from "../../src/sessions/slow_reader.ts";
import { VirtualClock } from "../../src/testing/virtual_clock.ts";

const UNBOUNDED = { maxFrames: Infinity, maxBytes: Infinity };
const everything = (): Allowance => new Allowance(Infinity, Infinity, false);
const texts = (frames: readonly Frame[]): unknown[] => frames.map(({ data }) => data);

function readerOf(policy: SlowPolicy, clock = new VirtualClock(), counters = new Counters()): SlowReader {
  return new SlowReader(
    policy,
    { clock, counters, logger: silentLogger },
    ({ count, from, to }) => new Frame(`missed ${count}: ${from}-${to}`),
  );
}

function droppable(reader: SlowReader, offset: number, text = `${offset}`, key = text): Droppable {
  const published = { event: key, payload: {}, position: { epoch: "e", offset } };
  return new Droppable(new Frame(text), published, reader);
}

Deno.test("Until it is known that the client is behind, no policy applies", () => {
  const backlog = new Backlog();
  const reader = readerOf(dropOldest({ max: 1 }));
  for (const n of [1, 2, 3]) backlog.add(droppable(reader, n));
  assertEquals(texts(backlog.take(everything())), ["1", "2", "3"]);
  for (const n of [4, 5, 6]) backlog.add(droppable(reader, n));
  backlog.stay();
  assertEquals([backlog.length, backlog.behind], [1, true]);
  assertEquals(texts(backlog.take(everything())), ["missed 2: 4-5", "6"]);
});

Deno.test("The notice comes where the first gap is, and counts all that was left out until then", () => {
  const backlog = new Backlog();
  const reader = readerOf(latest());
  backlog.stay();
  for (const [n, key] of ["a", "b", "c", "b", "c", "d"].entries()) {
    backlog.add(droppable(reader, n + 1, `${n + 1}`, key));
  }
  assertEquals(texts(backlog.take(everything())), ["1", "missed 2: 2-3", "4", "5", "6"]);
  for (const [n, key] of ["a", "a"].entries()) backlog.add(droppable(reader, n + 7, `${n + 7}`, key));
  assertEquals(texts(backlog.take(everything())), ["missed 1: 7-7", "8"]);
});

Deno.test("Without a history, the ends of what was missed are null", () => {
  const backlog = new Backlog();
  const reader = readerOf(dropOldest({ max: 1 }));
  backlog.stay();
  for (const n of [1, 2]) {
    backlog.add(new Droppable(new Frame(`${n}`), { event: "e", payload: n, position: null }, reader));
  }
  assertEquals(texts(backlog.take(everything())), ["missed 1: null-null", "2"]);
});

Deno.test("Where there is too much, those that may be left out go first, the oldest ahead", () => {
  const backlog = new Backlog();
  const [yielding, firm] = [readerOf(dropOldest({ max: 100 })), readerOf(latest())];
  backlog.stay();
  backlog.add(new Frame("reply"));
  backlog.add(droppable(firm, 1, "firm"));
  for (const n of [1, 2, 3, 4]) backlog.add(droppable(yielding, n));
  assertEquals(backlog.exceeds({ maxFrames: 4, maxBytes: 1_000 }), false);
  assertEquals(texts(backlog.take(everything())), ["reply", "firm", "missed 2: 1-2", "3", "4"]);
});

Deno.test("Where those that have to arrive are too much already, it is too much", () => {
  for (const limits of [{ maxFrames: 1, maxBytes: 100 }, { maxFrames: 100, maxBytes: 3 }]) {
    const backlog = new Backlog([new Frame("one")]);
    backlog.add(droppable(readerOf(latest()), 1));
    assertEquals(backlog.exceeds(limits), limits.maxFrames === 1); // bytes count from here on
    backlog.stay();
    assertEquals(backlog.exceeds(limits), true);
  }
});

Deno.test("A policy that wants the connection closed says so as soon as something stays", () => {
  const backlog = new Backlog();
  backlog.add(droppable(readerOf(closeSlow()), 1));
  assertEquals(backlog.closes, false);
  backlog.stay();
  assertEquals(backlog.closes, true);
});

Deno.test("What is left out takes no room for long", () => {
  const backlog = new Backlog([new Frame("first")]);
  const reader = readerOf(dropOldest({ max: 10 }));
  backlog.stay();
  for (let n = 0; n < 100_000; n++) {
    backlog.add(droppable(reader, n));
    assertEquals(backlog.exceeds({ maxFrames: 8, maxBytes: 1_000 }), false);
  }
  assertEquals([backlog.length, backlog.bytes], [8, 5 + 7 * 5]);
  assertEquals(backlog.take(everything()).length, 9);
});

Deno.test("An allowance counts texts by batches where they are joined", () => {
  const text = new Frame("x");
  const bytes = new Frame(new Uint8Array(1));
  const plain = new Allowance(2, 1_000, false);
  assertEquals([text, text, text].map((frame) => plain.takes(frame)), [true, true, false]);
  const joined = new Allowance(2, 1_000, true);
  let count = 0;
  while (joined.takes(text)) count++;
  assertEquals(count, 512);
  const mixed = new Allowance(3, 1_000, true);
  assertEquals([text, text, bytes, text, bytes].map((frame) => mixed.takes(frame)), [
    true,
    true,
    true,
    true,
    false,
  ]);
  const big = new Allowance(3, 10, false);
  assertEquals([new Frame("x".repeat(100)), text].map((frame) => big.takes(frame)), [true, false]);
});

Deno.test("A gap that no publication follows is told when the client has caught up, as soon as there is room", () => {
  const ports = { clock: new VirtualClock(), counters: new Counters(), logger: silentLogger };
  const reader = new SlowReader(
    dropOldest({ max: 3 }),
    ports,
    (missed) => new Frame(JSON.stringify(missed)),
  );
  const backlog = new Backlog();
  backlog.add(droppable(reader, 0, "publication", ""));
  for (const text of ["1", "2", "3", "4"]) backlog.add(new Frame(text));
  backlog.stay();
  assertEquals(backlog.exceeds({ maxFrames: 4, maxBytes: Infinity }), false);
  const take = (frames: number): unknown[] =>
    backlog.take(new Allowance(frames, Infinity, false)).map(({ data }) => data);
  assertEquals([take(4), backlog.length, backlog.isDone], [["1", "2", "3", "4"], 0, false]);
  assertEquals([take(1), backlog.isDone], [['{"count":1,"from":0,"to":0}'], true]);
});

Deno.test("Whatever is written and taken: order holds, nothing firm is lost, and what is missing is told in time", () => {
  const policies = [dropOldest({ max: 3 }), latest(), sample({ everyMs: 10 })];
  const step = fc.oneof(
    fc.record({ kind: fc.constant("publish" as const), reader: fc.nat(2), key: fc.nat(3) }),
    fc.record({ kind: fc.constant("say" as const) }),
    fc.record({ kind: fc.constant("take" as const), frames: fc.nat(6) }),
    fc.record({ kind: fc.constant("stay" as const) }),
    fc.record({ kind: fc.constant("limit" as const), frames: fc.integer({ min: 4, max: 12 }) }),
    fc.record({ kind: fc.constant("pass" as const), ms: fc.nat(20) }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const clock = new VirtualClock();
    const counters = new Counters();
    const readers = policies.map((policy, i) =>
      new SlowReader(
        policy,
        { clock, counters, logger: silentLogger },
        (missed) => new Frame(JSON.stringify({ reader: i, ...missed })),
      )
    );
    const backlog = new Backlog();
    const said: string[] = [];
    const out: string[] = [];
    const newest = new Map<string, string>();
    let told = 0;
    const take = (frames: number): void => {
      const taken = backlog.take(new Allowance(frames, Infinity, false)).map(({ data }) => data as string);
      out.push(...taken);
      for (const text of taken) if (text.startsWith("{")) told += JSON.parse(text).count;
      if (taken.length === frames) return;
      // There was room for more: the client has caught up, and knows of all that it missed.
      assertEquals([backlog.length, backlog.isDone, told], [0, true, counters.get("slow.dropped")]);
    };
    for (const each of steps) {
      const n = said.length;
      if (each.kind === "publish") {
        const text = `${each.reader}:${n}`;
        said.push(text);
        newest.set(`${each.reader}:${each.key}`, text);
        backlog.add(droppable(readers[each.reader], n, text, `${each.key}`));
      } else if (each.kind === "say") {
        said.push(`firm:${n}`);
        backlog.add(new Frame(`firm:${n}`));
      } else if (each.kind === "take") take(each.frames);
      else if (each.kind === "stay") backlog.stay();
      else if (each.kind === "limit") {
        backlog.stay();
        backlog.exceeds({ maxFrames: each.frames, maxBytes: Infinity });
      } else {
        clock.setTimer(() => {}, each.ms);
        while (clock.step(clock.elapsedMs() + each.ms));
      }
    }
    take(Infinity);
    assertEquals([backlog.length, backlog.exceeds(UNBOUNDED)], [0, false]);

    const delivered = out.filter((text) => !text.startsWith("{"));
    const missing = said.filter((text) => !delivered.includes(text));
    assertEquals(delivered, said.filter((text) => delivered.includes(text)), "in order, once");
    assert(missing.every((text) => !text.startsWith("firm")));
    for (const [key, text] of newest) {
      if (key.startsWith("1:")) assert(delivered.includes(text), "the latest of a key");
    }
    assertEquals(counters.get("slow.dropped"), missing.length);
    for (const reader of [0, 1, 2]) {
      const own = missing.filter((text) => text.startsWith(`${reader}:`)).map((text) =>
        Number(text.slice(2))
      );
      const notices = out.map((text, i) => ({ text, i })).filter(({ text }) =>
        text.startsWith(`{"reader":${reader},`)
      );
      let toldOfOwn = 0;
      for (const { text, i } of notices) {
        const { count, from, to } = JSON.parse(text);
        assert(own.includes(from) && own.includes(to) && from <= to);
        toldOfOwn += count;
        const next = out.slice(i + 1).find((later) => later.startsWith(`${reader}:`));
        // Where none follows it comes at the end, when the client has caught up.
        if (next !== undefined) assert(from < Number(next.slice(2)), "ahead of the next publication");
      }
      assertEquals(toldOfOwn, own.length);
    }
  }));
});
