import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import fc from "fast-check";
import { TroupeError } from "../../mod.ts";
import { hmacSigner } from "../../src/http/hmac_signer.ts";

const SECRET = "a secret of more than 32 bytes, for tests only";

Deno.test("What was signed is known again, whatever it is, and fits into a URL, a header and a cookie", () => {
  const signer = hmacSigner(SECRET);
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => {
    const signed = signer.sign("test", text);
    assertMatch(signed, /^[\w.-]+$/);
    assertEquals(signer.open("test", signed), text);
    assertEquals(hmacSigner(SECRET).open("test", signed), text);
  }));
});

Deno.test("A signature that was changed, or made for another purpose or with another secret, is refused", () => {
  const signer = hmacSigner(SECRET);
  const signed = signer.sign("test", "the text");
  assertEquals(signer.open("other", signed), null);
  assertEquals(hmacSigner(SECRET + "!").open("test", signed), null);
  for (let at = 0; at < signed.length - 1; at++) { // the last character has bits that say nothing
    const other = signed[at] === "A" ? "B" : "A";
    assertEquals(signer.open("test", signed.slice(0, at) + other + signed.slice(at + 1)), null);
  }
  for (const bad of ["", ".", "abc", "abc.", ".abc", "\0.\0", `${signed}AAAA`]) {
    assertEquals(signer.open("test", bad), null);
  }
});

Deno.test("A secret of less than 32 bytes is refused", () => {
  const error = assertThrows(() => hmacSigner("too short"), TroupeError);
  assertEquals(error.code, "bad_secret");
});
