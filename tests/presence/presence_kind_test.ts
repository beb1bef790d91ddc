import { assertEquals, assertStrictEquals } from "@std/assert";
import { Counters } from "../../src/base/inspect.ts";
import { silentLogger } from "../../src/base/log.ts";
import { PresenceKind } from "../../src/presence/presence_kind.ts";
import type { ExtendedTopic } from "../../src/topics/extension.ts";
import { seededRandom, VirtualClock } from "../../src/testing/mod.ts";

function topicOf(name: string, counters: Counters): ExtendedTopic {
  return {
    name,
    clock: new VirtualClock(),
    random: seededRandom(1),
    counters,
    logger: silentLogger,
    memberCount: 0,
    past: null,
    publish() {},
    touch() {},
    after: () => () => {},
    every: () => () => {},
  };
}

Deno.test("PresenceKind knows the presence of each topic that lives, in each life of an app", () => {
  const kind = new PresenceKind("room:{id}", { maxKeys: 7 }, null);
  const [one, other] = [new Counters(), new Counters()];
  const [first, second] = [kind.start(topicOf("room:1", one)), kind.start(topicOf("room:1", other))];
  assertStrictEquals<unknown>(kind.in("room:1", one), first);
  assertStrictEquals<unknown>(kind.in("room:1", other), second);
  assertEquals(kind.in("room:2", one), undefined);
  assertEquals(kind.rules.maxKeys, 7);
  const next = kind.start(topicOf("room:1", one)); // the topic has started again
  first.stopped!();
  assertStrictEquals<unknown>(kind.in("room:1", one), next);
  next.stopped!();
  assertEquals(kind.in("room:1", one), undefined);
  assertStrictEquals<unknown>(kind.in("room:1", other), second);
});
