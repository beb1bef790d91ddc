import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Member } from "./member.ts";
import { RawClient } from "./raw_client.ts";
import { runToEnd, ServerProcess, startCommand } from "./server_process.ts";

const linesOf = (text: string): string[] => text.split("\n").slice(0, -1);

Deno.test("the start task allows the network and the variables that it reads, nothing else", () => {
  const flags = startCommand().filter((word) => word.startsWith("-"));
  assertEquals(flags, [
    "--allow-net",
    "--allow-env",
  ]);
});

Deno.test("the server prints one line with its URLs, and ends with 0 on SIGTERM", async () => {
  await using server = await ServerProcess.start(["--port=0"]);
  assert(server.port > 0);
  for (const url of [server.url, server.ws("/socket/websocket"), server.ws("/echo"), server.ws("/shout")]) {
    assertStringIncludes(server.line, url);
  }
  const { code, stdout } = await server.end("SIGTERM");
  assertEquals([code, linesOf(stdout)], [0, [server.line]]);
});

Deno.test("PORT=0 picks a port, HOST says where, and SIGINT ends with 0 too", async () => {
  await using server = await ServerProcess.start([], { PORT: "0", HOST: "localhost" });
  assertEquals(new URL(server.url).hostname, "localhost");
  assertEquals(await (await fetch(new URL("healthz", server.url))).text(), "ok\n");
  assertEquals((await server.end("SIGINT")).code, 0);
});

Deno.test("the server closes its clients with 1012 when it is asked to end", async () => {
  await using server = await ServerProcess.start();
  // More than go out in one turn: none may be forgotten when the process ends.
  const raw = await Promise.all(Array.from({ length: 300 }, () => RawClient.open(server.ws("/echo"))));
  for (const client of raw) client.send("are you there?");
  for (const client of raw) await client.messages.take();
  const channels = await RawClient.open(server.ws("/socket/websocket?vsn=2.0.0"));
  channels.send('["1","1","room:lobby","phx_join",{}]');
  await channels.messages.take();
  assertEquals((await server.end()).code, 0);
  const codes = new Set<number>();
  for (const { closed } of [channels, ...raw]) codes.add((await closed).code);
  assertEquals([...codes], [1012]);
});

Deno.test("a port in use is one clear line, and exit code 1", async () => {
  await using server = await ServerProcess.start();
  const { code, stdout, stderr } = await runToEnd(["--port", String(server.port)]);
  assertEquals([code, stdout], [1, ""]);
  assertEquals(linesOf(stderr), [
    `Cannot listen on 127.0.0.1:${server.port}: the port is in use. ` +
    "Choose another with --port or PORT; 0 picks a free one",
  ]);
});

Deno.test("an address that is not of this machine is one clear line, and exit code 1", async () => {
  // 203.0.113.0/24 is for documentation (RFC 5737): nobody has it.
  const { code, stdout, stderr } = await runToEnd(["--host", "203.0.113.7", "--port", "0"]);
  assertEquals([code, stdout, linesOf(stderr).length], [1, "", 1]);
  assertMatch(stderr, /^Cannot listen on 203\.0\.113\.7:0: /);
});

Deno.test("a bad flag is one clear line, and exit code 1", async () => {
  const { code, stdout, stderr } = await runToEnd(["--prot", "9"]);
  assertEquals([code, stdout], [1, ""]);
  assertEquals(linesOf(stderr), [
    'There is no flag "--prot": accepted are --host, --port, --log-level, --drain-ms, --transport, --trusted-proxies, --data-dir, --tls-cert, --tls-key and --help',
  ]);
});

Deno.test("--help explains and ends with 0", async () => {
  const { code, stdout, stderr } = await runToEnd(["--help"]);
  assertEquals([code, stderr], [0, ""]);
  assertStringIncludes(stdout, "--log-level");
});

Deno.test("the process answers the health check, the page and what belongs to it", async () => {
  await using server = await ServerProcess.start();
  for (const path of ["", "chat.js", "style.css", "icon.svg", "healthz"]) {
    const response = await fetch(new URL(path, server.url));
    assertEquals(response.status, 200, path);
    assertStringIncludes(response.headers.get("content-security-policy") ?? "", "default-src 'self'");
    assert((await response.text()).length > 0);
  }
});

Deno.test("HEAD answers with the length of the page, and without the page", async () => {
  await using server = await ServerProcess.start();
  const length = new TextEncoder().encode(await (await fetch(server.url)).text()).byteLength;
  const response = await fetch(server.url, { method: "HEAD" });
  assertEquals([response.headers.get("content-length"), await response.text()], [String(length), ""]);
});

Deno.test("/echo sends back what it gets, text as text and bytes as bytes", async () => {
  await using server = await ServerProcess.start();
  const client = await RawClient.open(server.ws("/echo"));
  client.send("Zoë 👋");
  client.send(new Uint8Array([0, 255]));
  assertEquals(await client.messages.take(), "Zoë 👋");
  assertEquals(await client.messages.take(), new Uint8Array([0, 255]).buffer);
  await client.close();
});

Deno.test("/shout sends to all others", async () => {
  await using server = await ServerProcess.start();
  const [ada, grace, alan] = [
    await RawClient.open(server.ws("/shout")),
    await RawClient.open(server.ws("/shout")),
    await RawClient.open(server.ws("/shout")),
  ];
  // A client is open a moment before the server's side of it: a round trip later, that has run.
  await (await fetch(new URL("healthz", server.url))).text();
  ada.send("from Ada");
  assertEquals([await grace.messages.take(), await alan.messages.take()], ["from Ada", "from Ada"]);
  grace.send("from Grace");
  assertEquals([await ada.messages.take(), await alan.messages.take()], ["from Grace", "from Grace"]);
  assertEquals([ada.messages.size, grace.messages.size], [0, 0]);
  await Promise.all([ada.close(), grace.close(), alan.close()]);
});

Deno.test("log lines are JSON where stderr is no terminal, from LOG_LEVEL on", async () => {
  await using server = await ServerProcess.start(["--port", "0"], { LOG_LEVEL: "debug" });
  const ada = new Member(server.url, "room:lobby", { nickname: "Ada" });
  await ada.join();
  await ada.disconnect();
  const lines = linesOf((await server.end()).stderr).map((line) => JSON.parse(line));
  const messages = lines.map(({ message }) => message);
  for (const message of ["listening", "joined", "left", "closed"]) assert(messages.includes(message));
  assertEquals(lines.find(({ message }) => message === "listening").properties.port, server.port);
  assertEquals(lines.find(({ message }) => message === "joined").properties.topic, "room:lobby");
});

Deno.test("the default level leaves out what only a developer wants", async () => {
  await using server = await ServerProcess.start();
  const { stderr } = await server.end();
  const messages = linesOf(stderr).map((line) => JSON.parse(line).message);
  assertEquals(messages, ["configuration", "listening", "closed"]);
});

Deno.test("a client that never answers the close does not keep the server from ending", async () => {
  await using server = await ServerProcess.start();
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  const handshake = "GET /echo HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
  await connection.write(new TextEncoder().encode(handshake));
  const answer = new Uint8Array(1_024);
  assertStringIncludes(
    new TextDecoder().decode(answer.subarray(0, await connection.read(answer) ?? 0)),
    " 101 ",
  );
  assertEquals((await server.end()).code, 0);
  connection.close();
});

Deno.test("--transport ws: with the task's permissions, all routes are there, and the raw echo as well", async () => {
  await using server = await ServerProcess.start(["--port", "0", "--transport", "ws"]);
  assertEquals(await (await fetch(new URL("/healthz", server.url))).text(), "ok\n");
  assert((await (await fetch(server.url)).text()).includes("<html"));
  const client = await RawClient.open(server.ws("/echo"));
  client.send("hi");
  assertEquals(await client.messages.take(), "hi");
  await client.close();
});
