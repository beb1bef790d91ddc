import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { DatabaseSync } from "node:sqlite";
import { TroupeError } from "../../src/base/errors.ts";
import { Counters } from "../../src/base/inspect.ts";
import { seededRandom } from "../../src/base/random.ts";
import { type SqliteLog, sqliteLog, type SqliteLogOptions } from "../../src/stores/sqlite.ts";
import { VirtualClock } from "../../src/testing/virtual_clock.ts";
import type { LogBatch, LogLimits, NewLogEntry } from "../../src/topics/log.ts";
import { anyCodePoint } from "../code_point.ts";
import { TempFiles } from "./temp_files.ts";

const FOREVER: LogLimits = { size: 1_000_000, ttlMs: 1e12, folded: false };
const MIB = 1_048_576;

/** A log with all its ports in hand. */
class Stage implements Disposable {
  readonly files = new TempFiles();
  readonly clock = new VirtualClock();
  readonly counters = new Counters();
  readonly #options: Partial<SqliteLogOptions>;
  #random = seededRandom(1);
  log: SqliteLog;

  constructor(options: Partial<SqliteLogOptions> = {}) {
    this.#options = options;
    this.log = this.#open();
  }

  #open(): SqliteLog {
    const { clock, counters } = this;
    return sqliteLog({ path: this.files.path(), clock, counters, random: this.#random, ...this.#options });
  }

  reopen(): void {
    this.log.close();
    this.log = this.#open();
  }

  entry(data: NewLogEntry["data"] = '"hi"'): NewLogEntry {
    return { event: "said", data, atMs: this.clock.now(), recipients: null };
  }

  say(topic: string, data?: NewLogEntry["data"], more: Partial<LogBatch> = {}): string {
    return this.log.append([{ topic, entries: [this.entry(data)], limits: FOREVER, ...more }])[0].epoch;
  }

  /** What of the topic is kept: how many, and the offsets of the first and the last. */
  kept(topic: string): [count: number, first?: number, last?: number] {
    const { entries } = this.log.read(topic, 0, Infinity);
    return entries.length === 0 ? [0] : [entries.length, entries[0].offset, entries.at(-1)!.offset];
  }

  [Symbol.dispose](): void {
    this.log.close();
    this.files[Symbol.dispose]();
  }
}

Deno.test("sqliteLog: beyond maxTopics, the one that was used longest ago is forgotten, also after a restart", () => {
  using stage = new Stage({ maxTopics: 3 });
  const epochs = ["a", "b", "c"].map((topic) => stage.say(topic));
  stage.say("a");
  stage.reopen();
  stage.say("d"); // forgets b
  stage.log.read("c", 0, 1);
  stage.log.head("e"); // forgets a
  assertEquals([stage.log.topics, stage.counters.get("log.forgotten.topics")], [3, 2]);
  assertEquals(stage.log.head("c"), { epoch: epochs[2], offset: 1 });
  assertEquals(stage.log.head("b").epoch === epochs[1], false);
  assertEquals(stage.kept("b"), [0]);
});

Deno.test("sqliteLog: a smaller bound than the file has topics is kept from the start", () => {
  using stage = new Stage();
  for (let i = 0; i < 20; i++) stage.say(`room:${i}`);
  stage.log.close();
  stage.log = sqliteLog({ path: stage.files.path(), maxTopics: 5, counters: stage.counters });
  assertEquals([stage.log.topics, stage.counters.get("log.forgotten.topics")], [5, 15]);
  assertEquals([stage.kept("room:19"), stage.kept("room:14")], [[1, 1, 1], [0]]);
});

Deno.test("sqliteLog: beyond maxBytes, topics are forgotten, and the file's room is used again", () => {
  using stage = new Stage({ maxBytes: 2 * MIB });
  const text = `"${"x".repeat(100_000)}"`;
  for (let i = 0; i < 200; i++) stage.say(`room:${i}`, text);
  assertEquals(stage.log.bytes < 2.3 * MIB, true, `${stage.log.bytes} are in use`);
  assertEquals(stage.kept("room:199"), [1, 1, 1]);
  assertEquals(stage.log.topics + stage.counters.get("log.forgotten.bytes"), 200);
  stage.log.close();
  assertEquals(Deno.statSync(stage.files.path()).size < 3 * MIB, true);
});

Deno.test("sqliteLog: one topic that takes all the bytes loses its oldest publications, counted", () => {
  using stage = new Stage({ maxBytes: 2 * MIB });
  for (let i = 0; i < 60; i++) stage.say("room", new Uint8Array(100_000));
  const [count, , last] = stage.kept("room");
  assertEquals([count >= 5, count <= 24, last], [true, true, 60]);
  assertEquals(count + stage.counters.get("log.trimmed_early"), 60);
  assertEquals(stage.log.bytes < 2.3 * MIB, true);
});

Deno.test("sqliteLog: a topic whose state needs more than maxBytes is forgotten whole", () => {
  using stage = new Stage({ maxBytes: 2 * MIB });
  const limits = { ...FOREVER, folded: true };
  const epochs = new Set<string>();
  for (let i = 0; i < 60; i++) epochs.add(stage.say("room", new Uint8Array(100_000), { limits }));
  assertEquals(epochs.size, stage.counters.get("log.forgotten.bytes") + 1);
  assertEquals(epochs.size > 1, true);
  assertEquals(stage.kept("room")[1], 1);
});

Deno.test("sqliteLog: what is beyond the size is deleted some at a time, and no more than a little late", () => {
  using stage = new Stage();
  const limits = { ...FOREVER, size: 100 };
  let changes = 0;
  let before = 1;
  for (let i = 0; i < 500; i++) {
    stage.say("room", undefined, { limits });
    const [count, first] = stage.kept("room");
    assertEquals(count <= 116, true, `${count} are kept`);
    if (first !== before) changes++;
    before = first!;
  }
  assertEquals(changes, 400 / 16 | 0);
  assertEquals(stage.kept("room")[0] + stage.counters.get("log.trimmed"), 500);
});

Deno.test("sqliteLog: what is too old goes without anybody asking for its topic, also after a restart", () => {
  using stage = new Stage();
  const limits = { ...FOREVER, ttlMs: 1_000 };
  for (let i = 0; i < 20; i++) stage.say(`old:${i}`, undefined, { limits });
  stage.say("folded", undefined, { limits: { ...limits, folded: true } });
  stage.clock.step(1_100);
  stage.reopen();
  for (let i = 0; i < 15; i++) stage.say("new");
  assertEquals(stage.counters.get("log.trimmed"), 20);
  assertEquals([stage.kept("old:7"), stage.log.head("old:7").offset], [[0], 1]);
  assertEquals(stage.kept("folded"), [1, 1, 1]);
});

Deno.test("sqliteLog: whatever is done to it, it is found again as it was when it is opened again", () => {
  const topics = fc.constantFrom("a", "b", "c", "d\u0000");
  const step = fc.record({
    topic: topics,
    sizes: fc.array(fc.nat(300), { maxLength: 40 }),
    size: fc.nat(30),
    folded: fc.boolean(),
    snapshot: fc.option(fc.string({ unit: anyCodePoint }), { nil: undefined }),
    afterMs: fc.nat(500),
  });
  const property = fc.property(fc.array(step, { minLength: 1, maxLength: 20 }), (steps) => {
    using stage = new Stage({ maxTopics: 3 });
    for (const { topic, sizes, size, folded, snapshot, afterMs } of steps) {
      stage.clock.step(afterMs);
      const entries = sizes.map((length) => stage.entry(new Uint8Array(length)));
      const limits = { size, folded, ttlMs: 1_000 };
      stage.log.append([{ topic, entries, limits, ...(snapshot === undefined ? {} : { snapshot }) }]);
    }
    const kept = [...new Set(steps.slice(-3).map(({ topic }) => topic))];
    const seen = () => kept.map((topic) => [stage.log.read(topic, 0, 1_000), stage.log.snapshot(topic)]);
    const before = seen();
    stage.reopen();
    assertEquals(seen(), before);
    stage.log.close();
    using db = new DatabaseSync(stage.files.path());
    assertEquals({ ...db.prepare("PRAGMA integrity_check").get() }, { integrity_check: "ok" });
    const lost = "SELECT count(*) AS n FROM entries WHERE topic NOT IN (SELECT id FROM topics)";
    assertEquals(db.prepare(lost).get()!.n, 0);
  });
  fc.assert(property, { numRuns: 15 });
});

Deno.test("sqliteLog: options that are none are refused by name", () => {
  const options: [Partial<SqliteLogOptions>, string][] = [
    [{ maxTopics: 0 }, "at maxTopics, 0"],
    [{ maxBytes: 1_000 }, "at maxBytes, 1000 came. Accepted: a whole number, 1048576 or more"],
    [{ durability: "none" as "machine" }, "at durability, none"],
  ];
  for (const [wrong, says] of options) {
    const error = assertThrows(() => sqliteLog({ path: ":memory:", ...wrong }), TroupeError, says);
    assertEquals(error.code, "invalid_options");
  }
});
