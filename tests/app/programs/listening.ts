/** An app that listens by itself, and a program that goes on after its end. */

import { App } from "../../../mod.ts";

const say = (line: string): void => void Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));

const app = new App().topic("room:*", {
  leave: (_ctx, { kind }) => say(`left: ${kind}`),
  on: { hang: () => new Promise(() => {}) },
});
const server = app.listen({ port: 0, deadlineMs: Number(Deno.args[0]) });
say(`port: ${server.port}`);
await server.finished;
say("finished");
