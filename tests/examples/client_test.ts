import { assertEquals } from "@std/assert";
import { converse } from "../../examples/client.ts";
import app from "../../examples/room.ts";

Deno.test("the example of our client says and hears in the example's room", async () => {
  const server = app.listen({ port: 0, signals: false });
  try {
    const url = `http://127.0.0.1:${server.port}/socket`;
    assertEquals(await converse(url, "of Ada", ["hello", "is anybody there?"]), [
      "Ada: hello",
      "Ada: is anybody there?",
    ]);
  } finally {
    await server.close();
  }
});
