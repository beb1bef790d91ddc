import { assertEquals, assertNotStrictEquals, assertStringIncludes } from "@std/assert";
import * as fc from "fast-check";
import { type Message, Serializer } from "phoenix";
import { phoenixV2 } from "../../src/protocol/phoenix_v2.ts";
import {
  anyBytes,
  anyJson,
  anyName,
  anyRef,
  bytesFrom,
  decodeAll,
  faultOf,
  hexOf,
  received,
  refusalOf,
} from "./fixtures.ts";

/** What the published client reads from a frame of ours. */
function clientReads(frame: { readonly data: string | Uint8Array<ArrayBuffer> }): Message {
  const messages: Message[] = [];
  Serializer.decode(received(frame as Parameters<typeof received>[0]), (message) => messages.push(message));
  assertEquals(messages.length, 1);
  return messages[0];
}

/** What the published client sends. */
function clientSends(message: Message): string | Uint8Array<ArrayBuffer> {
  const sent: (string | ArrayBuffer)[] = [];
  Serializer.encode(message, (data) => sent.push(data));
  return typeof sent[0] === "string" ? sent[0] : new Uint8Array(sent[0]);
}

Deno.test("PhoenixV2 reads a text message into the engine's words", () => {
  assertEquals(decodeAll(phoenixV2, '["1","2","room:a","echo",{"b":1}]'), [
    { joinRef: "1", ref: "2", topic: "room:a", event: "echo", payload: { b: 1 } },
  ]);
});

Deno.test("PhoenixV2 reads a message without join_ref and ref", () => {
  assertEquals(decodeAll(phoenixV2, '[null,null,"phoenix","heartbeat",{}]'), [
    { joinRef: null, ref: null, topic: "phoenix", event: "heartbeat", payload: {} },
  ]);
});

Deno.test("PhoenixV2 accepts elements after the payload, and a payload of any JSON type", () => {
  for (const payload of [null, 1, "x", [1], {}, false]) {
    const text = JSON.stringify(["1", "2", "t", "e", payload, 9, "more"]);
    assertEquals(decodeAll(phoenixV2, text)[0].payload, payload);
  }
});

Deno.test("PhoenixV2 keeps a __proto__ key as a plain key", () => {
  const [{ payload }] = decodeAll(phoenixV2, '["1","2","t","e",{"__proto__":{"admin":true}}]');
  assertEquals((payload as { admin?: boolean }).admin, undefined);
  assertEquals(Object.keys(payload as object), ["__proto__"]);
});

Deno.test("PhoenixV2 writes each kind of text message as Phoenix does", () => {
  const texts = [
    phoenixV2.reply("1", "2", "room:a", "ok", { n: 1 }),
    phoenixV2.reply(null, "2", "room:x", "error", { reason: "unmatched topic" }),
    phoenixV2.push("1", "room:a", "pushed", { x: 1 }),
    phoenixV2.publication("room:a", "said", { text: "hi" }, null),
    phoenixV2.ended("1", "room:a", "phx_close", {}),
    phoenixV2.ended("1", "room:a", "phx_error", { reason: "channel_crash" }),
  ].map((frame) => frame.data);
  assertEquals(texts, [
    '["1","2","room:a","phx_reply",{"response":{"n":1},"status":"ok"}]',
    '[null,"2","room:x","phx_reply",{"response":{"reason":"unmatched topic"},"status":"error"}]',
    '["1",null,"room:a","pushed",{"x":1}]',
    '[null,null,"room:a","said",{"text":"hi"}]',
    '["1","1","room:a","phx_close",{}]',
    '["1","1","room:a","phx_error",{"reason":"channel_crash"}]',
  ]);
});

Deno.test("PhoenixV2 writes an undefined payload as an empty object", () => {
  assertEquals(phoenixV2.publication("t", "e", undefined, null).data, '[null,null,"t","e",{}]');
  assertEquals(phoenixV2.push("1", "t", "e", undefined).data, '["1",null,"t","e",{}]');
  assertEquals(phoenixV2.ended("1", "t", "phx_close", undefined).data, '["1","1","t","phx_close",{}]');
  assertEquals(
    phoenixV2.reply("1", "2", "t", "ok", undefined).data,
    '["1","2","t","phx_reply",{"response":{},"status":"ok"}]',
  );
});

Deno.test("PhoenixV2 reads and writes the binary examples of the protocol byte for byte", () => {
  const push = bytesFrom("00 01 01 06 03 33 37 72 6f 6f 6d 3a 31 69 6d 67 de ad be ef");
  assertEquals(decodeAll(phoenixV2, push), [
    { joinRef: "3", ref: "7", topic: "room:1", event: "img", payload: bytesFrom("de ad be ef") },
  ]);
  const data = bytesFrom("01 02");
  assertEquals(
    [
      phoenixV2.push("3", "room:1", "img", data),
      phoenixV2.reply("3", "7", "room:1", "ok", data),
      phoenixV2.publication("room:1", "img", data, null),
    ].map((frame) => hexOf(frame.data)),
    [
      "00 01 06 03 33 72 6f 6f 6d 3a 31 69 6d 67 01 02",
      "01 01 01 06 02 33 37 72 6f 6f 6d 3a 31 6f 6b 01 02",
      "02 06 03 72 6f 6f 6d 3a 31 69 6d 67 01 02",
    ],
  );
});

Deno.test("PhoenixV2 reads empty refs of a binary push as null, and gives the data memory of its own", () => {
  const [message] = decodeAll(phoenixV2, bytesFrom("00 00 00 01 01 74 65 09"));
  assertEquals(message, { joinRef: null, ref: null, topic: "t", event: "e", payload: bytesFrom("09") });
  assertEquals((message.payload as Uint8Array).buffer.byteLength, 1);
});

Deno.test("PhoenixV2 never sends a position, and cannot join frames", () => {
  const position = { epoch: "e", offset: 7 };
  assertEquals(phoenixV2.publication("t", "e", {}, position).data, '[null,null,"t","e",{}]');
  assertEquals(hexOf(phoenixV2.publication("t", "e", bytesFrom("01"), position).data), "02 01 01 74 65 01");
  assertEquals(phoenixV2.join, null);
});

Deno.test("PhoenixV2 copies bytes, so that a sender may reuse its buffer", () => {
  const bytes = bytesFrom("01");
  const { data } = phoenixV2.publication("t", "e", bytes, null);
  assertNotStrictEquals((data as Uint8Array).buffer, bytes.buffer);
});

Deno.test("the published client reads what PhoenixV2 writes in text", () => {
  fc.assert(
    fc.property(anyName, anyName, anyName, anyName, anyJson, (joinRef, ref, topic, event, payload) => {
      assertEquals(clientReads(phoenixV2.publication(topic, event, payload, null)), {
        join_ref: null,
        ref: null,
        topic,
        event,
        payload,
      });
      assertEquals(clientReads(phoenixV2.push(joinRef, topic, event, payload)), {
        join_ref: joinRef,
        ref: null,
        topic,
        event,
        payload,
      });
      assertEquals(clientReads(phoenixV2.reply(joinRef, ref, topic, event, payload)), {
        join_ref: joinRef,
        ref,
        topic,
        event: "phx_reply",
        payload: { response: payload, status: event },
      });
    }),
  );
});

Deno.test("the published client reads what PhoenixV2 writes in binary", () => {
  fc.assert(fc.property(anyRef, anyRef, anyName, anyName, anyBytes, (joinRef, ref, topic, event, bytes) => {
    const payload = bytes.buffer;
    assertEquals(clientReads(phoenixV2.publication(topic, event, bytes, null)), {
      join_ref: null,
      ref: null,
      topic,
      event,
      payload,
    });
    assertEquals(clientReads(phoenixV2.push(joinRef ?? "", topic, event, payload)), {
      join_ref: joinRef ?? "",
      ref: null,
      topic,
      event,
      payload,
    });
    assertEquals(clientReads(phoenixV2.reply(joinRef, ref, topic, event, new DataView(payload))), {
      join_ref: joinRef ?? "",
      ref: ref ?? "",
      topic,
      event: "phx_reply",
      payload: { status: event, response: payload },
    });
  }));
});

Deno.test("PhoenixV2 reads what the published client sends, text and binary", () => {
  fc.assert(
    fc.property(
      anyRef,
      anyRef,
      anyName,
      anyName,
      anyJson.filter((value) => value !== null),
      anyBytes,
      (joinRef, ref, topic, event, payload, bytes) => {
        const message = { join_ref: joinRef, ref, topic, event };
        const expected = { joinRef, ref, topic, event };
        assertEquals(decodeAll(phoenixV2, clientSends({ ...message, payload })), [{ ...expected, payload }]);
        const binary = { ...message, join_ref: joinRef ?? "", ref: ref ?? "", payload: bytes.buffer };
        assertEquals(decodeAll(phoenixV2, clientSends(binary)), [{ ...expected, payload: bytes }]);
      },
    ),
  );
});

Deno.test("PhoenixV2 names the fault of each malformed text message", () => {
  const shape = "a message is [join_ref, ref, topic, event, payload]; got ";
  const cases: [string, string][] = [
    ["", "not JSON: the message is empty"],
    ["hello", "not JSON: "],
    ['["1","1","room:a"', "not JSON: "],
    ["5", shape + "5"],
    ["null", shape + "null"],
    ['{"topic":"room:a"}', shape + "an object"],
    ["[]", shape + "an array of 0"],
    ['["1","1","room:a","phx_join"]', shape + "an array of 4"],
    ['[["1","1","t","e",{}]]', shape + "an array of 1"],
    ['[1,"1","t","e",{}]', "join_ref must be a string or null; got 1"],
    ['["1",{},"t","e",{}]', "ref must be a string or null; got an object"],
    ['["1","1",5,"e",{}]', "topic must be a non-empty string; got 5"],
    ['["1","1","","e",{}]', 'topic must be a non-empty string; got ""'],
    ['["1","1","t",null,{}]', "event must be a non-empty string; got null"],
    ['["1","1","t",["e"],{}]', "event must be a non-empty string; got an array of 1"],
    ['["1","1","\\ud800","e",{}]', "topic must be well-formed Unicode; got a lone surrogate"],
    ['["\\udc00","1","t","e",{}]', "join_ref must be well-formed Unicode; got a lone surrogate"],
  ];
  for (const [text, reason] of cases) assertStringIncludes(faultOf(phoenixV2, text), reason);
});

Deno.test("PhoenixV2 names the fault of each malformed binary message", () => {
  const cases: [string, string][] = [
    ["", "a binary message must not be empty"],
    ["01 01 01 06 04 31 32 72 6f 6f 6d 3a 61 65 63 68 6f 01", "must be of kind 0 (push); got kind 1"],
    ["05", "got kind 5"],
    ["00 01 01", "a binary push begins with 5 bytes of header; the message has 3"],
    ["00 01 01 c8 01 31 31", "the header of the binary push names 208 bytes; the message has 7"],
    ["00 00 00 00 01 65", 'topic must be a non-empty string; got ""'],
    ["00 00 00 01 00 74", 'event must be a non-empty string; got ""'],
    ["00 01 00 01 01 ff 74 65", "the join_ref of the binary message is not valid UTF-8"],
    ["00 00 00 02 01 c3 28 65", "the topic of the binary message is not valid UTF-8"],
    ["00 00 00 01 03 74 ed a0 80", "the event of the binary message is not valid UTF-8"],
  ];
  for (const [hex, reason] of cases) assertStringIncludes(faultOf(phoenixV2, bytesFrom(hex)), reason);
});

Deno.test("PhoenixV2 keeps a reason within 123 bytes, whatever it quotes", () => {
  const long = "😀".repeat(1_000);
  faultOf(phoenixV2, long);
  faultOf(phoenixV2, JSON.stringify([{}, long, long, long, {}]));
  faultOf(phoenixV2, JSON.stringify(long));
  faultOf(phoenixV2, `["1","1",${"9".repeat(500)},"e",{}]`);
});

Deno.test("PhoenixV2 survives nesting that is deeper than the stack", () => {
  const deep = "[".repeat(500_000);
  faultOf(phoenixV2, deep);
  faultOf(phoenixV2, deep + "]".repeat(500_000));
});

Deno.test("PhoenixV2 names event and topic of a payload that JSON cannot carry", () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  const throwing = {
    toJSON() {
      throw new Error("no form");
    },
  };
  for (const payload of [1n, { n: 1n }, cycle, throwing, () => {}, Symbol("s"), { toJSON() {} }]) {
    for (
      const encode of [
        () => phoenixV2.publication("room:1", "said", payload, null),
        () => phoenixV2.push("1", "room:1", "said", payload),
        () => phoenixV2.reply("1", "2", "room:1", "ok", payload),
        () => phoenixV2.ended("1", "room:1", "phx_error", payload),
      ]
    ) {
      const { code, message } = refusalOf(encode);
      assertEquals(code, "unencodable_payload");
      assertStringIncludes(message, '"room:1"');
    }
  }
  const { message } = refusalOf(() => phoenixV2.publication("room:1", "said", 1n, null));
  assertStringIncludes(message, '"said" on topic "room:1"');
});

Deno.test("PhoenixV2 refuses a binary message whose header part is over 255 bytes, text has no such limit", () => {
  const topic = "é".repeat(128);
  const bytes = bytesFrom("01");
  assertEquals(refusalOf(() => phoenixV2.publication(topic, "e", bytes, null)), {
    code: "field_too_long",
    message:
      "Cannot encode a binary broadcast: its topic has 256 bytes of UTF-8, at most 255 are accepted (a JSON " +
      "payload has no such limit)",
  });
  assertEquals(
    refusalOf(() => phoenixV2.reply("1", "2", "t", "s".repeat(256), bytes)).code,
    "field_too_long",
  );
  phoenixV2.publication("é".repeat(127) + "a", "e", bytes, null);
  phoenixV2.publication(topic, "e", {}, null);
});
