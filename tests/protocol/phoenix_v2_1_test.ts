import { assertEquals, assertStrictEquals, assertStringIncludes, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { TroupeError } from "../../src/base/errors.ts";
import { Frame, type Inbound, MAX_BATCH_MESSAGES } from "../../src/protocol/codec.ts";
import { phoenixV1 } from "../../src/protocol/phoenix_v1.ts";
import { phoenixV2 } from "../../src/protocol/phoenix_v2.ts";
import { phoenixV21 } from "../../src/protocol/phoenix_v2_1.ts";
import { anyJson, anyName, anyRef, bytesFrom, decodeAll, faultOf, hexOf } from "./fixtures.ts";

const anyInbound: fc.Arbitrary<Inbound> = fc.record({
  joinRef: anyRef,
  ref: anyRef,
  topic: anyName,
  event: anyName,
  payload: anyJson,
});

function textOf({ joinRef, ref, topic, event, payload }: Inbound): string {
  return JSON.stringify([joinRef, ref, topic, event, payload]);
}

function join(frames: readonly Frame[]): Frame {
  if (phoenixV21.join === null) throw new Error("2.1.0 has batches");
  return phoenixV21.join(frames);
}

Deno.test("PhoenixV21 reads single messages and binary pushes as 2.0.0 does", () => {
  for (const data of ['["1","2","t","e",{}]', bytesFrom("00 00 00 01 01 74 65 09")]) {
    assertEquals(decodeAll(phoenixV21, data), decodeAll(phoenixV2, data));
  }
});

Deno.test("PhoenixV21 reads a batch of 1 to 256 messages, in order", () => {
  fc.assert(fc.property(fc.array(anyInbound, { minLength: 1, maxLength: 8 }), (messages) => {
    assertEquals(decodeAll(phoenixV21, `[${messages.map(textOf).join(",")}]`), messages);
  }));
  const one = '["1","2","t","e",{}]';
  assertEquals(decodeAll(phoenixV21, `[${Array(MAX_BATCH_MESSAGES).fill(one).join(",")}]`).length, 256);
});

Deno.test("PhoenixV21 refuses a malformed batch whole, and names the message at fault", () => {
  const one = '["1","2","t","e",{}]';
  const cases: [string, string][] = [
    ["[]", "a message is [join_ref, ref, topic, event, payload]; got an array of 0"],
    ["[[]]", "message 1 of 1: a message is [join_ref, ref, topic, event, payload]; got an array of 0"],
    [`[${one},5]`, "message 2 of 2: a message is"],
    [`[${one},["1","2","","e",{}]]`, 'message 2 of 2: topic must be a non-empty string; got ""'],
    [`[[${one}]]`, "message 1 of 1: a message is"],
    [`[${Array(257).fill(one).join(",")}]`, "a batch holds 1 to 256 messages; got 257"],
  ];
  for (const [text, reason] of cases) assertStringIncludes(faultOf(phoenixV21, text), reason);
});

Deno.test("PhoenixV21 writes the offset as the sixth element where a position is given", () => {
  const position = { epoch: "never sent here", offset: 7 };
  assertEquals(phoenixV21.publication("t", "e", { a: 1 }, position).data, '[null,null,"t","e",{"a":1},7]');
  assertEquals(phoenixV21.publication("t", "e", undefined, position).data, '[null,null,"t","e",{},7]');
  assertEquals(phoenixV21.publication("t", "e", { a: 1 }, null).data, '[null,null,"t","e",{"a":1}]');
});

Deno.test("PhoenixV21 writes a binary publication with a position as kind 5", () => {
  const bytes = bytesFrom("01 02");
  const { data } = phoenixV21.publication("room:1", "img", bytes, { epoch: "e", offset: 2 ** 40 + 258 });
  assertEquals(hexOf(data), "05 06 03 00 00 01 00 00 00 01 02 72 6f 6f 6d 3a 31 69 6d 67 01 02");
  assertEquals(hexOf(phoenixV21.publication("t", "e", bytes, null).data), "02 01 01 74 65 01 02");
});

Deno.test("PhoenixV21 takes an offset that does not count from 1 for a fault of the engine's", () => {
  for (const offset of [0, -1, 1.5, NaN, 2 ** 53]) {
    assertThrows(() => phoenixV21.publication("t", "e", {}, { epoch: "e", offset }), TroupeError, "offset");
  }
});

Deno.test("PhoenixV21 joins frames by their text alone, and never wraps a single one", () => {
  const frames = [1, 2, 3].map((n) => phoenixV21.push("1", "t", "e", { n }));
  assertEquals(join(frames).data, `[${frames.map((frame) => frame.data).join(",")}]`);
  assertStrictEquals(join([frames[0]]), frames[0]);
  assertThrows(() => join([]), TroupeError);
  assertThrows(() => join([frames[0], new Frame(bytesFrom("01"))]), TroupeError);
});

Deno.test("PhoenixV21 reads every batch that it joined", () => {
  fc.assert(fc.property(fc.array(anyInbound, { minLength: 2, maxLength: 5 }), (messages) => {
    const batch = join(messages.map((message) => new Frame(textOf(message)))).data;
    assertEquals(decodeAll(phoenixV21, batch), messages);
  }));
});

Deno.test("PhoenixV21 writes replies, pushes and ends as 2.0.0 does", () => {
  for (const payload of [{ a: 1 }, bytesFrom("01")]) {
    assertEquals(
      phoenixV21.reply("1", "2", "t", "ok", payload),
      phoenixV2.reply("1", "2", "t", "ok", payload),
    );
    assertEquals(phoenixV21.push("1", "t", "e", payload), phoenixV2.push("1", "t", "e", payload));
  }
  assertEquals(phoenixV21.ended("1", "t", "phx_close", {}), phoenixV2.ended("1", "t", "phx_close", {}));
});

Deno.test("docs/wire.md shows the bytes that the codecs write", async () => {
  const text = await Deno.readTextFile(new URL("../../docs/wire.md", import.meta.url));
  const data = bytesFrom("01 02");
  for (
    const frame of [
      phoenixV2.push("3", "room:1", "img", data),
      phoenixV2.reply("3", "7", "room:1", "ok", data),
      phoenixV2.publication("room:1", "img", data, null),
      phoenixV21.publication("room:1", "img", data, { epoch: "e", offset: 7 }),
    ]
  ) assertStringIncludes(text, hexOf(frame.data));
  for (
    const frame of [
      phoenixV2.reply("1", "2", "room:a", "ok", undefined),
      phoenixV2.push("1", "room:a", "pushed", { x: 1 }),
      phoenixV2.publication("room:a", "said", { text: "hi" }, null),
      phoenixV2.ended("1", "room:a", "phx_close", {}),
      phoenixV2.ended("1", "room:a", "phx_error", { reason: "channel_crash" }),
      phoenixV21.publication("room:a", "said", { text: "hi" }, { epoch: "e", offset: 7 }),
      phoenixV1.reply(null, "2", "room:a", "ok", undefined),
      phoenixV1.publication("room:a", "said", undefined, null),
      phoenixV1.ended(null, "room:a", "phx_close", undefined),
    ]
  ) assertStringIncludes(text, frame.data as string);
});
