import { assert, assertEquals } from "@std/assert";
import { phoenixV1 } from "../../src/protocol/phoenix_v1.ts";
import { phoenixV2 } from "../../src/protocol/phoenix_v2.ts";
import { Fanout } from "../../src/topics/fanout.ts";
import { Publication } from "../../src/topics/publication.ts";
import type { Published, TopicTurn } from "../../src/topics/topic_turn.ts";
import { FakeSubscriber } from "./fixtures.ts";

Deno.test("A turn says what each of its frames carries, also where a codec could not carry all", () => {
  const publications = ["a", "b", "c"].map((event) =>
    new Publication("t", event, event === "b" ? new Uint8Array([1]) : event)
  );
  const fanout = new Fanout(publications, () => {});
  const [modern, old] = [new FakeSubscriber("1", phoenixV2), new FakeSubscriber("2", phoenixV1)];
  fanout.deliver(modern);
  fanout.deliver(old);
  const carried = ({ turns: [turn] }: FakeSubscriber): readonly Published[] => (turn as TopicTurn).published;
  assert(carried(modern) === publications, "no list is made where none is needed");
  assertEquals(carried(old).map(({ event }) => event), ["a", "c"]);
});

Deno.test("Who gets publications one by one is told what each frame carries", () => {
  const told: unknown[] = [];
  class Told extends FakeSubscriber {
    override interleaves = true;
    override write(...args: Parameters<FakeSubscriber["write"]>): void {
      super.write(...args);
      told.push(args.at(1));
    }
  }
  const publications = ["a", "b"].map((event) => new Publication("t", event, {}));
  new Fanout(publications, () => {}).deliver(new Told("1"));
  assertEquals(told, publications);
});
