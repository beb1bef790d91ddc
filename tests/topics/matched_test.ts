import { assertEquals, assertThrows } from "@std/assert";
import { TroupeError } from "../../src/base/errors.ts";
import { isMatched, MATCHED_EVENT, matchedPayload, matchedPublication } from "../../src/topics/matched.ts";
import { Publication } from "../../src/topics/publication.ts";
import { FakeSubscriber } from "./fixtures.ts";

function textOf(event: string, payload: unknown): string {
  return matchedPayload(new Publication('room:"1"', event, payload)).text;
}

Deno.test("members of patterns get the topic's name, the event and the payload", () => {
  assertEquals(textOf("said", { n: 1 }), '{"topic":"room:\\"1\\"","event":"said","payload":{"n":1}}');
  assertEquals(JSON.parse(textOf('sa"id', null)).event, 'sa"id');
  assertEquals(JSON.parse(textOf("said", undefined)).payload, {});
});

Deno.test("bytes are an object that holds them in base64", () => {
  for (
    const bytes of [
      new Uint8Array([1, 2]),
      new Uint8Array([1, 2]).buffer,
      new DataView(new Uint8Array([1, 2]).buffer),
    ]
  ) {
    assertEquals(JSON.parse(textOf("image", bytes)).payload, { "troupe:bytes": "AQI=" });
  }
});

Deno.test("where the publication is kept, its offset goes along", () => {
  for (const payload of [{ n: 1 }, new Uint8Array([1])]) {
    const publication = new Publication("log:1", "said", payload);
    publication.keep(0, null);
    publication.position = { epoch: "e", offset: 7 };
    const { offset, payload: sent } = JSON.parse(matchedPayload(publication).text);
    assertEquals([offset, sent], [7, payload instanceof Uint8Array ? { "troupe:bytes": "AQ==" } : payload]);
  }
});

Deno.test("what JSON cannot carry is refused", () => {
  for (const payload of [{ n: 1n }, () => {}]) {
    assertEquals(assertThrows(() => textOf("said", payload), TroupeError).code, "unencodable_payload");
  }
});

Deno.test("events of a topic's own protocol are not for patterns", () => {
  const events = ["said", "presence_diff", "presence", "troupe:state", "troupe"];
  assertEquals(events.filter(isMatched), ["said", "presence", "troupe"]);
});

Deno.test("a filter knows its author by the connection: what else that has joined is left out with it", () => {
  const author = new FakeSubscriber("1", undefined, "ada");
  const isFor = (filter: Publication["filter"], origin: Publication["origin"]) => {
    const publication = new Publication("room:1", "said", {}, origin, filter);
    const matched = matchedPublication(publication, matchedPayload(publication), "room:*");
    assertEquals([matched.topic, matched.event, matched.origin], ["room:*", MATCHED_EVENT, null]);
    return (who: FakeSubscriber) => matched.filter === null || matched.filter(who);
  };
  const [same, other] = [
    new FakeSubscriber("1", undefined, "ada"),
    new FakeSubscriber("2", undefined, "ada"),
  ];
  const others = isFor((subscriber) => subscriber !== author, author);
  assertEquals([others(same), others(other)], [false, true]);
  const named = isFor(({ connectionId }) => connectionId === "2", null);
  assertEquals([named(same), named(other)], [false, true]);
  assertEquals(isFor(null, author)(same), true);
});
