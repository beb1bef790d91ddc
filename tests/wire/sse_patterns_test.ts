import { assertEquals } from "@std/assert";
import { deadline } from "@std/async/deadline";
import { App } from "../../mod.ts";
import { PATIENCE_MS } from "../app/phoenix_client.ts";

Deno.test("an EventSource may follow a pattern: its stream has what all topics publish that it covers", async () => {
  const app = new App().topic("room:{id}", {}).patterns("room:*", { match: () => true });
  const server = app.listen({ port: 0, signals: false });
  const source = new EventSource(`http://127.0.0.1:${server.port}/socket/sse?topic=room:*`);
  const next = (event: string): Promise<unknown> =>
    deadline(
      new Promise((resolve) =>
        source.addEventListener(event, (e) => resolve(JSON.parse((e as MessageEvent).data)), { once: true })
      ),
      PATIENCE_MS,
    );
  await next("troupe:joined");
  const matched = next("troupe:matched");
  app.broadcast("room:1", "said", { n: 1 });
  assertEquals(await matched, { topic: "room:1", event: "said", payload: { n: 1 } });
  source.close();
  await server.close();
});
