import { assertEquals } from "@std/assert";
import { urlOf } from "../../src/app/incoming.ts";

Deno.test("urlOf: a request that has no URL which can be read has none", () => {
  assertEquals(urlOf(new Request("http://host/path"))?.pathname, "/path");
  assertEquals(urlOf({ url: "http://a b/" } as Request), null);
});
