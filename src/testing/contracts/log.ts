/**
 * What every log of topics' histories keeps, as tests.
 *
 * @module
 */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { type Clock, systemClock } from "../../base/clock.ts";
import type { Log, LogBatch, LogEntry, LogHead, LogLimits, LogPage, NewLogEntry } from "../../topics/log.ts";

/** What {@link testLog} needs. */
export interface LogContract {
  /** Registers a test: `Deno.test`, or the like of another runner. */
  readonly test: (name: string, fn: () => Promise<void>) => void;
  /** What the tests' names begin with: the log's. */
  readonly name: string;
  /** Makes a log that holds nothing, with room for 100 topics and 16 MiB. Called once in each test. */
  open(): Log | Promise<Log>;
  /**
   * Ends the log as its process would, and opens it again where it was: for a log that outlives its process. Without
   * it, that is not tested.
   */
  reopen?(log: Log): Log | Promise<Log>;
  /** Called when a test is over, and its log closed. */
  ended?(): void | Promise<void>;
  /** Makes a log that keeps three topics. Without it, the bound is not tested. */
  openSmall?(): Log | Promise<Log>;
  /** The clock that the log goes by. Default: the machine's. */
  readonly clock?: Clock;
}

const DAY_MS = 86_400_000;
/** How many more appends of a topic a log may wait with trimming what its limits do not keep. */
const APPENDS_UNTIL_TRIMMED = 1_000;
const ALL = 1_000_000;

/** Names that are one and the same to what is careless with text. */
const ODD_TOPICS: readonly string[] = [
  "",
  " ",
  "room:1",
  "Room:1",
  "room:1 ",
  "room:%",
  "room:_",
  "room:*",
  "__proto__",
  "constructor",
  "a'; DROP TABLE entries; --",
  'a"b`c\\d',
  "room:\u0000",
  "room:\u0000x",
  "r\u00e9sum\u00e9",
  "re\u0301sume\u0301",
  "🎭".repeat(57) + "ab",
  "x".repeat(230),
  "x".repeat(231),
  "room:\ud800",
  "room:\ud801",
  "room:\ufffd",
];

/**
 * Tests that a log keeps what `Log` promises.
 *
 * @example
 * ```ts
 * import { memoryLog } from "@troupe/core";
 * import { testLog } from "@troupe/core/testing";
 *
 * const tests: (() => Promise<void>)[] = [];
 * testLog({
 *   test: (_name, fn) => void tests.push(fn), // Deno.test, in a test file
 *   name: "memoryLog",
 *   open: () => memoryLog(),
 *   openSmall: () => memoryLog({ maxTopics: 3 }),
 * });
 * for (const run of tests) await run();
 * ```
 */
export function testLog(contract: LogContract): void {
  const clock = contract.clock ?? systemClock;
  const { reopen, openSmall } = contract;

  const promiseOf = (
    open: () => Log | Promise<Log>,
    what: string,
    run: (log: Log, reopened: (log: Log) => Promise<Log>) => Promise<void>,
  ): void =>
    contract.test(`${contract.name}: ${what}`, async () => {
      let log = await open();
      try {
        await run(log, async (old) => log = await reopen!(old));
      } finally {
        await log.close?.();
        await contract.ended?.();
      }
    });
  const promise = (what: string, run: (log: Log) => Promise<void>): void =>
    promiseOf(() => contract.open(), what, run);

  const entry = (change: Partial<NewLogEntry> = {}): NewLogEntry => ({
    event: "said",
    data: '{"text":"hi"}',
    atMs: clock.now(),
    recipients: null,
    ...change,
  });
  const entries = (count: number, change: Partial<NewLogEntry> = {}): NewLogEntry[] =>
    Array.from({ length: count }, (_, i) => entry({ data: `${i}`, ...change }));
  const limits = (change: Partial<LogLimits> = {}): LogLimits => ({
    size: 100_000,
    ttlMs: DAY_MS,
    folded: false,
    ...change,
  });
  const append = async (log: Log, batch: Partial<LogBatch> = {}): Promise<LogHead> => {
    const whole = { topic: "room:1", entries: [entry()], limits: limits(), ...batch };
    return (await log.append([whole]))[0];
  };
  const offsets = async (log: Log, topic = "room:1"): Promise<number[]> =>
    offsetsOf(await log.read(topic, 0, ALL));

  promise("a topic without a history begins one when it is asked for", async (log) => {
    const head = await log.head("room:1");
    assertEquals(head.offset, 0);
    assertEquals(typeof head.epoch, "string");
    assertNotEquals(head.epoch, "");
    assertEquals(await log.head("room:1"), head);
    assertEquals(await log.read("room:1", 0, ALL), { head, entries: [] });
    assertEquals(await log.snapshot("room:1"), null);
    assertEquals(await append(log), { epoch: head.epoch, offset: 1 });
  });

  promise("what was appended is read as it was, in order, numbered from 1", async (log) => {
    const given = [
      entry(),
      entry({ event: "drawn", data: new Uint8Array([0, 1, 255]), atMs: clock.now() - 1 }),
      entry({ recipients: '{"except":[{"user":"ada"}]}' }),
    ];
    const head = await append(log, { entries: given, limits: limits({ ttlMs: Infinity }) });
    assertEquals(head.offset, 3);
    assertEquals(await log.head("room:1"), head);
    const more = entry({ data: "4", atMs: clock.now() + 0.25 });
    assertEquals(await append(log, { entries: [more] }), { epoch: head.epoch, offset: 4 });
    const page = await log.read("room:1", 0, ALL);
    assertEquals(page.head, { epoch: head.epoch, offset: 4 });
    assertEquals(plain(page.entries), plain([...given, more].map((each, i) => ({ ...each, offset: i + 1 }))));
  });

  promise("a read begins behind the offset that it is given, and has no more than it may", async (log) => {
    await append(log, { entries: entries(5) });
    const read = async (after: number, max: number) => offsetsOf(await log.read("room:1", after, max));
    assertEquals(await read(0, 2), [1, 2]);
    assertEquals(await read(2, 2), [3, 4]);
    assertEquals(await read(4, 2), [5]);
    assertEquals(await read(5, 2), []);
    assertEquals(await read(9, 2), []);
    assertEquals((await log.read("room:1", 1, 1)).head.offset, 5);
  });

  promise("one append has the batches of many topics, and gives their heads in order", async (log) => {
    const topics = Array.from({ length: 100 }, (_, i) => `room:${i}`);
    const batches = topics.map((topic, i) => ({ topic, entries: entries(i % 3 + 1), limits: limits() }));
    const heads = await log.append(batches);
    assertEquals(heads.map(({ offset }) => offset), topics.map((_, i) => i % 3 + 1));
    for (const [i, topic] of topics.entries()) assertEquals(await log.head(topic), heads[i]);
    assertEquals(await log.append([]), []);
  });

  promise("an append that fails leaves nothing behind, in none of its topics", async (log) => {
    const before = [await append(log), await log.head("room:2")];
    const bad: NewLogEntry = {
      ...entry(),
      get data(): string {
        throw new Error("this payload cannot be read");
      },
    };
    const batches = [
      { topic: "room:1", entries: entries(3), limits: limits(), snapshot: "s" },
      { topic: "room:2", entries: [entry(), bad], limits: limits() },
    ];
    const failed = await (async () => await log.append(batches))().then(() => false, () => true);
    assert(failed, "it has not told that it failed");
    assertEquals([await log.head("room:1"), await log.head("room:2")], before);
    assertEquals([await offsets(log), await offsets(log, "room:2")], [[1], []]);
    assertEquals(await log.snapshot("room:1"), null);
    assertEquals((await append(log)).offset, 2);
  });

  promise("beyond the size, the oldest go; the newest are there, without a gap", async (log) => {
    for (let i = 0; i < APPENDS_UNTIL_TRIMMED + 20; i++) {
      const { offset } = await append(log, { limits: limits({ size: 10 }) });
      if (i % 100 > 0) continue;
      const there = await offsets(log);
      assertEquals(there, numbers(there[0], offset));
      assert(there.length >= Math.min(10, offset), `${there.length} of the newest 10 are there`);
    }
    const [oldest] = await offsets(log);
    assert(oldest > 1, "nothing was ever trimmed");
  });

  promise("a batch that is larger than the size leaves its newest", async (log) => {
    await append(log, { entries: entries(30), limits: limits({ size: 10 }) });
    const page = await log.read("room:1", 20, ALL);
    assertEquals(page.entries.map(({ data }) => data), numbers(20, 29).map(String));
  });

  promise("what is too old goes, and nothing that is not", async (log) => {
    await append(log, { entries: entries(3, { atMs: clock.now() - 2 * DAY_MS }) });
    await append(log, { entries: entries(3, { atMs: clock.now() - DAY_MS / 2 }) });
    for (let i = 0; i < APPENDS_UNTIL_TRIMMED; i++) await append(log, { entries: entries(1) });
    assertEquals(await offsets(log), numbers(4, 6 + APPENDS_UNTIL_TRIMMED));
  });

  promise("a history that has nothing left goes on where it was", async (log) => {
    const head = await append(log, { entries: entries(3, { atMs: 0 }), limits: limits({ size: 0 }) });
    assertEquals(await log.head("room:1"), head);
    assertEquals(await append(log), { epoch: head.epoch, offset: 4 });
  });

  promise("a snapshot takes the place of the one before, and says where it stands", async (log) => {
    const { epoch } = await append(log, { entries: entries(2), snapshot: '{"a":1}' });
    assertEquals(await log.snapshot("room:1"), { epoch, offset: 2, data: '{"a":1}' });
    await append(log, { entries: entries(2) });
    assertEquals(await log.snapshot("room:1"), { epoch, offset: 2, data: '{"a":1}' });
    assertEquals(await append(log, { entries: [], snapshot: "é\u0000🎭" }), { epoch, offset: 4 });
    assertEquals(await log.snapshot("room:1"), { epoch, offset: 4, data: "é\u0000🎭" });
    assertEquals(await log.snapshot("room:2"), null);
    await append(log, { topic: "room:2", entries: [], snapshot: "" });
    assertEquals((await log.snapshot("room:2"))?.data, "");
  });

  promise(
    "where a state is folded, what is behind its snapshot is kept at any number and age",
    async (log) => {
      const folded = limits({ size: 5, folded: true });
      const old = (count: number) => entries(count, { atMs: clock.now() - 2 * DAY_MS });
      for (let i = 0; i < APPENDS_UNTIL_TRIMMED; i++) await append(log, { entries: old(1), limits: folded });
      assertEquals(await offsets(log), numbers(1, APPENDS_UNTIL_TRIMMED));
      await append(log, { entries: old(10), limits: folded, snapshot: "s" });
      for (let i = 1; i <= APPENDS_UNTIL_TRIMMED; i++) await append(log, { entries: old(1), limits: folded });
      const end = 2 * APPENDS_UNTIL_TRIMMED + 10;
      const since = APPENDS_UNTIL_TRIMMED + 11;
      const page = await log.read("room:1", 0, ALL);
      assertEquals(offsetsOf(page).slice(-APPENDS_UNTIL_TRIMMED), numbers(since, end));
      assert(page.entries[0].offset > APPENDS_UNTIL_TRIMMED / 2, "nothing was trimmed up to the snapshot");
    },
  );

  promise("topics with odd names are what they are, and none is another", async (log) => {
    await log.append(ODD_TOPICS.map((topic, i) => ({
      topic,
      entries: [entry({ event: topic, data: JSON.stringify(topic), recipients: `${i}` })],
      limits: limits(),
      snapshot: `${i}`,
    })));
    for (const [i, topic] of ODD_TOPICS.entries()) {
      const { entries } = await log.read(topic, 0, ALL);
      const kept = entries.map(({ event, data, recipients }) => ({ event, data, recipients }));
      assertEquals(kept, [{ event: topic, data: JSON.stringify(topic), recipients: `${i}` }]);
      assertEquals((await log.snapshot(topic))?.data, `${i}`);
    }
  });

  promise("payloads come back to the byte", async (log) => {
    const every = Uint8Array.from({ length: 256 }, (_, i) => i);
    const payloads = ['""', '"\u0000é🎭\u2028"', "", new Uint8Array(), every, every.subarray(7, 9)];
    await append(log, { entries: payloads.map((data) => entry({ data })) });
    const { entries } = await log.read("room:1", 0, ALL);
    for (const [i, data] of payloads.entries()) assertEquals(entries[i].data, data);
  });

  promise("large payloads and many at once come back whole", async (log) => {
    const text = JSON.stringify("é".repeat(1_000_000));
    const bytes = Uint8Array.from({ length: 1_048_576 }, (_, i) => i * 7);
    await append(log, { entries: [entry({ data: text }), entry({ data: bytes })], snapshot: text });
    await append(log, { entries: entries(2_000) });
    const page = await log.read("room:1", 0, ALL);
    assertEquals(offsetsOf(page), numbers(1, 2_002));
    assert(page.entries[0].data === text, "a text of 1,000,000 characters has changed");
    assertEquals(page.entries[1].data, bytes);
    assert((await log.snapshot("room:1"))?.data === text, "a snapshot of 1,000,000 characters has changed");
  });

  promise("who reads while others append sees a history as it was at one moment", async (log) => {
    const { epoch } = await append(log);
    const pages: Promise<LogPage>[] = [];
    const look = () => pages.push((async () => await log.read("room:1", 0, ALL))());
    for (let i = 0; i < 50; i++) {
      const others = append(log, { topic: `room:${i % 5 + 2}`, entries: entries(2) });
      const appended = append(log, { entries: entries(3) });
      look();
      await Promise.all([appended, others]);
      look();
    }
    for (const [i, { head, entries }] of (await Promise.all(pages)).entries()) {
      assertEquals(head.epoch, epoch);
      assertEquals(entries.map(({ offset }) => offset), numbers(1, head.offset));
      assertEquals((head.offset - 1) % 3, 0);
      assert(head.offset >= 3 * (i + i % 2) / 2 + 1, "an append that was done is not seen");
    }
  });

  if (openSmall !== undefined) {
    promiseOf(openSmall, "a topic that is forgotten is forgotten whole, and begins again", async (log) => {
      const { epoch } = await append(log, { entries: entries(3), snapshot: "s" });
      for (let i = 0; i < APPENDS_UNTIL_TRIMMED; i++) await append(log, { topic: `other:${i}` });
      assertEquals(await log.snapshot("room:1"), null);
      const page = await log.read("room:1", 0, ALL);
      assertEquals([page.entries, page.head.offset], [[], 0]);
      assertNotEquals(page.head.epoch, epoch);
    });
    promiseOf(openSmall, "a topic that is held is not forgotten as long as others can be", async (log) => {
      if (log.hold === undefined) return; // it need not be told
      for (let i = 0; i < 2; i++) log.hold("room:1");
      log.release!("room:1");
      const head = await append(log, { entries: entries(3) });
      for (let i = 0; i < APPENDS_UNTIL_TRIMMED; i++) await append(log, { topic: `other:${i}` });
      assertEquals([await log.head("room:1"), await offsets(log)], [head, [1, 2, 3]]);
      log.release!("room:1");
      for (let i = 0; i < APPENDS_UNTIL_TRIMMED; i++) await append(log, { topic: `other:${i}` });
      assertNotEquals((await log.head("room:1")).epoch, head.epoch);
    });
  }

  if (reopen !== undefined) {
    promiseOf(
      () => contract.open(),
      "what was appended is there when it is opened again",
      async (log, again) => {
        const head = await append(log, { entries: entries(5), snapshot: "s" });
        const other = await log.head("room:2");
        const opened = await again(log);
        assertEquals([await opened.head("room:1"), await opened.head("room:2")], [head, other]);
        assertEquals(await offsets(opened), [1, 2, 3, 4, 5]);
        assertEquals(await opened.snapshot("room:1"), { ...head, data: "s" });
        assertEquals(await append(opened), { epoch: head.epoch, offset: 6 });
      },
    );
  }
}

function offsetsOf({ entries }: LogPage): number[] {
  return entries.map(({ offset }) => offset);
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** Entries as a test compares them: what a log keeps beside them is its own. */
function plain(entries: readonly LogEntry[]): LogEntry[] {
  return entries.map(({ event, data, atMs, recipients, offset }) => ({
    event,
    data,
    atMs,
    recipients,
    offset,
  }));
}
