import { assertEquals } from "@std/assert";
import { sseCodec, type SseReply } from "../../src/protocol/sse.ts";
import {
  closedResponse,
  joinRefusal,
  joinRefusalStatus,
  replyResponse,
  shared,
} from "../../src/transport/sse_answers.ts";

const reply = (status: string, response: unknown): SseReply =>
  sseCodec.reply("0", "1", "room:1", status, response) as SseReply;

Deno.test("A reply is answered as it is; an overload with 503, a limit with 429, and when to try again", async () => {
  const cases: [SseReply, number, string | null][] = [
    [reply("ok", { retryAfterMs: 5 }), 200, null],
    [reply("error", { reason: "not_today" }), 200, null],
    [reply("error", "text"), 200, null],
    [reply("error", { reason: "overloaded" }), 503, "1"],
    [reply("error", { reason: "overloaded", retryAfterMs: 4_200 }), 503, "5"],
    [reply("error", { reason: "too_fast", retryAfterMs: 100 }), 429, "1"],
  ];
  for (const [given, status, retryAfter] of cases) {
    const response = replyResponse(given);
    assertEquals([response.status, response.headers.get("retry-after")], [status, retryAfter]);
    assertEquals(await response.text(), given.data);
  }
});

Deno.test("A refused join has a status by its reason, and always a reason", async () => {
  assertEquals(joinRefusalStatus({ reason: "topic_unavailable", retryAfterMs: 100 }), 503);
  assertEquals(joinRefusalStatus({ reason: "invalid_payload" }), 400);
  assertEquals(joinRefusalStatus(undefined), 403);
  const response = joinRefusal(["x"]);
  assertEquals([response.status, await response.json()], [403, { reason: "refused", response: ["x"] }]);
});

Deno.test("The answer to a request whose connection ended says how", async () => {
  const statuses = [1000, 1008, 1009, 1011, 1012, 1013, 1001, 4401, 4000].map((code) =>
    closedResponse(code, "x").status
  );
  assertEquals(statuses, [403, 403, 413, 500, 503, 503, 503, 503, 503]);
  assertEquals(closedResponse(1001, "x", 410).status, 410);
  assertEquals(await closedResponse(1012, "bye").json(), {
    reason: "connection_closed",
    code: 1012,
    message: "bye",
  });
});

Deno.test("An answer of the application's that cannot be changed is shared all the same", () => {
  const response = shared(Response.redirect("http://elsewhere.example/", 303), "https://page.example");
  assertEquals(response.status, 303);
  assertEquals(response.headers.get("location"), "http://elsewhere.example/");
  assertEquals(response.headers.get("access-control-allow-origin"), "https://page.example");
});
