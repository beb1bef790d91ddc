import { assertEquals } from "@std/assert";
import { Counters } from "../../src/base/inspect.ts";
import { Scheduler } from "../../src/actors/scheduler.ts";
import { Publication } from "../../src/topics/publication.ts";
import { Topic } from "../../src/topics/topic.ts";
import { PLAIN_TOPIC } from "../../src/topics/topic_setup.ts";
import { ManualTurns, VirtualClock } from "../../src/testing/mod.ts";
import { FakeSubscriber, topicPorts } from "./fixtures.ts";

function setUp() {
  const turns = new ManualTurns();
  const scheduler = new Scheduler(new VirtualClock(), { turns });
  const counters = new Counters();
  const topic = new Topic("t", topicPorts(scheduler, counters), PLAIN_TOPIC);
  return {
    topic,
    counters,
    turn: () => turns.give(),
    drain: () => scheduler.drain(),
    publish: (event: string, origin: FakeSubscriber | null = null) =>
      topic.take({ publication: new Publication("t", event, {}, origin) }),
    subscribe: (subscriber: FakeSubscriber) => topic.take({ subscriber }),
  };
}

Deno.test("Commit: what a turn took in is fanned out at its end, in one order for everybody", () => {
  const { publish, subscribe, turn, counters } = setUp();
  const [a, b] = [new FakeSubscriber("a"), new FakeSubscriber("b")];
  subscribe(a);
  subscribe(b);
  turn();
  publish("1");
  publish("2");
  assertEquals(a.log, ["subscribed"]);
  turn();
  for (const { log } of [a, b]) assertEquals(log, ["subscribed", "turn of 1 2"]);
  assertEquals(counters.get("publications"), 2);
});

Deno.test("Commit: it waits for the turn only as long as a subscriber gains by that", () => {
  const { topic, publish, subscribe, drain, turn } = setUp();
  const [plain, joining] = [new FakeSubscriber("a"), new FakeSubscriber("b")];
  plain.gainsByWaiting = false;
  const said = (): string[] => plain.log.splice(0);
  subscribe(plain);
  publish("1");
  drain();
  assertEquals(said(), ["subscribed", "turn of 1"]);
  publish("2");
  subscribe(joining);
  drain();
  assertEquals(said(), ["turn of 2"]);
  publish("3");
  drain();
  assertEquals(said(), []);
  turn();
  assertEquals(said(), ["turn of 3"]);
  joining.active = false; // it has gone, and the topic finds out by itself
  publish("4");
  turn();
  topic.unsubscribe(joining);
  publish("5");
  drain();
  assertEquals(said(), ["turn of 4", "turn of 5"]);
  assertEquals(joining.log, ["subscribed", "turn of 3"]);
});

Deno.test("Commit: with limits.crowdSize members it waits for the turn, so that each is visited once for all that comes in it", () => {
  const { topic, publish, subscribe, drain, turn } = setUp();
  const members = ["a", "b", "c"].map((name) => new FakeSubscriber(name));
  const said = (): string[][] => members.map(({ log }) => log.splice(0));
  for (const member of members) {
    member.gainsByWaiting = false;
    subscribe(member);
  }
  drain();
  said();
  publish("1");
  publish("2");
  drain();
  assertEquals(said(), [[], [], []]);
  turn();
  assertEquals(said(), members.map(() => ["turn of 1 2"]));
  topic.unsubscribe(members[0]);
  publish("3");
  drain();
  assertEquals(said(), [[], ["turn of 3"], ["turn of 3"]]);
});

Deno.test("Join: a subscription takes effect between the publications around it", () => {
  const { publish, subscribe, turn } = setUp();
  const late = new FakeSubscriber("a");
  publish("before");
  subscribe(late);
  publish("after");
  turn();
  assertEquals(late.log, ["subscribed", "after"]);
});

Deno.test("Order: what a joiner published before its subscription is committed before it", () => {
  const { publish, subscribe, turn } = setUp();
  const joiner = new FakeSubscriber("a");
  publish("own", joiner);
  subscribe(joiner);
  publish("next", joiner);
  turn();
  assertEquals(joiner.log, ["committed", "subscribed", "next", "committed"]);
});

Deno.test("A publisher that is no subscriber is told of the commit, too", () => {
  const { publish, turn } = setUp();
  const outsider = new FakeSubscriber("a");
  publish("1", outsider);
  turn();
  assertEquals(outsider.log, ["committed"]);
});

Deno.test("A subscriber that is not active any more is skipped and forgotten; its subscription counts as committed", () => {
  const { publish, subscribe, turn } = setUp();
  const [gone, early] = [new FakeSubscriber("a"), new FakeSubscriber("b")];
  subscribe(gone);
  turn();
  gone.active = false;
  early.active = false;
  publish("1");
  subscribe(early);
  turn();
  gone.active = early.active = true; // they were forgotten: it makes no difference
  publish("2");
  turn();
  assertEquals(gone.log, ["subscribed"]);
  assertEquals(early.log, ["subscribed"]);
});

Deno.test("An unsubscribed member gets nothing more", () => {
  const { topic, publish, subscribe, turn } = setUp();
  const member = new FakeSubscriber("a");
  subscribe(member);
  turn();
  topic.unsubscribe(member);
  publish("1");
  turn();
  assertEquals(member.log, ["subscribed"]);
});
