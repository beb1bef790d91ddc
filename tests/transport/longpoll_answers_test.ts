import { assertEquals } from "@std/assert";
import { answer, LaterAnswer, preflight, refused } from "../../src/transport/longpoll_answers.ts";

const HEADERS = {
  "access-control-allow-origin": "*",
  "cache-control": "no-store",
  "content-type": "application/json; charset=utf-8",
};

Deno.test("An answer to a long-poll client is JSON that any page may read and nobody keeps", async () => {
  const response = answer({ status: 204, token: "t", messages: [] });
  assertEquals([response.status, Object.fromEntries(response.headers)], [200, HEADERS] as never);
  assertEquals(await response.text(), '{"status":204,"token":"t","messages":[]}');
});

Deno.test("An answer that follows later has its headers at once", async () => {
  let abandoned = false;
  const later = new LaterAnswer(() => abandoned = true);
  assertEquals([later.response.status, Object.fromEntries(later.response.headers)], [200, HEADERS] as never);
  later.give({ status: 200, messages: ["é"] });
  assertEquals(await later.response.text(), '{"status":200,"messages":["é"]}');
  assertEquals(abandoned, false);
});

Deno.test("An answer for a client that has gone is nobody's, and no error", async () => {
  let abandoned = false;
  const later = new LaterAnswer(() => abandoned = true);
  await later.response.body!.cancel();
  assertEquals(abandoned, true);
  later.give({ status: 200 });
});

Deno.test("A refusal is 403 in the body, or 500 if the server is at fault: phoenix.js knows no other", async () => {
  const cases: [number, number, number, string | null][] = [
    [400, 200, 403, null],
    [403, 200, 403, null],
    [429, 200, 403, null],
    [500, 500, 500, null],
    [502, 502, 500, null],
    [503, 503, 500, "1"],
  ];
  for (const [status, http, inBody, retryAfter] of cases) {
    const response = refused({ status, reason: "why", details: { max: 1, status: "no" } });
    assertEquals(response.status, http);
    assertEquals(await response.json(), { status: inBody, reason: "why", max: 1 });
    assertEquals(response.headers.get("retry-after"), retryAfter);
    assertEquals(response.headers.get("access-control-allow-origin"), "*");
  }
  const later = refused({ status: 503, reason: "why", headers: { "retry-after": "30" } });
  assertEquals(later.headers.get("retry-after"), "30");
});

Deno.test("A preflight names the headers that were asked for, and none if none were", () => {
  const ask = (headers: HeadersInit): Record<string, string> =>
    Object.fromEntries(preflight(new Request("http://host/", { method: "OPTIONS", headers })).headers);
  const common = {
    "access-control-allow-methods": "GET, POST, OPTIONS",
    "access-control-allow-origin": "*",
    "access-control-max-age": "3600",
  };
  assertEquals(ask({}), common);
  assertEquals(ask({ "access-control-request-headers": "a, b" }), {
    "access-control-allow-headers": "a, b",
    ...common,
  });
});
