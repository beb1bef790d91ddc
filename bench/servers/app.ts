import { z } from "zod";
import { App, type AppOptions, defineTopic } from "../../mod.ts";
import { GENEROUS } from "./generous.ts";
import { collectGarbage } from "./process.ts";

const text = z.object({ text: z.string().max(2_000) });
const Checked = defineTopic("checked:{id}", {
  client: { echo: { payload: text, reply: text } },
});

/**
 * The engine, as an application would use it: the component `/echo`, the topics `plain:*` without a contract and
 * `checked:{id}` with one. All limits are the defaults but for those on what one client may do: the load is one client
 * that does all that thousands do.
 */
export function benchApp(options: AppOptions = {}): App {
  return new App({ fallback: collectGarbage, limits: GENEROUS, ...options })
    .component("/echo", { message: (connection, data) => connection.send(data) })
    .topic("plain:*", {
      on: {
        echo: (_ctx, payload) => payload,
        say: (ctx, payload) => ctx.broadcast("said", payload),
      },
    })
    .topic(Checked, { on: { echo: (_ctx, payload) => payload } });
}
