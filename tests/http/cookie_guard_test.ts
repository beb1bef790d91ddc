import { assertEquals, assertThrows } from "@std/assert";
import { cookieCheck, withoutCookies } from "../../src/http/cookie_guard.ts";
import { TroupeError } from "../../mod.ts";

function from(headers: Record<string, string>): Request {
  return new Request("https://chat.example/socket", { headers: { cookie: "session=s1", ...headers } });
}

const NAMED = from({ origin: "https://chat.example" });
const SILENT = from({});
const SAME_SITE = from({ "sec-fetch-site": "same-origin" });
const CROSS_SITE = from({ "sec-fetch-site": "cross-site" });

Deno.test("Cookies are believed of an allowed origin, and of a browser's own page that names none", () => {
  for (const policy of ["same", ["https://chat.example"], () => true] as const) {
    for (const cookies of [undefined, "allowed-origins"] as const) {
      const believes = cookieCheck(policy, cookies);
      assertEquals([NAMED, SILENT, SAME_SITE, CROSS_SITE].map(believes), [true, false, true, false]);
    }
  }
});

Deno.test("With the origin policy any, no cookies are believed; asking for them fails at start", () => {
  const believes = cookieCheck("any", undefined);
  assertEquals([NAMED, SILENT, SAME_SITE, CROSS_SITE].map(believes), [false, false, false, false]);
  const error = assertThrows(() => cookieCheck("any", "allowed-origins"), TroupeError);
  assertEquals(error.code, "cookies_need_origins");
});

Deno.test("any-origin believes all cookies", () => {
  const believes = cookieCheck("any", "any-origin");
  assertEquals([NAMED, SILENT, CROSS_SITE].map(believes), [true, true, true]);
});

Deno.test("withoutCookies leaves the rest of the request as it was, and its body alone", async () => {
  const request = new Request("https://chat.example/socket?a=1", {
    method: "POST",
    headers: { cookie: "session=s1", "x-own": "1" },
    body: "the body",
  });
  const seen = withoutCookies(request);
  assertEquals([seen.url, seen.method], [request.url, "POST"]);
  assertEquals([seen.headers.get("cookie"), seen.headers.get("x-own"), seen.body], [null, "1", null]);
  assertEquals(await request.text(), "the body");
});
