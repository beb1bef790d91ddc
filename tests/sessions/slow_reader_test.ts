import { assertEquals } from "@std/assert";
import { Counters } from "../../src/base/inspect.ts";
import type { Logger } from "../../src/base/log.ts";
import { Frame } from "../../src/protocol/frame.ts";
import {
  closeSlow,
  dropOldest,
  keepAll,
  latest,
  sample,
  type SlowPolicy,
} from "../../src/sessions/slow_policy.ts";
import { Droppable } from "../../src/sessions/droppable.ts";
import { SlowReader } from "../../src/sessions/slow_reader.ts";
import { VirtualClock } from "../../src/testing/virtual_clock.ts";

function setUp(policy: SlowPolicy) {
  const counters = new Counters();
  const logged: unknown[] = [];
  const logger: Logger = { log: (_level, message) => void logged.push(message) };
  const ports = { clock: new VirtualClock(), counters, logger };
  const reader = new SlowReader(policy, ports, (missed) => new Frame(JSON.stringify(missed)));
  const publication = (offset: number): Droppable =>
    new Droppable(
      new Frame(`${offset}`),
      { event: "e", payload: {}, position: { epoch: "x", offset } },
      reader,
    );
  const noticeBefore = (next: Droppable): unknown => {
    const notice = reader.noticeBefore(next);
    return notice === null ? null : JSON.parse(notice.data as string);
  };
  return { counters, logged, reader, publication, noticeBefore };
}

Deno.test("What its policy is like is told before anything waits", () => {
  const all = [keepAll(), dropOldest({ max: 1 }), latest(), sample({ everyMs: 1 }), closeSlow()];
  const readers = all.map((policy) => setUp(policy).reader);
  assertEquals(readers.map(({ closes }) => closes), [false, false, false, false, true]);
  assertEquals(readers.map(({ yields }) => yields), [false, true, false, true, false]);
});

Deno.test("What was left out is told ahead of what comes behind it, with its ends, in whatever order it went", () => {
  const { reader, publication, noticeBefore, counters } = setUp(latest());
  const [first, second, third, fourth] = [1, 2, 3, 4].map(publication);
  for (const each of [first, second, third, fourth]) reader.admit(each);
  reader.drop(third);
  reader.drop(second);
  assertEquals(noticeBefore(first), null);
  assertEquals(noticeBefore(fourth), { count: 2, from: 2, to: 3 });
  assertEquals(noticeBefore(fourth), { count: 2, from: 2, to: 3 }); // it may not have left
  reader.noticed();
  assertEquals(noticeBefore(fourth), null);
  assertEquals([counters.get("slow.dropped"), counters.get("slow.dropped.latest")], [2, 2]);
});

Deno.test("What is left out keeps neither its frame nor its payload; what waits keeps no payload", () => {
  const { reader, publication } = setUp(dropOldest({ max: 1 }));
  const [waits, goes] = [publication(1), publication(2)];
  reader.admit(waits);
  reader.admit(goes);
  reader.drop(goes);
  assertEquals([waits.published, goes.published, goes.frame], [null, null, null]);
});

Deno.test("A key that fails is logged once, and counted each time", () => {
  const fails = (): string => {
    throw new Error("boom");
  };
  for (const key of [fails, () => null as unknown as string]) {
    const { reader, publication, counters, logged } = setUp(latest({ key }));
    for (const n of [1, 2, 3]) assertEquals(reader.admit(publication(n)), null);
    assertEquals([counters.get("slow.key_failures"), logged.length], [3, 1]);
  }
});

Deno.test("When the connection has ended, nothing waits and nothing is to be told", () => {
  const { reader, publication, noticeBefore } = setUp(dropOldest({ max: 1 }));
  reader.admit(publication(1));
  reader.drop(publication(0));
  reader.clear();
  assertEquals([reader.admit(publication(2)), noticeBefore(publication(3))], [null, null]);
});
