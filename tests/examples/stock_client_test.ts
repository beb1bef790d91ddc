// Runs examples/stock_client.ts against a room of its own.
import { assertEquals } from "@std/assert";
import { App } from "../../mod.ts";
import { sayOnce } from "../../examples/stock_client.ts";

Deno.test("examples/stock_client.ts speaks 2.1.0 with a stock phoenix client", async () => {
  const vsns: (string | undefined)[] = [];
  const app = new App({
    authenticate({ params }) {
      vsns.push(params.vsn);
      return { id: "ada" };
    },
  }).topic("room:{id}", {
    on: {
      say(ctx) {
        ctx.broadcast("said", { text: "heard" });
        return { id: "1" };
      },
    },
  });
  const server = app.listen({ port: 0, signals: false });
  assertEquals(await sayOnce(`ws://127.0.0.1:${server.port}/socket`, "7", "hello"), {
    id: "1",
    heard: { text: "heard" },
  });
  assertEquals(vsns, ["2.1.0"]);
  await server.close();
});
