import { assertEquals, assertStrictEquals } from "@std/assert";
import { phoenixV1, phoenixV2, phoenixV21, textual } from "../../src/protocol/mod.ts";

const BYTES = new Uint8Array([222, 173, 190, 239]);
const AS_TEXT = '{"troupe:bytes":"3q2+7w=="}';

Deno.test("textual: bytes go out as JSON that says so, in replies, pushes and publications", () => {
  const codec = textual(phoenixV2);
  assertEquals(
    codec.reply("1", "2", "room:a", "ok", BYTES).data,
    `["1","2","room:a","phx_reply",{"response":${AS_TEXT},"status":"ok"}]`,
  );
  assertEquals(codec.push("1", "room:a", "img", BYTES.buffer).data, `["1",null,"room:a","img",${AS_TEXT}]`);
  assertEquals(
    codec.publication("room:a", "img", new DataView(BYTES.buffer, 1, 2), null).data,
    '[null,null,"room:a","img",{"troupe:bytes":"rb4="}]',
  );
});

Deno.test("textual: positions stay, batches go", () => {
  const codec = textual(phoenixV21);
  assertEquals(codec.join, null);
  assertEquals(
    codec.publication("room:a", "img", BYTES, { epoch: "e", offset: 7 }).data,
    `[null,null,"room:a","img",${AS_TEXT},7]`,
  );
});

Deno.test("textual: everything else is as in the codec, what comes in too", () => {
  for (const codec of [phoenixV1, phoenixV2, phoenixV21]) {
    const made = textual(codec);
    assertEquals(made.name, codec.name);
    assertEquals(
      made.ended("1", "room:a", "phx_close", {}).data,
      codec.ended("1", "room:a", "phx_close", {}).data,
    );
    assertEquals(
      made.reply("1", "2", "room:a", "ok", [1]).data,
      codec.reply("1", "2", "room:a", "ok", [1]).data,
    );
    const message = { topic: "room:a", event: "say", payload: { n: 1 }, ref: "2" };
    const text = JSON.stringify(codec === phoenixV1 ? message : ["1", "2", "room:a", "say", { n: 1 }]);
    const read: unknown[] = [];
    made.decode(text, (each) => read.push(each));
    codec.decode(text, (each) => assertEquals(read, [each]));
  }
});

Deno.test("textual gives the same for the same codec, so that a publication is encoded once", () => {
  assertStrictEquals(textual(phoenixV2), textual(phoenixV2));
});
