import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { App, TroupeError } from "../../mod.ts";
import { selfSigned } from "../certificate.ts";
import { testWith } from "../optional.ts";
import { ChannelClient } from "./client.ts";

testWith("openssl", "listen: with a certificate and its key it serves https and wss", async (openssl) => {
  await using certificate = await selfSigned(openssl);
  const { cert, key } = certificate;
  const app = new App().topic("room:{id}", {});
  await using server = app.listen({ port: 0, signals: false, cert, key });
  using client = Deno.createHttpClient({ caCerts: [cert] });
  const response = await fetch(`https://127.0.0.1:${server.port}/nowhere`, { client });
  assertEquals([response.status, await response.json()], [404, { reason: "not_found" }]);
  // A page of this origin, over TLS.
  const headers = { origin: `https://127.0.0.1:${server.port}` };
  const channels = await ChannelClient.open(`wss://127.0.0.1:${server.port}/socket`, { headers, client });
  assertEquals(await channels.join("room:1"), { status: "ok", response: {} });
  await channels.close();
});

Deno.test("listen: a certificate and its key go together, and are PEM; anything else fails at start", () => {
  const app = new App();
  const pem = "-----BEGIN CERTIFICATE-----\n";
  const cases: [object, string][] = [
    [{ cert: pem }, "cert and key go together"],
    [{ key: pem }, "cert and key go together"],
    [{ cert: "/etc/cert.pem", key: pem }, 'at cert: expected a text in PEM, which begins with "-----BEGIN "'],
    [{ cert: pem, key: 7 }, "at key: expected a text in PEM, got a number"],
  ];
  for (const [options, message] of cases) {
    const error = assertThrows(() => app.listen({ port: 0, signals: false, ...options }), TroupeError);
    assertEquals(error.code, "invalid_options");
    assertStringIncludes(error.message, message);
  }
  assertThrows(() => app.listen({ port: 0, signals: false, cert: pem, key: pem }), Deno.errors.InvalidData);
});
