import { assertEquals, assertStringIncludes } from "@std/assert";
import * as fc from "fast-check";
import { phoenixV1 } from "../../src/protocol/phoenix_v1.ts";
import { anyJson, anyName, anyRef, bytesFrom, decodeAll, faultOf, refusalOf } from "./fixtures.ts";

Deno.test("PhoenixV1 reads an object, with or without join_ref", () => {
  assertEquals(decodeAll(phoenixV1, '{"topic":"room:a","event":"echo","payload":{"x":1},"ref":"2"}'), [
    { joinRef: null, ref: "2", topic: "room:a", event: "echo", payload: { x: 1 } },
  ]);
  assertEquals(decodeAll(phoenixV1, '{"topic":"t","event":"e","payload":null,"ref":null,"join_ref":"1"}'), [
    { joinRef: "1", ref: null, topic: "t", event: "e", payload: null },
  ]);
});

Deno.test("PhoenixV1 reads what any client writes", () => {
  fc.assert(fc.property(anyRef, anyRef, anyName, anyName, anyJson, (joinRef, ref, topic, event, payload) => {
    const text = JSON.stringify({ topic, event, payload, ref, join_ref: joinRef });
    assertEquals(decodeAll(phoenixV1, text), [{ joinRef, ref, topic, event, payload }]);
  }));
});

Deno.test("PhoenixV1 writes the four members in Phoenix's order, and never join_ref", () => {
  const texts = [
    phoenixV1.reply("1", "2", "room:a", "ok", { x: 1 }),
    phoenixV1.reply("1", "2", "room:a", "ok", undefined),
    phoenixV1.push("1", "room:a", "pushed", { x: 1 }),
    phoenixV1.publication("room:a", "said", undefined, { epoch: "e", offset: 1 }),
    phoenixV1.ended("1", "room:a", "phx_error", { reason: "channel_crash" }),
    phoenixV1.ended(null, "room:a", "phx_close", {}),
  ].map((frame) => frame.data);
  assertEquals(texts, [
    '{"event":"phx_reply","payload":{"response":{"x":1},"status":"ok"},"ref":"2","topic":"room:a"}',
    '{"event":"phx_reply","payload":{"response":{},"status":"ok"},"ref":"2","topic":"room:a"}',
    '{"event":"pushed","payload":{"x":1},"ref":null,"topic":"room:a"}',
    '{"event":"said","payload":{},"ref":null,"topic":"room:a"}',
    '{"event":"phx_error","payload":{"reason":"channel_crash"},"ref":"1","topic":"room:a"}',
    '{"event":"phx_close","payload":{},"ref":null,"topic":"room:a"}',
  ]);
  assertEquals(phoenixV1.join, null);
});

Deno.test("PhoenixV1 names the fault of each malformed message", () => {
  const cases: [string, string][] = [
    ["", "not JSON: the message is empty"],
    ["{", "not JSON: "],
    ['["1","1","t","e",{}]', 'a message is {"topic", "event", "payload", "ref"}; got an array of 5'],
    ["null", "got null"],
    ['{"topic":"t","event":"e","ref":"1"}', "payload is missing"],
    ['{"topic":"t","event":"e","payload":{}}', "ref is missing"],
    ['{"event":"e","payload":{},"ref":"1","__proto__":{"topic":"t"}}', "topic is missing"],
    ['{"topic":"","event":"e","payload":{},"ref":"1"}', 'topic must be a non-empty string; got ""'],
    ['{"topic":"t","event":7,"payload":{},"ref":"1"}', "event must be a non-empty string; got 7"],
    ['{"topic":"t","event":"e","payload":{},"ref":1}', "ref must be a string or null; got 1"],
    [
      '{"topic":"t","event":"e","payload":{},"ref":"1","join_ref":1}',
      "join_ref must be a string or null; got 1",
    ],
  ];
  for (const [text, reason] of cases) assertStringIncludes(faultOf(phoenixV1, text), reason);
});

Deno.test("PhoenixV1 has no binary messages, either way", () => {
  assertStringIncludes(faultOf(phoenixV1, bytesFrom("00 00 00 01 01 74 65")), "no binary messages");
  for (
    const encode of [
      () => phoenixV1.publication("room:1", "img", bytesFrom("01"), null),
      () => phoenixV1.push("1", "room:1", "img", new ArrayBuffer(1)),
      () => phoenixV1.reply("1", "2", "room:1", "ok", bytesFrom("01")),
    ]
  ) assertEquals(refusalOf(encode).code, "unencodable_payload");
  assertStringIncludes(
    refusalOf(() => phoenixV1.publication("room:1", "img", bytesFrom("01"), null)).message,
    '"img" on topic "room:1"',
  );
});
