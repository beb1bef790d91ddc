import { assertEquals } from "@std/assert";
import { ConnectionInfo } from "../../src/sessions/connection_info.ts";

const info = new ConnectionInfo(
  "id-1",
  "http://app.example/socket/websocket?vsn=2.0.0",
  new Headers([
    ["cookie", "a=1; b=2"],
    ["set-cookie", "x=1"],
    ["set-cookie", "y=2"],
    ["user-agent", "test: with a colon"],
    ["connection", "Upgrade"],
    ["upgrade", "websocket"],
    ["sec-websocket-key", "secret"],
    ["sec-websocket-protocol", "phoenix, base64url.bearer.phx.c2VjcmV0"],
  ]),
  "203.0.113.7",
  "phoenix",
);

Deno.test("The headers of the handshake can be read later, those of the handshake itself left out", () => {
  const { headers } = info;
  assertEquals([...headers.keys()].sort(), ["cookie", "set-cookie", "set-cookie", "user-agent"]);
  assertEquals(headers.get("user-agent"), "test: with a colon");
  assertEquals(headers.getSetCookie(), ["x=1", "y=2"]);
});

Deno.test("Each look at the headers or the URL gives a copy of its own", () => {
  info.headers.set("user-agent", "changed");
  info.url.searchParams.set("vsn", "9");
  assertEquals(info.headers.get("user-agent"), "test: with a colon");
  assertEquals(info.url.searchParams.get("vsn"), "2.0.0");
});
