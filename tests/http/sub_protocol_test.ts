import { assertEquals } from "@std/assert";
import { chooseSubProtocol } from "../../src/http/sub_protocol.ts";

const bearer = (token: string): string => `base64url.bearer.phx.${btoa(token)}`;

Deno.test("Without an offer no sub-protocol is chosen, whatever is accepted", () => {
  assertEquals(chooseSubProtocol(null, []), { chosen: null, token: null });
  assertEquals(chooseSubProtocol(null, ["chat"]), { chosen: null, token: null });
});

Deno.test("The server's preference decides among the sub-protocols that are offered", () => {
  assertEquals(chooseSubProtocol("b, a", ["a", "b"])?.chosen, "a");
  assertEquals(chooseSubProtocol("b,c", ["a", "b"])?.chosen, "b");
});

Deno.test("An offer without any accepted sub-protocol is refused", () => {
  assertEquals(chooseSubProtocol("c", ["a", "b"]), null);
});

Deno.test("Where none is accepted, offers are ignored", () => {
  assertEquals(chooseSubProtocol("chat", []), { chosen: null, token: null });
});

Deno.test("phoenix's token is read, and answered with phoenix, or the browser would fail", () => {
  assertEquals(chooseSubProtocol(`phoenix, ${bearer("s3cret")}`, []), { chosen: "phoenix", token: "s3cret" });
  assertEquals(chooseSubProtocol(`phoenix, ${bearer("s3cret")}`, ["chat"]), {
    chosen: "phoenix",
    token: "s3cret",
  });
  assertEquals(chooseSubProtocol(`chat, ${bearer("t")}`, ["chat"]), { chosen: "chat", token: "t" });
});

Deno.test("A token may be in either base64 alphabet, with or without padding", () => {
  const token = "ÿþ?>ÿ";
  const standard = btoa(String.fromCharCode(...new TextEncoder().encode(token)));
  const urlSafe = standard.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  for (const text of [standard, urlSafe]) {
    assertEquals(chooseSubProtocol(`phoenix, base64url.bearer.phx.${text}`, [])?.token, token);
  }
});

Deno.test("A token that cannot be read is none", () => {
  for (const text of ["%", "a", "/w=="]) { // no base64, no whole byte, no UTF-8
    assertEquals(chooseSubProtocol(`phoenix, base64url.bearer.phx.${text}`, [])?.token, null);
  }
});
