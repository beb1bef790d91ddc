import { assertEquals } from "@std/assert";
import { sqliteLog } from "../../src/stores/sqlite.ts";
import { testLog } from "../../src/testing/contracts/log.ts";
import type { Log, LogBatch, LogEntry, LogHead, LogPage, LogSnapshot } from "../../src/topics/log.ts";
import { type MemoryLog, memoryLog } from "../../src/topics/memory_log.ts";

testLog({
  test: Deno.test,
  name: "memoryLog",
  open: () => memoryLog(),
  openSmall: () => memoryLog({ maxTopics: 3 }),
});

let folder = "";
let files = 0;
const onDisk = (maxTopics = 10_000) => sqliteLog({ path: `${folder}/${files++}.db`, maxTopics });
Deno.test.beforeAll(() => {
  folder = Deno.makeTempDirSync({ prefix: "troupe_log_" });
});
Deno.test.afterAll(() => Deno.removeSync(folder, { recursive: true }));

testLog({
  test: Deno.test,
  name: "sqliteLog",
  open: () => onDisk(),
  openSmall: () => onDisk(3),
  reopen(log) {
    log.close!();
    return sqliteLog({ path: `${folder}/${files - 1}.db` });
  },
});

const FAULTS = {
  "forgets the recipients": "what was appended is read as it was",
  "numbers from 0": "what was appended is read as it was",
  "reads from the offset on": "a read begins behind the offset",
  "reads without a bound": "a read begins behind the offset",
  "stores what it can of an append that fails": "an append that fails leaves nothing behind",
  "does not tell that it failed": "an append that fails leaves nothing behind",
  "gives heads in another order": "one append has the batches of many topics",
  "trims one too many": "beyond the size, the oldest go",
  "never trims": "beyond the size, the oldest go",
  "trims from the newest": "a batch that is larger than the size",
  "trims young ones": "what is too old goes, and nothing that is not",
  "keeps old ones": "what is too old goes, and nothing that is not",
  "begins again where nothing is left": "a history that has nothing left goes on",
  "keeps the first snapshot": "a snapshot takes the place of the one before",
  "places a snapshot before its batch": "a snapshot takes the place of the one before",
  "trims what a fold needs": "where a state is folded",
  "takes names in lower case": "topics with odd names",
  "takes names as UTF-8": "topics with odd names",
  "reads bytes as text": "payloads come back to the byte",
  "cuts at 64 KiB": "large payloads and many at once",
  "gives no more than a thousand": "large payloads and many at once",
  "reads the head and the entries apart": "who reads while others append",
  "acknowledges before it has stored": "who reads while others append",
  "keeps the epoch of what it forgot": "a topic that is forgotten is forgotten whole",
  "keeps the snapshot of what it forgot": "a topic that is forgotten is forgotten whole",
  "has a new epoch in each process": "what was appended is there when it is opened again",
} as const;
type Fault = keyof typeof FAULTS;

/** A log that breaks its promises in one way, to test the tests themselves. */
class FaultyLog implements Log {
  readonly #fault: Fault | "";
  readonly #inner: MemoryLog;
  readonly #first = new Map<string, LogSnapshot>();
  readonly #epochs = new Map<string, string>();

  constructor(fault: Fault | "", maxTopics = 10_000) {
    this.#fault = fault;
    this.#inner = memoryLog({ maxTopics });
  }

  head(topic: string): LogHead {
    const head = this.#inner.head(this.#name(topic));
    if (this.#fault === "begins again where nothing is left" && head.offset > 0) {
      if (this.#inner.read(topic, 0, 1).entries.length === 0) return { epoch: "again", offset: 0 };
    }
    return head;
  }

  append(batches: readonly LogBatch[]): readonly LogHead[] | Promise<readonly LogHead[]> {
    if (this.#fault === "acknowledges before it has stored") {
      const heads = batches.map(({ topic, entries }) => {
        const { epoch, offset } = this.#inner.head(topic);
        return { epoch, offset: offset + entries.length };
      });
      setTimeout(() => {
        try {
          this.#inner.append(batches);
        } catch {
          // It has been acknowledged.
        }
      }, 0);
      return heads;
    }
    const before = batches.map(({ topic }) => this.#inner.head(this.#name(topic)).offset);
    const kept = batches.map((batch) => this.#changed(batch));
    let heads: readonly LogHead[];
    try {
      heads = this.#inner.append(kept);
    } catch (error) {
      if (this.#fault === "stores what it can of an append that fails") this.#inner.append(kept.slice(0, 1));
      if (this.#fault === "does not tell that it failed") return batches.map(({ topic }) => this.head(topic));
      throw error;
    }
    for (const [i, { topic, snapshot }] of batches.entries()) {
      if (!this.#epochs.has(topic)) this.#epochs.set(topic, heads[i].epoch);
      if (snapshot === undefined || this.#first.has(topic)) continue;
      const offset = this.#fault === "places a snapshot before its batch" ? before[i] : heads[i].offset;
      this.#first.set(topic, { epoch: heads[i].epoch, offset, data: snapshot });
    }
    return this.#fault === "gives heads in another order" ? heads.toReversed() : heads;
  }

  read(topic: string, after: number, max: number): LogPage | Promise<LogPage> {
    const fault = this.#fault;
    const from = fault === "reads from the offset on" ? Math.max(after - 1, 0) : after;
    const most = fault === "reads without a bound"
      ? Infinity
      : fault === "gives no more than a thousand"
      ? 1_000
      : max;
    const page = this.#inner.read(this.#name(topic), from, most);
    if (fault === "reads the head and the entries apart") {
      return Promise.resolve().then(() => Promise.resolve()).then(() => ({
        head: page.head,
        entries: this.#inner.read(topic, from, most).entries,
      }));
    }
    const first = this.#epochs.get(topic);
    const epoch = fault === "keeps the epoch of what it forgot" && first || page.head.epoch;
    return {
      head: { epoch, offset: page.head.offset },
      entries: page.entries.map((each) => this.#read(each)),
    };
  }

  snapshot(topic: string): LogSnapshot | null {
    const { epoch } = this.#inner.head(topic);
    const first = this.#first.get(topic) ?? null;
    if (this.#fault === "keeps the snapshot of what it forgot") return first;
    const last = this.#inner.snapshot(this.#name(topic));
    const firstInstead = ["keeps the first snapshot", "places a snapshot before its batch"];
    return firstInstead.includes(this.#fault) && first?.epoch === epoch ? first : last;
  }

  /** What comes of it in another process. */
  reopened(): FaultyLog {
    return this.#fault === "has a new epoch in each process" ? new FaultyLog("") : this;
  }

  #name(topic: string): string {
    if (this.#fault === "takes names in lower case") return topic.toLowerCase();
    return this.#fault === "takes names as UTF-8" ? topic.toWellFormed() : topic;
  }

  #changed(batch: LogBatch): LogBatch {
    const { entries, limits } = batch;
    const changed = (change: Partial<LogBatch>): LogBatch => ({ ...batch, ...change });
    switch (this.#fault) {
      case "takes names in lower case":
      case "takes names as UTF-8":
        return changed({ topic: this.#name(batch.topic) });
      case "trims one too many":
        return changed({ limits: { ...limits, size: Math.max(limits.size - 1, 0) } });
      case "never trims":
        return changed({ limits: { ...limits, size: 1e6 } });
      case "trims from the newest":
        return changed({
          entries: entries.map((each, i) => ({ ...each, data: entries[entries.length - 1 - i].data })),
        });
      case "trims young ones":
        return changed({ limits: { ...limits, ttlMs: limits.ttlMs / 10 } });
      case "keeps old ones":
        return changed({ limits: { ...limits, ttlMs: limits.ttlMs * 10 } });
      case "trims what a fold needs":
        return changed({ limits: { ...limits, folded: false } });
      default:
        return batch;
    }
  }

  #read(entry: LogEntry): LogEntry {
    const { data, offset } = entry;
    switch (this.#fault) {
      case "forgets the recipients":
        return { ...entry, recipients: null };
      case "numbers from 0":
        return { ...entry, offset: offset - 1 };
      case "reads bytes as text":
        return typeof data === "string" ? entry : { ...entry, data: new TextDecoder().decode(data) };
      case "cuts at 64 KiB":
        return { ...entry, data: data.slice(0, 65_536) };
      default:
        return entry;
    }
  }
}

/** The names of the tests that a log with this fault fails, of those whose names have `part`. */
async function failedBy(fault: Fault | "", part: string): Promise<string[]> {
  const failed: string[] = [];
  const runs: (() => Promise<void>)[] = [];
  testLog({
    test(name, fn) {
      if (name.includes(part)) runs.push(() => fn().catch(() => void failed.push(name)));
    },
    name: "broken",
    open: () => new FaultyLog(fault),
    openSmall: () => new FaultyLog(fault, 3),
    reopen: (log) => (log as FaultyLog).reopened(),
  });
  for (const run of runs) await run();
  return failed;
}

Deno.test("testLog: a log that breaks a promise fails the test of that promise", async () => {
  assertEquals(await failedBy("", ""), []);
  for (const [fault, test] of Object.entries(FAULTS)) {
    assertEquals((await failedBy(fault as Fault, test)).length, 1, fault);
  }
});
