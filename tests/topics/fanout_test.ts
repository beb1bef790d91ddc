import { assert, assertEquals } from "@std/assert";
import { phoenixV1 } from "../../src/protocol/phoenix_v1.ts";
import { Fanout } from "../../src/topics/fanout.ts";
import { Publication } from "../../src/topics/publication.ts";
import type { Subscriber } from "../../src/topics/subscriber.ts";
import { countingCodec, FakeSubscriber } from "./fixtures.ts";

const publication = (
  event: string,
  origin: FakeSubscriber | null = null,
  filter: ((subscriber: Subscriber) => boolean) | null = null,
): Publication => new Publication("t", event, {}, origin, filter);

const fail = (): void => {
  throw new Error("unencodable");
};

Deno.test("Publications are encoded once per codec, and the turn is put together once, whoever comes in which order", () => {
  const [v2, v21] = [countingCodec("v2"), countingCodec("v21")];
  const fanout = new Fanout([publication("a"), publication("b")], fail);
  const subscribers = [v2, v21, v2, v21, v21, v2].map((codec, i) => new FakeSubscriber(`${i}`, codec));
  for (const subscriber of subscribers) fanout.deliver(subscriber);
  assertEquals([v2.count, v21.count], [2, 2]);
  for (const { log } of subscribers) assertEquals(log, ["turn of a b"]);
  assert(subscribers[0].turns[0] === subscribers[2].turns[0]);
  assert(subscribers[1].turns[0] === subscribers[4].turns[0]);
});

Deno.test("A subscriber that has something to put in between gets the frames one by one, and its commits between", () => {
  const self = new FakeSubscriber("a");
  self.interleaves = true;
  new Fanout([publication("a", self), publication("b"), publication("c", self)], fail).deliver(self);
  assertEquals(self.log, ["a", "committed", "b", "c", "committed"]);
});

Deno.test("A subscriber that one publication is not for gets the others one by one", () => {
  const [ada, bob] = [new FakeSubscriber("ada"), new FakeSubscriber("bob")];
  const fanout = new Fanout([publication("a"), publication("b", null, (each) => each !== ada)], fail);
  fanout.deliver(ada);
  fanout.deliver(bob);
  assertEquals(ada.log, ["a"]);
  assertEquals(bob.log, ["turn of a b"]);
});

Deno.test("Who subscribed during the turn gets what was published from then on", () => {
  const late = new FakeSubscriber("a");
  new Fanout([publication("a"), publication("b"), publication("c")], fail).deliver(late, 1);
  assertEquals(late.log, ["b", "c"]);
});

Deno.test("A subscriber that ends within gets nothing more", () => {
  const self = new FakeSubscriber("a");
  self.interleaves = true;
  self.onWrite = () => self.active = false;
  new Fanout([publication("a"), publication("b")], fail).deliver(self);
  assertEquals(self.log, ["a"]);
});

Deno.test("A publication that a codec cannot carry is skipped for that codec alone, and told once", () => {
  const told: string[] = [];
  const bytes = new Publication("t", "drawn", new Uint8Array([1]));
  const fanout = new Fanout(
    [publication("a"), bytes, publication("b")],
    ({ event }, { name }) => void told.push(`${event} ${name}`),
  );
  const old = [new FakeSubscriber("1", phoenixV1), new FakeSubscriber("2", phoenixV1)];
  const modern = new FakeSubscriber("3", countingCodec("v2"));
  for (const each of [old[0], modern, old[1]]) fanout.deliver(each);
  assertEquals(old.map(({ turns }) => turns[0].frames.length), [2, 2]);
  assertEquals(modern.turns[0].frames.length, 3);
  assertEquals(told, ["drawn phoenix/1.0.0"]);
});

Deno.test("Where nothing is left for a subscriber, nothing is written", () => {
  const old = new FakeSubscriber("1", phoenixV1);
  new Fanout([new Publication("t", "drawn", new Uint8Array([1]))], () => {}).deliver(old);
  assertEquals(old.log, []);
});
