import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { Counters } from "../../src/base/inspect.ts";
import { silentLogger } from "../../src/base/log.ts";
import type { TopicPattern } from "../../src/contract/pattern.ts";
import { phoenixV21 } from "../../src/protocol/phoenix_v2_1.ts";
import { PatternTopic } from "../../src/topics/pattern_topic.ts";
import { NO_PATTERNS, Patterns } from "../../src/topics/patterns.ts";
import { Publication } from "../../src/topics/publication.ts";
import { anyPattern, anyTopic } from "../contract/patterns.ts";
import { countingCodec, FakePatternSubscriber } from "./fixtures.ts";

function stage(logger = silentLogger) {
  const counters = new Counters();
  const patterns = new Patterns({ counters, logger });
  const topic = (name: string): PatternTopic => new PatternTopic(name, patterns, { counters, logger });
  const publish = (name: string, event: string, payload: unknown = {}, route = NO_PATTERNS) =>
    patterns.deliver(name, [new Publication(name, event, payload)], route);
  return { counters, patterns, topic, publish };
}

Deno.test("a pattern is found from its first member to its last", () => {
  const { patterns, topic, publish } = stage();
  const room = topic("room:*");
  assertEquals(patterns.size, 0);
  const [ada, eve] = [new FakePatternSubscriber("ada"), new FakePatternSubscriber("eve")];
  for (const each of [ada, eve]) room.subscribe(each);
  assertEquals(patterns.size, 1);
  publish("room:1", "said");
  room.unsubscribe(ada);
  publish("room:2", "said");
  room.unsubscribe(eve);
  room.unsubscribe(eve);
  assertEquals(patterns.size, 0);
  publish("room:3", "said");
  assertEquals(ada.got, [["room:1", "said", {}]]);
  assertEquals(eve.got, [["room:1", "said", {}], ["room:2", "said", {}]]);
});

Deno.test("a route holds until what is joined changes; topics that no pattern covers share one", () => {
  const { topic, publish } = stage();
  const ada = new FakePatternSubscriber("ada");
  topic("room:*").subscribe(ada);
  const route = publish("room:1", "said");
  assertEquals(route.patterns.map(({ name }) => name), ["room:*"]);
  assertStrictEquals(publish("room:1", "said", {}, route), route);
  const nowhere = publish("other", "said");
  assertStrictEquals(publish("another", "said"), nowhere);
  topic("room:{id}").subscribe(new FakePatternSubscriber("eve"));
  const next = publish("room:1", "said", {}, route);
  assertEquals(next.patterns.map(({ name }) => name).sort(), ["room:*", "room:{id}"]);
  assert(next.version > route.version);
});

Deno.test("where nothing is joined, a topic keeps the route that it has begun with", () => {
  const { publish } = stage();
  assertStrictEquals(publish("room:1", "said"), NO_PATTERNS);
});

Deno.test("a publication is encoded once for each codec, and a turn is shared, however many are in the pattern", () => {
  const { counters, patterns, topic } = stage();
  const [first, second] = [countingCodec("first"), countingCodec("second", phoenixV21)];
  const room = topic("room:*");
  const members = Array.from(
    { length: 100 },
    (_, i) => new FakePatternSubscriber(`${i}`, i % 2 === 0 ? first : second),
  );
  for (const member of members) room.subscribe(member);
  const publications = [1, 2, 3].map((n) => new Publication("room:1", "said", { n }));
  patterns.deliver("room:1", publications, NO_PATTERNS);
  assertEquals([first.count, second.count], [3, 3]);
  assertStrictEquals(members[0].turns[0], members[98].turns[0]);
  assertStrictEquals(members[1].turns[0], members[99].turns[0]);
  assertEquals(members.every(({ asked }) => asked.length === 1), true);
  assertEquals(counters.get("patterns.matched"), 3);
});

Deno.test("the payload is encoded once for all patterns", () => {
  const { patterns, topic } = stage();
  for (const name of ["room:*", "room:{id}", "*"]) topic(name).subscribe(new FakePatternSubscriber(name));
  let count = 0;
  const payload = { toJSON: () => ++count };
  patterns.deliver("room:1", [new Publication("room:1", "said", payload)], NO_PATTERNS);
  assertEquals(count, 1);
});

Deno.test("what no pattern can carry is left out, counted and logged; the others of its turn arrive", () => {
  const lines: string[] = [];
  const { counters, patterns, topic } = stage({ log: (_level, message) => void lines.push(message) });
  const ada = new FakePatternSubscriber("ada");
  topic("room:*").subscribe(ada);
  const publications = [1n, 2].map((n) => new Publication("room:1", "said", { n }));
  patterns.deliver("room:1", publications, NO_PATTERNS);
  assertEquals(ada.got, [["room:1", "said", { n: 2 }]]);
  assertEquals(counters.get("publications.unencodable"), 1);
  assertEquals(lines, ["publication skipped: no pattern can carry it"]);
});

Deno.test("who is not active any more is forgotten, though its farewell never came", () => {
  const { patterns, topic, publish } = stage();
  const ada = new FakePatternSubscriber("ada");
  topic("room:*").subscribe(ada);
  ada.active = false;
  publish("room:1", "said");
  assertEquals([ada.got, ada.asked, patterns.size], [[], [], 0]);
});

Deno.test("who ends while it is taken in is no member", () => {
  const { patterns, topic } = stage();
  const ada = new FakePatternSubscriber("ada");
  ada.active = false;
  topic("room:*").subscribe(ada);
  assertEquals([ada.log, patterns.size], [["subscribed"], 0]);
});

Deno.test("a pattern whose actor ends is not found any more", () => {
  const { patterns, topic } = stage();
  const room = topic("room:*");
  room.subscribe(new FakePatternSubscriber("ada"));
  room.stopped();
  room.stopped();
  assertEquals(patterns.size, 0);
});

const anyStep = fc.oneof(
  fc.record({ kind: fc.constant("join" as const), pattern: anyPattern, who: fc.nat({ max: 3 }) }),
  fc.record({ kind: fc.constant("leave" as const), pattern: anyPattern, who: fc.nat({ max: 3 }) }),
  fc.record({ kind: fc.constant("publish" as const), topic: anyTopic }),
);

Deno.test("after any joins and leaves, each member gets exactly what its pattern covers, in order, with routes kept", () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 80 }), (steps) => {
      const { topic, publish } = stage();
      const topics = new Map<string, PatternTopic>();
      const members = new Map<
        string,
        { pattern: TopicPattern; member: FakePatternSubscriber; expected: unknown[] }
      >();
      const all: { member: FakePatternSubscriber; expected: unknown[] }[] = [];
      const routes = new Map<string, ReturnType<typeof publish>>();
      let n = 0;
      for (const step of steps) {
        if (step.kind === "publish") {
          const route = publish(step.topic, "said", ++n, routes.get(step.topic) ?? NO_PATTERNS);
          routes.set(step.topic, route);
          for (const { pattern, expected } of members.values()) {
            if (pattern.match(step.topic) !== null) expected.push([step.topic, "said", n]);
          }
          continue;
        }
        const { source } = step.pattern;
        const key = `${step.who} ${source}`;
        const held = members.get(key);
        if (!topics.has(source)) topics.set(source, topic(source));
        if (step.kind === "join" && held === undefined) {
          const entry = { pattern: step.pattern, member: new FakePatternSubscriber(key), expected: [] };
          topics.get(source)!.subscribe(entry.member);
          members.set(key, entry);
          all.push(entry);
        } else if (step.kind === "leave" && held !== undefined) {
          topics.get(source)!.unsubscribe(held.member);
          members.delete(key);
        }
      }
      for (const { member, expected } of all) assertEquals(member.got, expected);
    }),
    { numRuns: 300 },
  );
});
