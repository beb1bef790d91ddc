import { assertEquals, assertStrictEquals, assertStringIncludes } from "@std/assert";
import { checkCodecs, selectCodec } from "../../src/protocol/negotiation.ts";
import { phoenixV1 } from "../../src/protocol/phoenix_v1.ts";
import { phoenixV2 } from "../../src/protocol/phoenix_v2.ts";
import { phoenixV21 } from "../../src/protocol/phoenix_v2_1.ts";
import { refusalOf } from "./fixtures.ts";

const codecs = [phoenixV1, phoenixV2, phoenixV21];

Deno.test("selectCodec gives a client the codec of its minor version", () => {
  for (const vsn of ["1.0.0", "1.0.7", "1.0.1-rc.1"]) assertStrictEquals(selectCodec(vsn, codecs), phoenixV1);
  for (const vsn of ["2.0.0", "2.0.1", "2.0.0+build.5"]) {
    assertStrictEquals(selectCodec(vsn, codecs), phoenixV2);
  }
  for (const vsn of ["2.1.0", "2.1.12"]) assertStrictEquals(selectCodec(vsn, codecs), phoenixV21);
});

Deno.test("selectCodec takes a missing vsn for 1.0.0", () => {
  assertStrictEquals(selectCodec(null, codecs), phoenixV1);
  assertStrictEquals(selectCodec(null, [phoenixV2]), null);
});

Deno.test("selectCodec gives null for what is no version, or none that is spoken", () => {
  const wrong = [
    "",
    "abc",
    "2",
    "2.0",
    "2.0.0.0",
    " 2.0.0",
    "2.0.0\n",
    "02.0.0",
    "v2.0.0",
    "-2.0.0",
    "2.0.0-",
    "2.0.x",
  ];
  const unknown = ["3.0.0", "2.2.0", "1.1.0", "0.0.0", "2.0.0-rc.1", "2.10.0", `2.0.${"9".repeat(100)}`];
  for (const vsn of [...wrong, ...unknown]) assertStrictEquals(selectCodec(vsn, codecs), null, vsn);
});

Deno.test("selectCodec reads the versions of other codecs from their names", () => {
  const other = { ...phoenixV2, name: "acme/3.4.2" };
  assertStrictEquals(selectCodec("3.4.2", [phoenixV2, other]), other);
  assertStrictEquals(selectCodec("3.4.9", [phoenixV2, other]), other);
  assertStrictEquals(selectCodec("3.4.1", [phoenixV2, other]), null);
});

Deno.test("checkCodecs refuses names without a version, and two codecs for one vsn", () => {
  checkCodecs(codecs);
  for (const name of ["acme", "acme/3", "3.0.0"]) {
    const { code, message } = refusalOf(() => checkCodecs([{ ...phoenixV2, name }]));
    assertEquals(code, "invalid_codec");
    assertStringIncludes(message, `"${name}"`);
  }
  const { code, message } = refusalOf(() => checkCodecs([phoenixV2, { ...phoenixV2, name: "acme/2.0.1" }]));
  assertEquals(code, "invalid_codec");
  assertStringIncludes(message, '"phoenix/2.0.0"');
});
