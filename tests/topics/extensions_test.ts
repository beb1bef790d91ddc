import { assertEquals } from "@std/assert";
import { Counters } from "../../src/base/inspect.ts";
import { Scheduler } from "../../src/actors/scheduler.ts";
import type { ExtendedTopic, ExtensionMember, TopicExtension } from "../../src/topics/extension.ts";
import { memoryLog } from "../../src/topics/memory_log.ts";
import { Publication } from "../../src/topics/publication.ts";
import { Topic } from "../../src/topics/topic.ts";
import { ManualTurns, seededRandom, VirtualClock } from "../../src/testing/mod.ts";
import { FakeSubscriber, topicPorts } from "./fixtures.ts";
import { SlowLog } from "./slow_log.ts";

/** A topic with one extension, which notes what it is told. */
function setUp({ history = false } = {}) {
  const turns = new ManualTurns();
  const scheduler = new Scheduler(new VirtualClock(), { turns });
  const log = new SlowLog(memoryLog({ random: seededRandom(1) }));
  const calls: string[] = [];
  const made: { topic: ExtendedTopic | null } = { topic: null };
  const idOf = ({ connectionId }: ExtensionMember): string => connectionId;
  const extension: TopicExtension = {
    committing: () => void calls.push("committing"),
    joined: (member) => void calls.push(`joined ${idOf(member)}`),
    left: (member) => void calls.push(`left ${idOf(member)}`),
  };
  const setup = {
    history: history ? { size: 10, ttlMs: 60_000, folded: false } : null,
    extensions: new Map([["noting", (topic: ExtendedTopic) => {
      made.topic = topic;
      return extension;
    }]]),
  };
  const host = { after: () => ({ cancel() {} }), every: () => ({ cancel() {} }), self: null };
  const topic = new Topic("t", topicPorts(scheduler, new Counters(), log), setup, host as never);
  void topic.start();
  return {
    topic,
    log,
    extended: made.topic!,
    turn: () => turns.give(),
    drain: () => scheduler.drain(),
    take: () => calls.splice(0),
    publish(): void {
      const publication = new Publication("t", "said", {});
      if (history) publication.keep(0, null);
      topic.take({ publication });
    },
  };
}

Deno.test("An extension is told who joins and who leaves, also of one that has not become a member", () => {
  const { topic, take, turn } = setUp();
  const [ada, bob] = [new FakeSubscriber("ada"), new FakeSubscriber("bob")];
  topic.take({ subscriber: ada });
  turn();
  assertEquals(take(), ["committing", "joined ada"]);
  topic.unsubscribe(bob);
  topic.unsubscribe(ada);
  assertEquals(take(), ["left bob", "left ada"]);
});

Deno.test("An extension is told of a member that the topic finds gone by itself", () => {
  const { topic, take, turn, publish } = setUp();
  const ada = new FakeSubscriber("ada");
  topic.take({ subscriber: ada });
  turn();
  ada.active = false;
  publish();
  turn();
  assertEquals(take(), ["committing", "joined ada", "committing", "left ada"]);
});

Deno.test("An extension that asks for a commit gets it at the end of the turn, whoever gains by waiting", () => {
  const { extended, take, turn, drain, publish } = setUp();
  extended.touch();
  drain();
  assertEquals(take(), []);
  turn();
  assertEquals(take(), ["committing"]);
  publish(); // that alone does not wait
  drain();
  assertEquals(take(), ["committing"]);
});

Deno.test("An extension that asks for a commit while another is being stored gets it afterwards", async () => {
  const { extended, take, turn, log, publish } = setUp({ history: true });
  publish();
  turn();
  assertEquals(take(), ["committing"]);
  extended.touch();
  turn();
  assertEquals(take(), []);
  await log.proceed();
  turn();
  assertEquals(take(), ["committing"]);
});
