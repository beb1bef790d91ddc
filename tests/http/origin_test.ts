import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import { originCheck, type OriginPolicy } from "../../src/http/origin.ts";
import { TroupeError } from "../../src/base/errors.ts";

/** Whether a page of `origin` may connect to `host`. */
function allows(policy: OriginPolicy, origin: string | null, host = "chat.example"): boolean {
  const headers = new Headers({ host, ...(origin !== null && { origin }) });
  return originCheck(policy)(new Request("http://chat.example/socket", { headers }));
}

Deno.test("Origin `same` lets pages of the host in, and no others", () => {
  assert(allows("same", "https://chat.example"));
  assert(allows("same", "http://CHAT.example"));
  assert(allows("same", "http://chat.example:8443", "chat.example:8443"));
  assertFalse(allows("same", "https://evil.example"));
  assertFalse(allows("same", "https://chat.example.evil.example"));
  assertFalse(allows("same", "http://chat.example:8443"));
  assertFalse(allows("same", "null"));
  assertFalse(allows("same", "no url"));
});

Deno.test("Origin `same` takes a scheme's own port for none", () => {
  assert(allows("same", "https://chat.example", "chat.example:443"));
  assert(allows("same", "http://chat.example", "chat.example:80"));
  assertFalse(allows("same", "http://chat.example", "chat.example:443"));
});

Deno.test("A request without an origin passes under every policy", () => {
  for (const policy of ["same", "any", ["https://a.example"], () => false] as const) {
    assert(allows(policy, null));
  }
});

Deno.test("Origin `any` lets everybody in", () => {
  assert(allows("any", "https://evil.example"));
  assert(allows("any", "null"));
});

Deno.test("A list of origins: scheme, host and port count; // leaves the scheme open", () => {
  assert(allows(["https://a.example"], "https://a.example"));
  assertFalse(allows(["https://a.example"], "http://a.example"));
  assertFalse(allows(["https://a.example"], "https://a.example:8443"));
  assertFalse(allows(["https://a.example"], "https://b.example"));
  assert(allows(["//a.example"], "http://a.example"));
  assert(allows(["//a.example"], "https://a.example:8443"));
  assert(allows(["//a.example:8443"], "https://a.example:8443"));
  assertFalse(allows(["//a.example:8443"], "https://a.example"));
  assert(allows(["//a.example:443"], "https://a.example"));
  assertFalse(allows(["//a.example:80"], "http://a.example:8080"));
  assert(allows(["https://b.example", "https://a.example/"], "https://a.example"));
  assert(allows(["chrome-extension://abcdef"], "chrome-extension://abcdef"));
  assertFalse(allows([], "https://a.example"));
});

Deno.test("A list of origins: * stands for any subdomain, but not for the domain itself", () => {
  assert(allows(["https://*.a.example"], "https://x.a.example"));
  assert(allows(["//*.a.example"], "http://x.y.a.example"));
  assertFalse(allows(["//*.a.example"], "https://a.example"));
  assertFalse(allows(["//*.a.example"], "https://xa.example"));
});

Deno.test("An origin function decides with true, and with nothing else", () => {
  assert(allows((origin) => origin.endsWith(".example"), "https://a.example"));
  assertFalse(allows(() => false, "https://a.example"));
  const careless = (() => Promise.resolve(false)) as unknown as () => boolean;
  assertFalse(allows(careless, "https://a.example"), "a promise is no yes");
});

Deno.test("An origin function sees the request", () => {
  assert(allows((_origin, request) => request.headers.get("host") === "h", "https://a.example", "h"));
});

Deno.test("An entry that is no origin is refused at the start", () => {
  for (const entry of ["", "*", "a.example", "//", "https://", "https://a/path", "//a?x", "https://u@a"]) {
    assertEquals(assertThrows(() => originCheck([entry]), TroupeError, "accepted are").code, "bad_origin");
  }
});
