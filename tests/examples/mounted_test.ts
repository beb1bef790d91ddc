// Runs examples/mounted.ts.
import { assertEquals } from "@std/assert";
import { Socket } from "phoenix";
import { close, serve } from "../../examples/mounted.ts";

Deno.test("examples/mounted.ts serves the app below a path, and the rest of the site", async () => {
  const server = serve(0);
  const at = `127.0.0.1:${server.addr.port}`;
  assertEquals(await (await fetch(`http://${at}/about`)).text(), "the rest of the site");
  const socket = new Socket(`ws://${at}/realtime/socket`);
  socket.connect();
  const channel = socket.channel("news:today");
  const heard = new Promise((resolve) => channel.on("line", resolve));
  await new Promise((resolve, reject) => channel.join().receive("ok", resolve).receive("error", reject));
  assertEquals(await (await fetch(`http://${at}/publish`)).text(), "published");
  assertEquals(await heard, { text: "something has happened" });
  socket.disconnect();
  await close();
  await server.shutdown();
});
