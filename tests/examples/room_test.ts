// Runs examples/room.ts.
import { assertEquals } from "@std/assert";
import app from "../../examples/room.ts";
import { sayOnce } from "../../examples/stock_client.ts";

Deno.test("examples/room.ts serves a room to a stock client", async () => {
  const server = app.listen({ port: 0, signals: false });
  const { id, heard } = await sayOnce(`ws://127.0.0.1:${server.port}/socket`, "7", "hello");
  assertEquals(heard, { id, by: "Ada", text: "hello" });
  await server.close();
});
