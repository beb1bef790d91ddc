/** The reverse-proxy recipe of `docs/deploy.md`, behind a real nginx. */

import { get } from "node:http";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { App } from "../../mod.ts";
import { Client } from "../app/client.ts";
import { testWith } from "../optional.ts";
import { startNginx } from "./nginx.ts";

/** What `url` answers to a client at another address of this machine, which claims to be somebody else. */
function textFrom(localAddress: string, url: string): Promise<string> {
  const headers = { "x-forwarded-for": "203.0.113.9" };
  return new Promise((resolve, reject) => {
    get(url, { localAddress, headers }, (response) => {
      response.setEncoding("utf8").on("data", resolve).on("error", reject);
    }).on("error", reject);
  });
}

/** An app behind nginx, and who it thinks its clients are. */
async function behindNginx(
  executable: string,
  run: (host: string, app: App) => Promise<void>,
): Promise<void> {
  const app: App = new App({
    addresses: { trustedProxies: ["127.0.0.1/32"] },
    authenticate: ({ remoteAddress }) => ({ id: remoteAddress }),
    fallback: (_request, remoteAddress) => new Response(remoteAddress),
  })
    .component("/echo", { message: (conn, data) => conn.send(data) })
    .topic("room:*", { join: (ctx) => ({ you: ctx.user.id }) });
  await using listening = app.listen({ port: 0, signals: false });
  await using nginx = await startNginx(executable, listening.port);
  await run(`127.0.0.1:${nginx.port}`, app);
}

testWith(
  "nginx",
  "Deploy: a WebSocket goes through nginx, same origin, in both directions",
  (nginx) =>
    behindNginx(nginx, async (host) => {
      const client = await Client.open(`ws://${host}/echo`, { headers: { origin: `http://${host}` } });
      client.send("through the proxy");
      assertEquals(await client.next(), "through the proxy");
      await client.close();
    }),
);

testWith(
  "nginx",
  "Deploy: a page of another origin is refused behind nginx, too",
  (nginx) =>
    behindNginx(nginx, async (host, app) => {
      const headers = { origin: "https://evil.example" };
      await assertRejects(() => Client.open(`ws://${host}/echo`, { headers }));
      assertEquals(app.system.counters.get("upgrades.refused.origin_not_allowed"), 1);
    }),
);

testWith(
  "nginx",
  "Deploy: the app sees the address that nginx saw, whatever the client claims",
  (nginx) =>
    behindNginx(nginx, async (host) => {
      assertEquals(await textFrom("127.0.0.5", `http://${host}/who`), "127.0.0.5");
    }),
);

testWith("nginx", "Deploy: long-poll goes through nginx", (nginx) =>
  behindNginx(nginx, async (host) => {
    const url = `http://${host}/socket/longpoll?vsn=2.0.0`;
    const opened = await (await fetch(url)).json();
    assertEquals(opened.status, 410);
    const token = encodeURIComponent(opened.token);
    const posted = await fetch(`${url}&token=${token}`, {
      method: "POST",
      headers: { "content-type": "application/x-ndjson" },
      body: '["1","1","room:1","phx_join",{}]',
    });
    assertEquals(await posted.json(), { status: 200 });
    const polled = await (await fetch(`${url}&token=${token}`)).json();
    assertEquals(polled.status, 200);
    assert(polled.messages[0].includes('"status":"ok"'));
  }));

testWith(
  "nginx",
  "Deploy: events of a stream leave nginx as they come",
  (nginx) =>
    behindNginx(nginx, async (host, app) => {
      const response = await fetch(`http://${host}/socket/sse?topic=room:1`, {
        headers: { accept: "text/event-stream" },
      });
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      while (!text.includes("troupe:joined")) text += (await reader.read()).value;
      app.broadcast("room:1", "said", { n: 1 });
      while (!text.includes("event: said")) text += (await reader.read()).value;
      await reader.cancel();
    }),
);
