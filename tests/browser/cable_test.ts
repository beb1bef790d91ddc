import { assertEquals, assertRejects } from "@std/assert";
import { Cable } from "./cable.ts";

const serve = (port: number): Deno.HttpServer<Deno.NetAddr> =>
  Deno.serve({ hostname: "127.0.0.1", port, onListen() {} }, () => new Response("here"));

/** What a browser gets over the cable, by a connection of its own. */
async function get(cable: Cable): Promise<string> {
  const response = await fetch(cable.url, { headers: { connection: "close" } });
  return await response.text();
}

Deno.test("a cable breaks connections while it is cut, and while there is no server behind it", async () => {
  const first = serve(0);
  const { port } = first.addr;
  await using cable = new Cable(port);
  assertEquals(await get(cable), "here");
  cable.cut();
  await assertRejects(() => get(cable), TypeError);
  cable.mend();
  assertEquals(await get(cable), "here");
  await first.shutdown();
  await assertRejects(() => get(cable), TypeError);
  await using _second = serve(port);
  assertEquals(await get(cable), "here");
});
