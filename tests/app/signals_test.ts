/** Processes of their own, told to end. */

import { assertArrayIncludes, assertEquals } from "@std/assert";
import { ChannelClient, Client } from "./client.ts";
import { Program } from "./program.ts";

const path = (name: string): string => new URL(`./programs/${name}.ts`, import.meta.url).pathname;

/** Starts an app under `deno serve`, and finds its port. */
async function serve(): Promise<[Program, string]> {
  const program = new Program(
    "serve",
    "--no-check",
    "-A",
    "--host",
    "127.0.0.1",
    "--port",
    "0",
    path("served"),
  );
  return [program, await program.findInStderr(/Listening on http:\/\/([\d.:]+)/)];
}

/** Starts an app that listens by itself. */
async function listening(deadlineMs: number): Promise<[Program, string]> {
  const program = new Program("run", "--no-check", "-A", path("listening"), String(deadlineMs));
  return [program, `127.0.0.1:${(await program.line())!.replace("port: ", "")}`];
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`Under \`deno serve\`, ${signal} closes connections so that clients come back, waits for leave, exits with 0`, async () => {
    const [program, host] = await serve();
    assertEquals(await (await fetch(`http://${host}/about`)).text(), "the site");
    const client = await ChannelClient.open(`ws://${host}/socket`);
    await client.join("room:1");
    program.signal(signal);
    // The runtime of Deno 2.9 stops listening by itself, and its own 1001 goes out before our 1012.
    assertArrayIncludes([1001, 1012], [(await client.client.closed).code]);
    const { code, signal: endedBy, stdout } = await program.end();
    assertEquals([code, endedBy, stdout], [0, null, ["left: shutdown"]]);
  });
}

Deno.test("Under `deno serve`, a handler that never ends is waited for; a second signal ends the process", async () => {
  const [program, host] = await serve();
  const client = await ChannelClient.open(`ws://${host}/socket`);
  await client.join("room:1");
  client.send("j", "9", "room:1", "hang", {});
  assertEquals((await client.push("room:1", "phx_leave")).status, "ok"); // hang has begun by now
  assertEquals(await program.line(), "left: left");
  program.signal("SIGTERM");
  await client.client.closed;
  program.signal("SIGTERM");
  assertEquals((await program.end()).signal, "SIGTERM");
});

Deno.test("App.listen: requests are answered with 503 until the handlers have ended", async () => {
  const [program, host] = await listening(10_000);
  const client = await ChannelClient.open(`ws://${host}/socket`);
  await client.join("room:1");
  client.send("j", "9", "room:1", "hang", {});
  assertEquals((await client.push("room:1", "phx_leave")).status, "ok");
  program.signal("SIGTERM");
  await client.client.closed;
  const response = await fetch(`http://${host}/socket/websocket`);
  assertEquals([response.status, response.headers.get("retry-after"), await response.json()], [
    503,
    "1",
    { reason: "shutting_down" },
  ]);
  program.signal("SIGTERM");
  assertEquals((await program.end()).signal, "SIGTERM");
});

Deno.test("App.listen: SIGTERM closes with 1012, the program goes on after it, and exits with 0", async () => {
  const [program, host] = await listening(10_000);
  const client = await ChannelClient.open(`ws://${host}/socket`);
  await client.join("room:1");
  program.signal("SIGTERM");
  assertEquals((await client.client.closed).code, 1012);
  const { code, signal, stdout, stderr } = await program.end();
  assertEquals([code, signal, stdout, stderr], [0, null, ["left: shutdown", "finished"], []]);
});

Deno.test("App.listen: a client that answers no close, and a handler that never ends, do not keep the process", async () => {
  const [program, host] = await listening(200);
  const [hostname, port] = host.split(":");
  const mute = await Deno.connect({ hostname, port: Number(port) });
  const head =
    "GET /socket/websocket?vsn=2.0.0 HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: websocket\r\n" +
    "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  await mute.write(new TextEncoder().encode(head));
  await mute.read(new Uint8Array(1_024));
  const client = await ChannelClient.open(`ws://${host}/socket`);
  await client.join("room:1");
  client.send("j", "9", "room:1", "hang", {});
  assertEquals((await client.push("room:1", "phx_leave")).status, "ok");
  program.signal("SIGTERM");
  const { code, signal, stdout } = await program.end();
  assertEquals([code, signal, stdout.at(-1)], [0, null, "finished"]);
  mute.close();
  await client.client.closed;
});

Deno.test("Signals are none of App's business unless it is asked", async () => {
  const program = new Program(
    "eval",
    "--no-check",
    `import { App } from ${JSON.stringify(import.meta.resolve("../../mod.ts"))};
     const server = new App().listen({ port: 0, signals: false });
     console.log(server.port);`,
  );
  const client = await Client.open(`ws://127.0.0.1:${await program.line()}/socket/websocket?vsn=2.0.0`);
  program.signal("SIGTERM");
  assertEquals((await program.end()).signal, "SIGTERM");
  assertArrayIncludes([0, 1006], [(await client.closed).code]); // no close frame; Deno's client says 0
});
