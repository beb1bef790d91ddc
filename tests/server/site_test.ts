import { assertEquals, assertFalse, assertMatch, assertStringIncludes } from "@std/assert";
import { answerSite } from "../../src/server/site.ts";

const at = (path: string, method = "GET"): Response =>
  answerSite(new Request(`http://localhost:8000${path}`, { method }));

for (
  const [path, type, part] of [
    ["/", "text/html; charset=utf-8", "<title>Troupe chat</title>"],
    ["/?room=den", "text/html; charset=utf-8", "<title>"],
    ["/chat.js", "text/javascript; charset=utf-8", "phx_join"],
    ["/tabs.js", "text/javascript; charset=utf-8", "onconnect"],
    ["/style.css", "text/css; charset=utf-8", "prefers-color-scheme: dark"],
    ["/icon.svg", "image/svg+xml", "<svg"],
    ["/healthz", "text/plain; charset=utf-8", "ok"],
  ]
) {
  Deno.test(`GET ${path} answers ${type}`, async () => {
    const response = at(path);
    assertEquals([response.status, response.headers.get("content-type")], [200, type]);
    assertStringIncludes(await response.text(), part);
  });
}

Deno.test("every answer carries the security headers", () => {
  for (const response of [at("/"), at("/chat.js"), at("/nowhere"), at("/", "POST")]) {
    const policy = response.headers.get("content-security-policy") ?? "";
    for (const directive of ["default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"]) {
      assertStringIncludes(policy, directive);
    }
    assertFalse(policy.includes("unsafe"));
    assertEquals(response.headers.get("x-content-type-options"), "nosniff");
    assertEquals(response.headers.get("referrer-policy"), "no-referrer");
    assertEquals(response.headers.get("cross-origin-opener-policy"), "same-origin");
  }
});

Deno.test("the page holds nothing inline, and loads nothing from elsewhere", async () => {
  const page = await at("/").text();
  assertFalse(/<script(?![^>]*\bsrc=)/.test(page));
  assertFalse(/<style|\sstyle=|\son\w+=/.test(page));
  assertFalse(/https?:\/\//.test(page));
  assertMatch(page, /<html lang="en">/);
});

Deno.test("other methods are refused with what is accepted", async () => {
  const response = at("/", "POST");
  assertEquals([response.status, response.headers.get("allow")], [405, "GET, HEAD"]);
  assertEquals(await response.json(), { reason: "method_not_allowed" });
});

Deno.test("an unknown path is not found", async () => {
  for (const path of ["/nowhere", "/page/index.html", "//", "/%2e%2e/main.ts"]) {
    const response = at(path);
    assertEquals([response.status, await response.json()], [404, { reason: "not_found" }]);
  }
});
