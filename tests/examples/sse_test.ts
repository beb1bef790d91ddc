// Runs examples/sse.ts against the room of examples/room.ts.
import { assertEquals } from "@std/assert";
import app from "../../examples/room.ts";
import { sayOnce } from "../../examples/sse.ts";

Deno.test("examples/sse.ts joins a room by EventSource, and hears what it says", async () => {
  const server = app.listen({ port: 0, signals: false });
  const { reply, heard } = await sayOnce(`http://127.0.0.1:${server.port}`, "7", "hello");
  const { id } = heard as { id: string };
  assertEquals(heard, { id, by: "Ada", text: "hello" });
  assertEquals(reply, { status: "ok", response: { id } });
  await server.close();
});
