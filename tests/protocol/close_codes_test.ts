import { assert, assertEquals, assertFalse, assertLessOrEqual } from "@std/assert";
import * as fc from "fast-check";
import {
  CLOSE_CODES,
  closeReason,
  isSendableCloseCode,
  MAX_CLOSE_REASON_BYTES,
  normalizeClose,
} from "../../src/protocol/close_codes.ts";
import { utf8Length } from "../../src/protocol/codec.ts";
import { anyCodePoint } from "../code_point.ts";

Deno.test("isSendableCloseCode follows RFC 6455, section 7.4", () => {
  const sendable = [
    1000,
    1001,
    1002,
    1003,
    1007,
    1008,
    1009,
    1010,
    1011,
    1012,
    1013,
    1014,
    3000,
    3999,
    4000,
    4999,
  ];
  const not = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_536, -1, 1000.5, NaN, Infinity];
  for (const code of sendable) assert(isSendableCloseCode(code), `${code}`);
  for (const code of not) assertFalse(isSendableCloseCode(code), `${code}`);
});

Deno.test("the close code table is in order, has unique names, and sends only what may be sent", () => {
  const codes = CLOSE_CODES.map(({ code }) => code);
  assertEquals(codes, [...new Set(codes)].sort((a, b) => a - b));
  assertEquals(new Set(CLOSE_CODES.map(({ name }) => name)).size, codes.length);
  for (const { code, sent } of CLOSE_CODES) assertEquals(sent, isSendableCloseCode(code), `${code}`);
});

Deno.test("1000 is for an end that is meant, since older clients stay away after it", () => {
  assertEquals(CLOSE_CODES.filter(({ code }) => code === 1000).map(({ retry }) => retry), [false]);
});

Deno.test("docs/wire.md has the close code table of the source", async () => {
  const text = await Deno.readTextFile(new URL("../../docs/wire.md", import.meta.url));
  const rows = text.split("\n").filter((line) => /^\| \d{4} /.test(line))
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
  const yesNo = (value: boolean) => value ? "yes" : "no";
  assertEquals(
    rows,
    CLOSE_CODES.map(({ code, name, meaning, sent, retry }) => [
      `${code}`,
      `\`${name}\``,
      meaning,
      yesNo(sent),
      yesNo(retry),
    ]),
  );
});

Deno.test("closeReason is the longest prefix of whole characters within 123 bytes", () => {
  assertEquals(closeReason(""), "");
  assertEquals(closeReason("a".repeat(123)), "a".repeat(123));
  assertEquals(closeReason("a".repeat(124)), "a".repeat(123));
  assertEquals(closeReason("a".repeat(122) + "é"), "a".repeat(122));
  assertEquals(closeReason("a".repeat(120) + "😀"), "a".repeat(120));
  assertEquals(closeReason("a".repeat(119) + "😀"), "a".repeat(119) + "😀");
  fc.assert(fc.property(fc.string({ unit: anyCodePoint, maxLength: 200 }), (text) => {
    const reason = closeReason(text);
    assert(text.startsWith(reason));
    assertLessOrEqual(utf8Length(reason), MAX_CLOSE_REASON_BYTES);
    assertEquals(new TextEncoder().encode(reason).length, utf8Length(reason));
    const next = String.fromCodePoint(text.codePointAt(reason.length) ?? 0);
    if (reason !== text) assert(utf8Length(reason + next) > MAX_CLOSE_REASON_BYTES);
  }));
});

Deno.test("closeReason makes lone surrogates sendable", () => {
  assertEquals(closeReason("a\ud800b"), "a\ufffdb");
  assert(closeReason("\udc00".repeat(100)).isWellFormed());
});

Deno.test("normalizeClose turns a runtime's 0 into 1006 and leaves the rest", () => {
  assertEquals(normalizeClose(0, ""), { code: 1006, reason: "" });
  assertEquals(normalizeClose(undefined, undefined), { code: 1006, reason: "" });
  assertEquals(normalizeClose(1005, ""), { code: 1005, reason: "" });
  assertEquals(normalizeClose(4001, "bye"), { code: 4001, reason: "bye" });
});
