import { assert, assertEquals, assertThrows } from "@std/assert";
import { TroupeError } from "../../mod.ts";
import { offer } from "../../src/actors/inside.ts";
import type { Ref } from "../../src/actors/mod.ts";
import { Publication } from "../../src/topics/publication.ts";
import type { Topics } from "../../src/topics/topics.ts";
import { Kit } from "../../src/testing/mod.ts";
import type { Log } from "../../src/topics/log.ts";
import { memoryLog } from "../../src/topics/memory_log.ts";
import { FakeSubscriber, topicsOf } from "./fixtures.ts";
import { SlowLog } from "./slow_log.ts";

const KEPT = { history: { size: 10, ttlMs: 60_000, folded: false }, extensions: new Map() };

/** A message that no topic understands: it crashes. */
function poison(topics: Topics, name: string): void {
  offer(topics.find(name) as Ref<unknown> as Ref<null>, null);
}

function join(topics: Topics, name: string, subscriber: FakeSubscriber): () => void {
  const ref = topics.hold(name, subscriber);
  topics.subscribe(ref, subscriber);
  return () => {
    subscriber.active = false;
    topics.unsubscribe(name, ref, subscriber);
    topics.unhold(name, ref, subscriber);
  };
}

Deno.test("A topic starts with its first member and stops when it has had none for the idle time", async () => {
  await using kit = new Kit();
  const topics = topicsOf(kit, { idleMs: 1_000 });
  const actors = kit.system.actorCount;
  assertEquals(topics.find("t"), undefined);
  const leave = join(topics, "t", new FakeSubscriber("a"));
  await kit.advance(5_000);
  assertEquals([topics.size, kit.system.actorCount], [1, actors + 1]);
  leave();
  await kit.advance(999);
  assertEquals(topics.size, 1);
  await kit.advance(1);
  assertEquals([topics.size, kit.system.actorCount, kit.clock.pending], [0, actors, 0]);
});

Deno.test("A topic that is joined again within its idle time lives on, and has one timer at the most", async () => {
  await using kit = new Kit();
  const topics = topicsOf(kit, { idleMs: 1_000 });
  const pending = kit.clock.pending;
  for (let i = 0; i < 100; i++) {
    join(topics, "t", new FakeSubscriber(`${i}`))();
    await kit.advance(900);
    assertEquals([topics.size, kit.clock.pending], [1, pending + 1]);
  }
  const member = new FakeSubscriber("last");
  join(topics, "t", member);
  await kit.advance(10_000);
  assertEquals(member.log, ["subscribed"]);
  assertEquals(kit.clock.pending, pending);
});

Deno.test("After a stop the next join starts the topic again", async () => {
  await using kit = new Kit();
  const topics = topicsOf(kit, { idleMs: 1_000 });
  join(topics, "t", new FakeSubscriber("a"))();
  await kit.advance(2_000);
  const member = new FakeSubscriber("b");
  join(topics, "t", member);
  topics.publish(new Publication("t", "said", {}));
  await kit.settle();
  assertEquals(member.log, ["subscribed", "turn of said"]);
});

Deno.test("Publishing where no topic lives is committed at once", async () => {
  await using kit = new Kit();
  const topics = topicsOf(kit);
  const origin = new FakeSubscriber("a");
  topics.publish(new Publication("t", "said", {}, origin));
  assertEquals(origin.log, ["committed"]);
});

Deno.test("Full: publishing into a full mailbox throws topic_overloaded, retryable and counted", async () => {
  await using kit = new Kit();
  const topics = topicsOf(kit, { mailboxCapacity: 2 });
  const member = new FakeSubscriber("a");
  join(topics, "t", member);
  await kit.settle();
  const publish = (event: string): void => topics.publish(new Publication("t", event, {}));
  publish("1");
  publish("2");
  const error = assertThrows(() => publish("3"), TroupeError);
  assertEquals([error.code, error.retryable], ["topic_overloaded", true]);
  assertEquals(kit.system.counters.get("topics.overloaded"), 1);
  await kit.settle();
  publish("4");
  await kit.settle();
  assertEquals(member.log, ["subscribed", "turn of 1 2", "turn of 4"]);
});

Deno.test("Full: a member whose farewell found the mailbox full is forgotten all the same", async () => {
  await using kit = new Kit();
  const topics = topicsOf(kit, { mailboxCapacity: 2, idleMs: 1_000 });
  const stays = new FakeSubscriber("stays");
  const members = ["a", "b", "c", "d", "e"].map((id) => new FakeSubscriber(id));
  const leaves = [stays, ...members].map((member) => {
    const leave = join(topics, "t", member);
    kit.turn();
    return leave;
  });
  for (const leave of leaves.slice(1)) leave();
  await kit.advance(200);
  for (const member of members) member.active = true; // who is still known would be told
  topics.publish(new Publication("t", "said", {}));
  await kit.settle();
  assertEquals(stays.log, ["subscribed", "turn of said"]);
  for (const { log } of members) assertEquals(log, ["subscribed"]);
  leaves[0]();
  await kit.advance(2_000);
  assertEquals([topics.size, kit.clock.pending], [0, 0]);
});

Deno.test("maxTopics: beyond, a join is refused and counted", async () => {
  await using kit = new Kit();
  const topics = topicsOf(kit, { maxTopics: 2 });
  join(topics, "1", new FakeSubscriber("a"));
  join(topics, "2", new FakeSubscriber("a"));
  join(topics, "2", new FakeSubscriber("b"));
  const error = assertThrows(() => topics.hold("3", new FakeSubscriber("a")), TroupeError);
  assertEquals([error.code, error.retryable], ["too_many_children", true]);
  assertEquals(kit.system.counters.get("topics.refused"), 1);
});

Deno.test("A crashed topic tells its members, answers topic_unavailable for a while, then works again", async () => {
  await using kit = new Kit();
  const topics = topicsOf(kit, { backoff: { minMs: 100, maxMs: 1_000 }, idleMs: 1_000 });
  const actors = kit.system.actorCount;
  const [member, bystander] = [new FakeSubscriber("a"), new FakeSubscriber("b")];
  join(topics, "t", member);
  join(topics, "other", bystander);
  await kit.settle();
  poison(topics, "t");
  await kit.settle();
  assertEquals(member.log, ["subscribed", "terminated"]);
  assertEquals(bystander.log, ["subscribed"]);
  assertEquals(kit.system.counters.get("topics.crashed"), 1);
  const error = assertThrows(() => topics.hold("t", member), TroupeError);
  assertEquals([error.code, error.retryable], ["topic_unavailable", true]);
  assert(error.retryAfterMs! >= 100 && error.retryAfterMs! <= 120, `${error.retryAfterMs}`);
  await kit.advance(error.retryAfterMs!);
  const again = new FakeSubscriber("a");
  const leave = join(topics, "t", again);
  topics.publish(new Publication("t", "said", {}));
  await kit.settle();
  assertEquals(again.log, ["subscribed", "turn of said"]);
  leave();
  await kit.advance(2_000);
  assertEquals(kit.system.actorCount, actors + 1, "the other one lives");
});

Deno.test("A poison topic waits longer each time, and never escalates to the root", async () => {
  await using kit = new Kit();
  const topics = topicsOf(kit, { backoff: { minMs: 100, maxMs: 1_000 } });
  const bystander = new FakeSubscriber("b");
  join(topics, "other", bystander);
  const waits: number[] = [];
  for (let i = 0; i < 50; i++) {
    join(topics, "t", new FakeSubscriber("a"));
    poison(topics, "t");
    await kit.settle();
    const { retryAfterMs } = assertThrows(() => topics.hold("t", bystander), TroupeError);
    waits.push(retryAfterMs!);
    await kit.advance(retryAfterMs!);
  }
  assert(waits[0] < 130 && waits[1] >= 200 && waits[2] >= 400, `${waits.slice(0, 4)}`);
  assert(waits.every((ms) => ms <= 1_200), `${waits}`);
  assertEquals(bystander.log, ["subscribed"]);
  assertEquals(kit.system.tree().status, "running");
  topics.publish(new Publication("other", "said", {}));
  await kit.settle();
  assertEquals(bystander.log.length, 2);
});

Deno.test("Who lets go of a topic that has crashed meanwhile harms nobody", async () => {
  await using kit = new Kit();
  const topics = topicsOf(kit, { backoff: { minMs: 0, maxMs: 0 } });
  const leave = join(topics, "t", new FakeSubscriber("a"));
  poison(topics, "t");
  await kit.settle();
  const again = new FakeSubscriber("b");
  join(topics, "t", again);
  leave();
  await kit.advance(60_000);
  assertEquals(topics.size, 1, "the lease of the one before is not the new one's");
  assertEquals(kit.system.deadLetters.count(), 0);
});

Deno.test("Idle: a topic whose log takes longer than its idle time still stores what was published in it", async () => {
  await using kit = new Kit();
  const inner = memoryLog({ clock: kit.clock });
  const found = Promise.withResolvers<void>();
  const log: Log = {
    head: (topic) => found.promise.then(() => inner.head(topic)),
    append: (batches) => inner.append(batches),
    read: (topic, after, max) => inner.read(topic, after, max),
    snapshot: (topic) => inner.snapshot(topic),
  };
  const topics = topicsOf(kit, { idleMs: 1_000, log, setupOf: () => KEPT });
  const publication = new Publication("t", "said", {});
  publication.keep(0, null);
  topics.publish(publication);
  await kit.advance(4_000);
  found.resolve();
  await kit.settle();
  assertEquals(inner.head("t").offset, 1);
  await kit.advance(2_000);
  assertEquals([topics.size, kit.clock.pending], [0, 0]);
});

Deno.test("Full: an extension that throws while the mailbox is full ends the topic all the same", async () => {
  await using kit = new Kit();
  const log = new SlowLog(memoryLog({ clock: kit.clock }));
  const extension = {
    committed(): void {
      throw new Error("bad apply");
    },
  };
  const setup = { ...KEPT, extensions: new Map([["state", () => extension]]) };
  const topics = topicsOf(kit, { mailboxCapacity: 2, log, setupOf: () => setup });
  const member = new FakeSubscriber("a");
  join(topics, "t", member);
  await kit.settle();
  const publish = (): void => {
    const publication = new Publication("t", "said", {});
    publication.keep(0, null);
    topics.publish(publication);
  };
  publish();
  await kit.settle();
  publish(), publish();
  await log.proceed();
  await kit.settle();
  assertEquals([member.log, topics.size], [["subscribed", "terminated"], 0]);
  assertEquals([kit.system.counters.get("topics.crashed"), kit.system.counters.get("scheduler.faults")], [
    1,
    0,
  ]);
});
