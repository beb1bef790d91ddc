import { assertEquals, assertThrows } from "@std/assert";
import { Router } from "../../src/http/router.ts";
import { TroupeError } from "../../src/base/errors.ts";

function badPath(action: () => unknown, message: string): void {
  assertEquals(assertThrows(action, TroupeError, message).code, "bad_path");
}

Deno.test("A router finds an exact path, a trailing slash aside", () => {
  const router = new Router<string>();
  router.add("/socket", "it");
  for (const path of ["/socket", "/socket/"]) assertEquals(router.find(path)?.value, "it");
  for (const path of ["/", "/socke", "/socket/x", "/Socket", "//socket"]) {
    assertEquals(router.find(path), null);
  }
});

Deno.test("A router finds a URL pattern and hands out its parameters, decoded", () => {
  const router = new Router<string>();
  router.add("/feeds/:name", "feed");
  assertEquals({ ...router.find("/feeds/news")?.params }, { name: "news" });
  assertEquals({ ...router.find("/feeds/%C3%A4%20b")?.params }, { name: "ä b" });
  assertEquals({ ...router.find("/feeds/%ff")?.params }, { name: "%ff" }, "no UTF-8 stays as it came");
  assertEquals(router.find("/feeds/a/b"), null);
});

Deno.test("A router's parameters have no prototype to be found through", () => {
  const router = new Router<string>();
  router.add("/feeds/:name", "feed");
  assertEquals(router.find("/feeds/x")?.params.constructor, undefined);
});

Deno.test("A router prefers exact paths, then patterns in the order in which they were added", () => {
  const router = new Router<string>();
  router.add("/a/:x", "first pattern");
  router.add("/:y/b", "second pattern");
  router.add("/a/exact", "exact");
  assertEquals(router.find("/a/exact")?.value, "exact");
  assertEquals(router.find("/a/b")?.value, "first pattern");
  assertEquals(router.find("/c/b")?.value, "second pattern");
});

Deno.test("A router's paths begin at its base path", () => {
  const router = new Router<string>("/realtime/");
  router.add("/socket", "exact");
  router.add("/feeds/:name?", "pattern");
  router.add("/", "root");
  assertEquals(router.find("/realtime/socket")?.value, "exact");
  assertEquals(router.find("/realtime/feeds")?.value, "pattern");
  assertEquals(router.find("/realtime")?.value, "root");
  assertEquals(router.find("/socket"), null);
});

Deno.test("A router takes paths as people write them, and finds them as URLs have them", () => {
  const router = new Router<string>();
  router.add("/größe", "it");
  assertEquals(router.find(new URL("http://host/größe").pathname)?.value, "it");
});

Deno.test("A router refuses at once what could never be found", () => {
  const router = new Router<string>();
  badPath(() => new Router("realtime"), 'Cannot use the path "realtime": a path begins with /');
  badPath(() => router.add("socket", ""), "begins with /");
  badPath(() => router.add("", ""), "begins with /");
  badPath(() => router.add("/socket?vsn=2", ""), "no query");
  badPath(() => router.add("/socket#top", ""), "no fragment");
  badPath(() => router.add("/a/:x(", ""), "it is no URL pattern");
});

Deno.test("A router refuses a path that is there already", () => {
  const router = new Router<string>();
  router.add("/a", "");
  router.add("/b/:c", "");
  badPath(() => router.add("/a/", ""), "it is there already");
  badPath(() => router.add("/b/:c", ""), "it is there already");
});
