import { assertEquals } from "@std/assert";
import { answerReadiness } from "../../src/server/readyz.ts";
import { RawClient } from "./raw_client.ts";
import { ServerProcess } from "./server_process.ts";

async function answer(path: string, readiness = { ready: true, reasons: [] as string[] }, method = "GET") {
  const response = answerReadiness(new Request(`http://host${path}`, { method }), { readiness });
  return response === null ? null : [response.status, await response.json()];
}

Deno.test("/readyz: 200 while new clients are welcome, else 503 with the reasons; other paths are not its own", async () => {
  assertEquals(await answer("/readyz"), [200, { ready: true, reasons: [] }]);
  const not = { ready: false, reasons: ["draining"] };
  assertEquals(await answer("/readyz", not), [503, not]);
  assertEquals(await answer("/healthz"), null);
  assertEquals(await answer("/readyz", not, "POST"), [405, { reason: "method_not_allowed" }]);
});

Deno.test("On SIGTERM the server is not ready first, stays healthy while it drains, closes with 1012, ends with 0", async () => {
  await using server = await ServerProcess.start(["--port", "0", "--drain-ms", "9999999"]);
  const get = async (path: string): Promise<[number, string]> => {
    const response = await fetch(new URL(path, server.url));
    return [response.status, await response.text()];
  };
  assertEquals(await get("readyz"), [200, '{"ready":true,"reasons":[]}']);
  const clients = [];
  for (let i = 0; i < 2; i++) clients.push(await RawClient.open(server.ws("/socket/websocket?vsn=2.0.0")));
  await get("healthz"); // a round trip later the server's side of them is open, too
  server.signal("SIGTERM");
  // The first batch is closed at once, the second after half of a long time.
  assertEquals((await Promise.race(clients.map(({ closed }) => closed))).code, 1012);
  assertEquals(await get("readyz"), [503, '{"ready":false,"reasons":["draining"]}']);
  assertEquals(await get("healthz"), [200, "ok\n"]);
  await Promise.all(clients.map((client) => client.close()));
  assertEquals((await server.ended).code, 0); // there is nobody left to wait for
});

Deno.test("A drain that nobody is there for takes no time", async () => {
  await using server = await ServerProcess.start(["--port", "0", "--drain-ms", "9999999"]);
  assertEquals((await server.end()).code, 0);
});
