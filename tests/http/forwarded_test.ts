import { assertEquals, assertThrows } from "@std/assert";
import { TroupeError } from "../../src/base/errors.ts";
import { ForwardedFor } from "../../src/http/forwarded.ts";

const PROXIES = ["10.0.0.0/8", "2001:db8::/64"];

function xff(value: string, remote = "10.0.0.1"): string {
  return new ForwardedFor(PROXIES).client(remote, new Headers({ "x-forwarded-for": value }));
}

function forwarded(value: string, remote = "10.0.0.1"): string {
  return new ForwardedFor(PROXIES, "forwarded").client(remote, new Headers({ forwarded: value }));
}

Deno.test("ForwardedFor trusts nobody unless told to", () => {
  const headers = new Headers({ "x-forwarded-for": "192.0.2.1", forwarded: "for=192.0.2.1" });
  assertEquals(new ForwardedFor().client("10.0.0.1", headers), "10.0.0.1");
  assertEquals(new ForwardedFor(PROXIES).client("203.0.113.1", headers), "203.0.113.1");
  assertEquals(new ForwardedFor(PROXIES).client("", headers), "");
});

Deno.test("ForwardedFor reads X-Forwarded-For from the right, past the proxies that are trusted", () => {
  assertEquals(xff("192.0.2.1"), "192.0.2.1");
  assertEquals(xff("6.6.6.6, 192.0.2.1, 10.9.9.9"), "192.0.2.1", "further left is what the client claims");
  assertEquals(xff("192.0.2.1:4711"), "192.0.2.1");
  assertEquals(xff("[2001:db9::1]:4711"), "2001:db9::1");
  assertEquals(xff("::ffff:192.0.2.1"), "192.0.2.1");
  assertEquals(xff("10.0.0.2,10.0.0.3"), "10.0.0.2", "all of them are proxies: the first one asked");
});

Deno.test("ForwardedFor stops at the proxy whose word it cannot read", () => {
  assertEquals(xff(""), "10.0.0.1");
  assertEquals(xff("192.0.2.1, unknown, 10.0.0.2"), "10.0.0.2");
  assertEquals(xff("192.0.2.1,"), "10.0.0.1");
  assertEquals(new ForwardedFor(PROXIES).client("10.0.0.1", new Headers()), "10.0.0.1");
});

Deno.test("ForwardedFor reads one header, not the other that a client may have sent", () => {
  const headers = new Headers({ "x-forwarded-for": "192.0.2.1", forwarded: "for=6.6.6.6" });
  assertEquals(new ForwardedFor(PROXIES).client("10.0.0.1", headers), "192.0.2.1");
  assertEquals(new ForwardedFor(PROXIES, "forwarded").client("10.0.0.1", headers), "6.6.6.6");
});

Deno.test("ForwardedFor reads Forwarded as RFC 7239 has it", () => {
  assertEquals(forwarded("for=192.0.2.60;proto=http;by=203.0.113.43"), "192.0.2.60");
  assertEquals(forwarded('proto=https; For="[2001:db9:cafe::17]:4711"'), "2001:db9:cafe::17");
  assertEquals(forwarded('for=192.0.2.43, for="10.1.1.1:80"'), "192.0.2.43");
  assertEquals(forwarded('for=6.6.6.6, for=192.0.2.43, for="[2001:db8::5]"'), "192.0.2.43");
  assertEquals(forwarded("for=192.0.2.43, for=_hidden"), "10.0.0.1");
  assertEquals(forwarded("for=192.0.2.43, for=unknown, for=10.0.0.7"), "10.0.0.7");
  assertEquals(forwarded("by=203.0.113.43"), "10.0.0.1");
});

Deno.test("ForwardedFor: a quote that a client leaves open swallows nothing of what a proxy has appended", () => {
  assertEquals(forwarded('for="6.6.6.6, for=192.0.2.43'), "192.0.2.43");
  assertEquals(forwarded('for="a, for="192.0.2.43:1"'), "192.0.2.43");
  assertEquals(forwarded('x="a;b,c";for=192.0.2.43'), "192.0.2.43");
});

Deno.test("ForwardedFor refuses what is no network at the start", () => {
  assertThrows(() => new ForwardedFor(["proxy.example"]), TroupeError, "proxy.example");
});

Deno.test("ForwardedFor follows no more than 32 proxies, however many a client names", () => {
  assertEquals(xff("192.0.2.1, " + "10.0.0.2, ".repeat(30) + "10.0.0.3"), "192.0.2.1");
  assertEquals(xff("192.0.2.1, " + "10.0.0.2, ".repeat(31) + "10.0.0.3"), "10.0.0.2");
  assertEquals(forwarded("for=192.0.2.1, " + "for=10.0.0.2, ".repeat(31) + "for=10.0.0.3"), "10.0.0.2");
  assertEquals(forwarded(",".repeat(100_000) + "for=192.0.2.1"), "192.0.2.1");
});
