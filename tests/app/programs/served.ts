/** An app for `deno serve`: it ends the process by itself when it is told to. */

import { App } from "../../../mod.ts";

const app: App = new App({ signals: true, fallback: () => new Response("the site") }).topic("room:*", {
  async leave(_ctx, { kind }) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    Deno.stdout.writeSync(new TextEncoder().encode(`left: ${kind}\n`));
  },
  on: { hang: () => new Promise(() => {}) },
});

export default app;
