import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { TroupeError } from "../../src/base/errors.ts";
import { Counters } from "../../src/base/inspect.ts";
import { seededRandom } from "../../src/base/random.ts";
import { VirtualClock } from "../../src/testing/virtual_clock.ts";
import type { LogBatch, LogLimits, NewLogEntry } from "../../src/topics/log.ts";
import { memoryLog, type MemoryLogOptions } from "../../src/topics/memory_log.ts";

const FOREVER: LogLimits = { size: 1_000_000, ttlMs: 1e12, folded: false };

/** A log with all its ports in hand. */
function stage(options: MemoryLogOptions = {}) {
  const clock = new VirtualClock();
  const counters = new Counters();
  const log = memoryLog({ clock, counters, random: seededRandom(1), ...options });
  const entry = (data: NewLogEntry["data"]): NewLogEntry => ({
    event: "said",
    data,
    atMs: clock.now(),
    recipients: null,
  });
  const say = (topic: string, data: NewLogEntry["data"] = '"hi"', more: Partial<LogBatch> = {}) =>
    log.append([{ topic, entries: [entry(data)], limits: FOREVER, ...more }])[0];
  const offsets = (topic: string) => log.read(topic, 0, 1_000_000).entries.map(({ offset }) => offset);
  return { clock, counters, log, entry, say, offsets };
}

Deno.test("memoryLog: beyond maxTopics, the one that was used longest ago is forgotten whole, and counted", () => {
  const { log, say, counters } = stage({ maxTopics: 3 });
  const epochs = ["a", "b", "c"].map((topic) => say(topic).epoch);
  log.head("a");
  log.read("b", 0, 1);
  say("d"); // forgets c
  assertEquals([log.topics, counters.get("log.forgotten.topics")], [3, 1]);
  assertEquals([log.head("a"), log.head("b")], [{ epoch: epochs[0], offset: 1 }, {
    epoch: epochs[1],
    offset: 1,
  }]);
  const again = log.head("c");
  assertEquals([again.offset, again.epoch === epochs[2]], [0, false]);
  assertEquals(log.snapshot("d"), null);
});

Deno.test("memoryLog: beyond maxBytes, topics are forgotten from the one that was used longest ago", () => {
  const { log, say, counters } = stage({ maxBytes: 10_000 });
  for (let i = 0; i < 50; i++) say(`room:${i}`, `"${"x".repeat(400)}"`);
  assertEquals(log.bytes <= 10_000, true);
  assertEquals(log.topics, 7); // 400 and 100, two names, two bytes a character
  assertEquals(counters.get("log.forgotten.bytes"), 43);
  assertEquals(log.read("room:49", 0, 1).entries.length, 1);
});

Deno.test("memoryLog: one topic that takes all the bytes loses its oldest publications, counted", () => {
  const { log, say, offsets, counters } = stage({ maxBytes: 10_000 });
  for (let i = 0; i < 20; i++) say("room", new Uint8Array(1_000));
  assertEquals(offsets("room"), [13, 14, 15, 16, 17, 18, 19, 20]);
  assertEquals([log.bytes <= 10_000, counters.get("log.trimmed_early"), log.head("room").offset], [
    true,
    12,
    20,
  ]);
  say("room", new Uint8Array(10_000));
  assertEquals([offsets("room"), log.head("room").offset], [[], 21]);
});

Deno.test("memoryLog: a topic whose state needs more than maxBytes is forgotten itself, and no other", () => {
  const { log, say, counters, offsets } = stage({ maxBytes: 10_000 });
  const limits = { ...FOREVER, folded: true };
  say("quiet");
  const { epoch } = say("room", new Uint8Array(4_000), { limits });
  say("room", new Uint8Array(4_000), { limits });
  say("room", new Uint8Array(4_000), { limits });
  assertEquals(counters.get("log.forgotten.bytes"), 1);
  assertEquals([offsets("quiet"), offsets("room")], [[1], []]);
  assertEquals(log.head("room").epoch === epoch, false);
});

Deno.test("memoryLog: bytes of a message that is a part of a larger one count as the larger", () => {
  const { log, say } = stage();
  say("room", new Uint8Array(10_000).subarray(0, 1));
  assertEquals(log.bytes > 10_000, true);
});

Deno.test("memoryLog: what is too old goes without anybody asking for its topic", () => {
  const { log, say, clock, counters } = stage();
  for (let i = 0; i < 20; i++) {
    say(`old:${i}`, `"${"x".repeat(5_000)}"`, { limits: { ...FOREVER, ttlMs: 1_000 } });
  }
  const before = log.bytes;
  clock.step(1_000);
  for (let i = 0; i < 11; i++) say("new");
  assertEquals(counters.get("log.trimmed"), 20);
  assertEquals(log.bytes < before / 10, true);
  assertEquals(log.head("old:7").offset, 1);
});

Deno.test("memoryLog: what it says to take is what its histories take, whatever happens", () => {
  const topics = fc.constantFrom("a", "b", "c", "d");
  const step = fc.oneof(
    fc.record({ topic: topics, ask: fc.constantFrom("head", "read", "snapshot") }),
    fc.record({
      topic: topics,
      sizes: fc.array(fc.nat(300), { maxLength: 5 }),
      size: fc.nat(10),
      folded: fc.boolean(),
      snapshot: fc.option(fc.string(), { nil: undefined }),
      afterMs: fc.nat(500),
    }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { log, clock, entry } = stage({ maxTopics: 3, maxBytes: 4_000 });
      for (const each of steps) {
        if ("ask" in each) {
          if (each.ask === "head") log.head(each.topic);
          else if (each.ask === "read") log.read(each.topic, 0, 5);
          else log.snapshot(each.topic);
        } else {
          clock.step(each.afterMs);
          const { topic, sizes, size, folded, snapshot } = each;
          const entries = sizes.map((length) => entry(new Uint8Array(length)));
          const limits = { size, folded, ttlMs: 1_000 };
          log.append([{ topic, entries, limits, ...(snapshot === undefined ? {} : { snapshot }) }]);
        }
        assertEquals([log.topics <= 3, log.bytes <= 4_000, log.bytes >= 0], [true, true, true]);
      }
      const taken = log.bytes;
      const kept = ["a", "b", "c", "d"].filter((topic) => log.snapshot(topic) !== null);
      assertEquals([log.bytes, kept.length <= log.topics], [taken, true]);
      log.close();
      assertEquals([log.bytes, log.topics], [0, 0]);
    }),
  );
});

Deno.test("memoryLog: a full history costs an append no more than an empty one, and a read what it gives", () => {
  const { log, entry } = stage({ maxBytes: 1e9 });
  const fill = Array.from({ length: 200_000 }, () => entry('"x"'));
  const limits = { ...FOREVER, size: 200_000 };
  log.append([{ topic: "full", entries: fill, limits }]);
  for (let i = 0; i < 100_000; i++) log.append([{ topic: "full", entries: [entry('"y"')], limits }]);
  for (let i = 0; i < 100_000; i++) log.read("full", 299_990, 10);
  assertEquals(log.read("full", 299_999, 10).entries.map(({ offset }) => offset), [300_000]);
});

Deno.test("memoryLog: a bound that is none is refused by name", () => {
  for (const value of [0, -1, 1.5, NaN, Infinity]) {
    const error = assertThrows(() => memoryLog({ maxTopics: value }), TroupeError, "at maxTopics");
    assertEquals(error.code, "invalid_options");
  }
  assertThrows(() => memoryLog({ maxBytes: 0 }), TroupeError, "at maxBytes");
});
