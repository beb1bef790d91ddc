import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { LogBatch, LogEntry, LogSnapshot } from "../../src/topics/log.ts";
import { bytesOfEntries, MemoryHistory } from "../../src/topics/memory_history.ts";

/** What a history is, said in the plainest way. */
class Model {
  entries: LogEntry[] = [];
  offset = 0;
  snapshot: LogSnapshot | null = null;

  append({ entries, limits, snapshot }: LogBatch, nowMs: number): void {
    for (const entry of entries) this.entries.push({ ...entry, offset: ++this.offset });
    if (snapshot !== undefined) this.snapshot = { epoch: "e", offset: this.offset, data: snapshot };
    const needed = (entry: LogEntry) => limits.folded && entry.offset > (this.snapshot?.offset ?? 0);
    const isTrimmed = (entry: LogEntry) =>
      this.offset - entry.offset >= limits.size || entry.atMs + limits.ttlMs <= nowMs;
    while (this.entries.length > 0 && !needed(this.entries[0]) && isTrimmed(this.entries[0])) {
      this.entries.shift();
    }
  }
}

const batches = fc.array(
  fc.record({
    sizes: fc.array(fc.nat(50), { maxLength: 60 }),
    size: fc.nat(80),
    ttlMs: fc.constantFrom(50, 1_000, Infinity),
    folded: fc.boolean(),
    snapshot: fc.option(fc.string(), { nil: undefined }),
    afterMs: fc.nat(100),
  }),
  { maxLength: 30 },
);

Deno.test("MemoryHistory: keeps, trims and reads what its limits say, whatever is appended", () => {
  fc.assert(fc.property(batches, fc.nat(200), fc.nat(50), (given, after, max) => {
    const history = new MemoryHistory("room", "e");
    const empty = history.bytes;
    const model = new Model();
    let nowMs = 0;
    for (const { sizes, size, ttlMs, folded, snapshot, afterMs } of given) {
      nowMs += afterMs;
      const entries = sizes.map((length) => ({
        event: "said",
        data: "x".repeat(length),
        atMs: nowMs,
        recipients: null,
      }));
      const batch = {
        topic: "room",
        entries,
        limits: { size, ttlMs, folded },
        ...(snapshot && { snapshot }),
      };
      history.append(batch, bytesOfEntries(batch));
      history.trim(nowMs);
      model.append(batch, nowMs);
      assertEquals(history.read(0, Infinity), model.entries);
      assertEquals([history.head, history.snapshot], [{ epoch: "e", offset: model.offset }, model.snapshot]);
      const bytes = bytesOfEntries({ ...batch, entries: model.entries });
      assertEquals(history.bytes, empty + bytes + 2 * (model.snapshot?.data.length ?? 0));
    }
    assertEquals(
      history.read(after, max),
      model.entries.filter(({ offset }) => offset > after).slice(0, max),
    );
  }));
});

Deno.test("MemoryHistory: squeezed, it drops its oldest, and of a fold none that is needed", () => {
  const entry = { event: "e", data: new Uint8Array(1_000), atMs: 0, recipients: null };
  const batch = { topic: "room", entries: Array(10).fill(entry), limits: LIMITS, snapshot: "s" };
  const history = new MemoryHistory("room", "e");
  history.append(batch, bytesOfEntries(batch));
  const rest = { ...batch, entries: Array(5).fill(entry), snapshot: undefined };
  history.append(rest, bytesOfEntries(rest));
  assertEquals(history.squeeze(12_000), 5);
  assertEquals(history.squeeze(12_000), 0);
  assertEquals(history.squeeze(0), 5);
  assertEquals(history.read(0, 100).map(({ offset }) => offset), [11, 12, 13, 14, 15]);
});

const LIMITS = { size: 100, ttlMs: 1_000, folded: true };
