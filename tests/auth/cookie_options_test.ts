import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { cookieSessions, type CookieSessionsOptions, hmacSigner } from "../../src/auth/mod.ts";
import { TroupeError } from "../../src/base/errors.ts";

const SECRET = "thirty-two bytes of a secret, at the least";

function refused(options: Partial<CookieSessionsOptions>, code = "invalid_options"): string {
  const error = assertThrows(() => cookieSessions({ secret: SECRET, ...options }), TroupeError);
  assertEquals(error.code, code);
  return error.message;
}

Deno.test("cookie sessions: attributes that browsers refuse are refused at the start", () => {
  assertStringIncludes(refused({ cookie: { name: "a b" } }), "at cookie.name");
  assertStringIncludes(refused({ cookie: { path: "chat" } }), "at cookie.path");
  assertStringIncludes(refused({ cookie: { path: "/;x" } }), "at cookie.path");
  assertStringIncludes(refused({ cookie: { domain: "a.example; Secure" } }), "at cookie.domain");
  assertStringIncludes(refused({ cookie: { name: "__Host-s", path: "/chat" } }), "__Host- does not go");
  assertStringIncludes(refused({ cookie: { name: "__Host-s", domain: "a.example" } }), "__Host- does not go");
  assertStringIncludes(refused({ cookie: { name: "__Secure-s", secure: false } }), "__Secure- needs secure");
  assertStringIncludes(refused({ cookie: { sameSite: "None", secure: false } }), "None needs secure");
});

Deno.test("cookie sessions: one key is taken, of 32 bytes or more", () => {
  assertStringIncludes(refused({ secret: undefined }), "there is none");
  assertStringIncludes(refused({ signer: hmacSigner(SECRET) }), "there are two");
  refused({ secret: "short" }, "bad_secret");
});

Deno.test("cookie sessions: every page of the web cannot be allowed", () => {
  assertStringIncludes(refused({ origin: "any" as "same" }), "every page could speak for the user");
  refused({ origin: ["nonsense"] }, "bad_origin");
});

Deno.test("cookie sessions: a session lasts a second at the least", () => {
  assertStringIncludes(refused({ ttlMs: 999 }), "at ttlMs, it is 999");
  assertStringIncludes(refused({ maxLifetimeMs: NaN }), "at maxLifetimeMs, it is NaN");
});
