import { assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import {
  BROADCAST,
  CLIENT_PUSH,
  POSITIONED_BROADCAST,
  readBinary,
  REPLY,
  SERVER_PUSH,
  writeBinary,
} from "../../src/protocol/binary_message.ts";
import { MalformedMessage } from "../../src/protocol/codec.ts";
import { anyBytes, anyName, bytesFrom } from "./fixtures.ts";

const kinds = [CLIENT_PUSH, SERVER_PUSH, REPLY, BROADCAST, POSITIONED_BROADCAST];

Deno.test("a binary message of each kind reads back as it was written", () => {
  const anyText = fc.oneof(anyName, fc.constant(""));
  const anyStrings = fc.array(anyText, { minLength: 4, maxLength: 4 });
  fc.assert(fc.property(anyStrings, anyBytes, fc.maxSafeNat(), (four, data, someOffset) => {
    for (const kind of kinds) {
      const strings = four.slice(0, kind.fields.length);
      const offset = kind.hasOffset ? someOffset : 0;
      const message = writeBinary(kind, strings, data, offset);
      assertEquals(message[0], kind.kind);
      assertEquals(readBinary(kind, message), { strings, offset, data });
    }
  }));
});

Deno.test("every cut of a binary message's header is malformed, none of its data is", () => {
  for (const kind of kinds) {
    const strings = kind.fields.map(() => "ab");
    const message = writeBinary(kind, strings, bytesFrom("01 02 03"), 1);
    for (let size = 1; size < message.length; size++) {
      const cut = () => readBinary(kind, message.slice(0, size));
      if (size < message.length - 3) assertThrows(cut, MalformedMessage);
      else cut();
    }
  }
});

Deno.test("a byte order mark is part of the string", () => {
  const message = writeBinary(BROADCAST, ["\ufefft", "e"], bytesFrom(""));
  assertEquals(readBinary(BROADCAST, message).strings, ["\ufefft", "e"]);
});

Deno.test("a binary message may stand anywhere in its buffer", () => {
  const whole = bytesFrom("ff ff 05 01 01 00 00 00 00 00 00 00 07 74 65 09");
  const read = readBinary(POSITIONED_BROADCAST, whole.subarray(2));
  assertEquals(read, { strings: ["t", "e"], offset: 7, data: bytesFrom("09") });
});

Deno.test("an offset that a number cannot hold is malformed", () => {
  const message = bytesFrom("05 01 01 00 20 00 00 00 00 00 00 74 65");
  assertThrows(() => readBinary(POSITIONED_BROADCAST, message), MalformedMessage, "offset");
});
