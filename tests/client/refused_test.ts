import { assertEquals } from "@std/assert";
import { passes } from "../../src/client/refused.ts";

Deno.test("a refusal passes by itself where the server is busy, or its log could not store: not where it says no", () => {
  const reasons = ["overloaded", "rate_limited", "not_stored", "topic_unavailable", "too_many_topics"];
  assertEquals(reasons.filter(passes), reasons);
  assertEquals(["invalid_payload", "too_rude", undefined, 7, null].filter(passes), []);
});
