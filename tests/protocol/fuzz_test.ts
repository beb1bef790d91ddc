import { assertInstanceOf, assertLessOrEqual } from "@std/assert";
import { seededRandom } from "../../src/base/random.ts";
import { type Codec, MalformedMessage, utf8Length, type WireData } from "../../src/protocol/codec.ts";
import { phoenixV1 } from "../../src/protocol/phoenix_v1.ts";
import { phoenixV2 } from "../../src/protocol/phoenix_v2.ts";
import { phoenixV21 } from "../../src/protocol/phoenix_v2_1.ts";
import { bytesFrom } from "./fixtures.ts";

const FRAMES = 20_000;
const random = seededRandom(2_026);

const texts = [
  '["1","2","room:1","say",{"text":"hé😀"}]',
  '[null,"4","phoenix","heartbeat",{}]',
  '[["1","2","a","e",{}],["1","3","b","e",[1,[2,[3]]]]]',
  '{"topic":"room:a","event":"e","payload":{"__proto__":1},"ref":"1","join_ref":null}',
];
const binaries = [
  bytesFrom("00 01 01 06 03 33 37 72 6f 6f 6d 3a 31 69 6d 67 de ad be ef"),
  bytesFrom("00 00 00 02 01 c3 a9 65"),
];
const splices = [
  '"',
  "[",
  "]",
  "{",
  "}",
  ",",
  ":",
  "\\",
  "\\ud800",
  "\ud800",
  "null",
  "1e999",
  "-",
  "\u0000",
  "💥",
  "",
];

function pick<T>(list: readonly T[]): T {
  return list[random.integer(list.length)];
}

function mutatedText(): string {
  let text = random.integer(10) === 0 ? "" : pick(texts);
  for (let i = random.integer(6); i >= 0; i--) {
    const at = random.integer(text.length + 1);
    text = text.slice(0, at) + pick(splices) + text.slice(at + random.integer(4));
  }
  return text;
}

function mutatedBytes(): Uint8Array<ArrayBuffer> {
  const source = random.integer(3) === 0 ? new Uint8Array(random.integer(40)) : pick(binaries).slice();
  const changes = source.length === 0 ? 0 : random.integer(8);
  for (let i = 0; i < changes; i++) source[random.integer(source.length)] = random.integer(256);
  return source.slice(0, random.integer(source.length + 1) || source.length);
}

function attempt(codec: Codec, data: WireData): void {
  try {
    codec.decode(data, ({ topic, event }) => assertLessOrEqual(1, Math.min(topic.length, event.length)));
  } catch (thrown) {
    assertInstanceOf(thrown, MalformedMessage);
    assertLessOrEqual(utf8Length(thrown.message), 123);
  }
}

Deno.test(`no codec throws anything but MalformedMessage at ${FRAMES} random and mutated frames`, () => {
  for (let i = 0; i < FRAMES; i++) {
    const data = i % 2 === 0 ? mutatedText() : mutatedBytes();
    for (const codec of [phoenixV1, phoenixV2, phoenixV21]) attempt(codec, data);
  }
});
