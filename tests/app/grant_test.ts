import { assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import { readAnswer } from "../../src/app/grant.ts";
import type { Authenticated, User } from "../../mod.ts";

const user = { id: "u", name: "Ada" };

function read(answer: unknown) {
  return readAnswer(answer as Authenticated<User>);
}

Deno.test("authenticate may answer a user, with or without an end and a token id", () => {
  assertEquals(read(user), { user, expiresAtMs: null, tokenId: null });
  assertEquals(read({ user }), { user, expiresAtMs: null, tokenId: null });
  assertEquals(read({ user, expiresAt: 5, tokenId: "t" }), { user, expiresAtMs: 5, tokenId: "t" });
  assertEquals(read({ user, expiresAt: new Date(5) }), { user, expiresAtMs: 5, tokenId: null });
  assertEquals(read({ user, expiresAt: null, tokenId: null }), { user, expiresAtMs: null, tokenId: null });
  assertEquals(read({ user, expiresAt: Infinity }), { user, expiresAtMs: null, tokenId: null });
  assertEquals(read({ user, expiresAt: undefined, tokenId: undefined, claims: {} })?.constructor, Object);
  assertEquals(read(null), null);
  assertInstanceOf(read(new Response()), Response);
});

Deno.test("A user that has a user of its own is a user: its own id counts", () => {
  const nested = { id: "u", user: { id: "other" } };
  assertEquals(read(nested), { user: nested as User, expiresAtMs: null, tokenId: null });
});

Deno.test("An authorization that makes no sense is refused, with what came and what is accepted", () => {
  const cases: [unknown, string][] = [
    [{ user: { id: 7 } }, "a user whose id is a number"],
    [{ user, expiresAt: "tomorrow" }, "expiresAt as a string"],
    [{ user, expiresAt: NaN }, "expiresAt as a number"],
    [{ user, expiresAt: new Date(NaN) }, "expiresAt as an invalid Date"],
    [{ user, tokenId: 7 }, "tokenId as a number"],
    [{ user, tokenId: "" }, "tokenId as an empty string"],
    [undefined, "undefined"],
    [{}, "a object whose id is a undefined"],
  ];
  for (const [answer, got] of cases) {
    const { message } = assertThrows(() => read(answer), TypeError);
    assertStringIncludes(message, `it answered ${got}`);
    assertStringIncludes(message, "{ user, expiresAt, tokenId }");
  }
});
