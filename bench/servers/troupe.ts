/**
 * The engine, as an application would use it: the component `/echo`, the topics `plain:*` without a contract and
 * `checked:{id}` with one. All limits are the defaults.
 *
 * @module
 */

import { z } from "zod";
import { App, defineTopic } from "../../mod.ts";
import { announce, collectGarbage } from "./process.ts";

const text = z.object({ text: z.string().max(500) });
const Checked = defineTopic("checked:{id}", {
  client: { echo: { payload: text, reply: text } },
});

const app = new App({
  fallback: collectGarbage,
})
  .component("/echo", { message: (connection, data) => connection.send(data) })
  .topic("plain:*", {
    on: {
      echo: (_ctx, payload) => payload,
      say: (ctx, payload) => ctx.broadcast("said", payload),
    },
  })
  .topic(Checked, { on: { echo: (_ctx, payload) => payload } });
announce(app.listen({ port: 0 }).port);
