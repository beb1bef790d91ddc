import { assertEquals, assertStrictEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { constants, inflateRawSync } from "node:zlib";
import fc from "fast-check";
import { Frame, type WireData } from "../../../src/protocol/frame.ts";
import { Turn } from "../../../src/protocol/turn.ts";
import { deflatedTurn, plainTurn } from "../../../src/transport/ws/framing.ts";
import { anyCodePoint } from "../../code_point.ts";

/** Reads frames by the letter of RFC 6455, section 5.2, and RFC 7692, section 7.2.2. */
function read(bytes: Uint8Array): { data: WireData; compressed: boolean }[] {
  const messages: { data: WireData; compressed: boolean }[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at];
    const short = bytes[at + 1];
    assertEquals(first & 0xb0, 0x80, "final, and nothing reserved but RSV1");
    const start = at + (short < 126 ? 2 : short === 126 ? 4 : 10);
    const length = short < 126
      ? short
      : short === 126
      ? view.getUint16(at + 2)
      : Number(view.getBigUint64(at + 2));
    if (short === 126) assertEquals(length >= 126, true, "the shortest form");
    if (short === 127) assertEquals(length >= 65_536, true, "the shortest form");
    const compressed = (first & 0x40) !== 0;
    let payload: Uint8Array<ArrayBuffer> = new Uint8Array(bytes.subarray(start, start + length));
    if (compressed) {
      const whole = Buffer.concat([payload, Buffer.from([0, 0, 0xff, 0xff])]);
      payload = new Uint8Array(inflateRawSync(whole, { finishFlush: constants.Z_SYNC_FLUSH }));
    }
    const data = (first & 0x0f) === 1
      ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(payload)
      : payload;
    messages.push({ data, compressed });
    at = start + length;
  }
  return messages;
}

const texts = fc.oneof(
  fc.string({ unit: anyCodePoint }),
  fc.string({ unit: "grapheme", maxLength: 200 }),
  fc.integer({ min: 120, max: 130 }).map((length) => "é".repeat(length)),
  fc.constantFrom("x".repeat(65_535), "x".repeat(65_536)),
);
const bytes = fc.uint8Array({ maxLength: 300 }).map((each) => new Uint8Array(each));
const messages = fc.array(fc.oneof(texts, bytes), { minLength: 1, maxLength: 20 });

Deno.test("plainTurn: what is read of the bytes is what was framed", () => {
  fc.assert(fc.property(messages, (list) => {
    const got = read(plainTurn(list.map((data) => new Frame(data))));
    assertEquals(got.map(({ data }) => data), list);
    assertEquals(got.some(({ compressed }) => compressed), false);
  }));
});

Deno.test("plainTurn: a lone surrogate is sent as U+FFFD", () => {
  assertEquals(read(plainTurn([new Frame("a\ud800"), new Frame("\udc00b")])).map(({ data }) => data), [
    "a\ufffd",
    "\ufffdb",
  ]);
});

Deno.test("deflatedTurn: what is read is what was framed; what reaches the threshold is compressed, each by itself", () => {
  const make = deflatedTurn(50);
  fc.assert(fc.property(messages, (list) => {
    const frames = list.map((data) => new Frame(data));
    const got = read(make(frames));
    assertEquals(got.map(({ data }) => data), list);
    assertEquals(got.map(({ compressed }) => compressed), frames.map(({ byteLength }) => byteLength >= 50));
  }));
});

Deno.test("A turn's bytes are made once, each form by itself, and a single frame's whatever its turn", () => {
  const deflated = deflatedTurn(0);
  const turn = new Turn([new Frame("one"), new Frame("two")]);
  const plain = turn.wire(plainTurn);
  const small = turn.wire(deflated);
  assertStrictEquals(turn.wire(plainTurn), plain);
  assertStrictEquals(turn.wire(deflated), small);
  const frame = new Frame("three");
  assertStrictEquals(new Turn([frame]).wire(plainTurn), new Turn([frame]).wire(plainTurn));
});
