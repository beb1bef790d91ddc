import { assertEquals, assertStringIncludes } from "@std/assert";
import { handshakeFault } from "../../src/transport/handshake.ts";

const handshake = (headers: Record<string, string>, method = "GET"): Request =>
  new Request("http://app.example/echo", {
    method,
    headers: {
      connection: "keep-alive, Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      ...headers,
    },
  });

Deno.test("What is no handshake is refused, naming the fault", () => {
  assertEquals(handshakeFault(handshake({})), null);
  assertEquals(handshakeFault(handshake({ upgrade: "WebSocket" })), null);
  const faults: [Request, string, number][] = [
    [handshake({}, "POST"), "POST", 405],
    [handshake({ connection: "keep-alive" }), "connection", 426],
    [handshake({ upgrade: "h2c" }), "upgrade", 426],
    [handshake({ "sec-websocket-version": "8" }), "got 8", 426],
    [
      new Request("http://app.example/", { headers: { connection: "upgrade", upgrade: "websocket" } }),
      "got none",
      426,
    ],
  ];
  for (const [request, text, status] of faults) {
    const fault = handshakeFault(request)!;
    assertStringIncludes(String(fault.details?.message), text);
    assertEquals(fault.status, status);
  }
  const keyless = handshake({});
  keyless.headers.delete("sec-websocket-key");
  assertStringIncludes(String(handshakeFault(keyless)?.details?.message), "sec-websocket-key");
  assertEquals(handshakeFault(keyless)?.status, 400);
});
