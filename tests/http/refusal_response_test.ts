import { assertEquals } from "@std/assert";
import { refusalResponse } from "../../src/http/refusal_response.ts";

Deno.test("A refusal is JSON with a reason, details and headers, and nobody keeps it", async () => {
  const response = refusalResponse(503, "full", { limit: 3 }, { "retry-after": "1" });
  assertEquals(response.status, 503);
  assertEquals(response.headers.get("content-type"), "application/json");
  assertEquals(response.headers.get("cache-control"), "no-store");
  assertEquals(response.headers.get("retry-after"), "1");
  assertEquals(await response.json(), { reason: "full", limit: 3 });
});
