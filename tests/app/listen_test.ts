import { assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { App, TroupeError } from "../../mod.ts";
import { ChannelClient } from "./client.ts";

Deno.test("listen: port 0 picks a free port, on 127.0.0.1", async () => {
  const app = new App();
  await using first = app.listen({ port: 0, signals: false });
  const second = app.listen({ port: 0, signals: false });
  assertNotEquals(first.port, second.port);
  assertEquals(first.hostname, "127.0.0.1");
  for (const { port } of [first, second]) {
    const response = await fetch(`http://127.0.0.1:${port}/nowhere`);
    assertEquals([response.status, await response.json()], [404, { reason: "not_found" }]);
  }
});

Deno.test("listen: a port in use throws Deno.errors.AddrInUse, and the app goes on", async () => {
  const app = new App();
  await using server = app.listen({ port: 0, signals: false });
  assertThrows(() => app.listen({ port: server.port, signals: false }), Deno.errors.AddrInUse);
  assertEquals((await fetch(`http://127.0.0.1:${server.port}/nowhere`)).status, 404);
});

Deno.test("listen: closing it closes the app, and frees the ports of all its listeners", async () => {
  const app = new App();
  const servers = [app.listen({ port: 0, signals: false }), app.listen({ port: 0, signals: false })];
  const client = await ChannelClient.open(`ws://127.0.0.1:${servers[1].port}/socket`);
  await servers[0].close();
  assertEquals((await client.client.closed).code, 1012);
  for (const { port, finished } of servers) {
    await finished;
    await assertRejects(() => Deno.connect({ hostname: "127.0.0.1", port }), Deno.errors.ConnectionRefused);
    Deno.listen({ hostname: "127.0.0.1", port }).close(); // it is free
  }
});

Deno.test("listen: App.close frees the port, too", async () => {
  const app = new App();
  const server = app.listen({ port: 0, signals: false });
  await app.close();
  await server.finished;
  await assertRejects(() => Deno.connect({ hostname: "127.0.0.1", port: server.port }));
});

Deno.test("listen: a closed app does not start again", async () => {
  const app = new App();
  await app.close();
  assertEquals(assertThrows(() => app.listen({ port: 0 }), TroupeError).code, "app_closed");
});

Deno.test("listen: a signal ends it when it fires, at once if it has fired before", async () => {
  const controller = new AbortController();
  const server = new App().listen({ port: 0, signals: false, signal: controller.signal });
  controller.abort();
  await server.finished;
  await new App().listen({ port: 0, signals: false, signal: AbortSignal.abort() }).finished;
});

Deno.test("listen: a request that is being answered is waited for, up to the deadline", async () => {
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let asked = 0;
  const app = new App({
    async fallback() {
      const mine = asked++;
      if (mine > 0) await gates[mine - 1].promise;
      return new Response(`answer ${mine}`);
    },
  });
  const server = app.listen({ port: 0, signals: false });
  const get = async (): Promise<string> => await (await fetch(`http://127.0.0.1:${server.port}/`)).text();
  assertEquals(await get(), "answer 0");
  const pending = get();
  while (asked < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  const closed = app.close();
  gates[0].resolve();
  assertEquals(await pending, "answer 1");
  await closed;
});

Deno.test("listen: a client that does not answer the close holds the end up no longer than the deadline", async () => {
  const app = new App();
  const server = app.listen({ port: 0, signals: false });
  const mute = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  const head =
    "GET /socket/websocket?vsn=2.0.0 HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: websocket\r\n" +
    "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  await mute.write(new TextEncoder().encode(head));
  await mute.read(new Uint8Array(1_024));
  await server.close({ deadlineMs: 100 });
  mute.close();
});

/** A client that has begun to send a body and does not go on. */
class HalfSender implements Disposable {
  readonly #connection: Deno.TcpConn;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  static async open(port: number, path: string): Promise<HalfSender> {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    const head =
      `POST ${path} HTTP/1.1\r\nhost: a\r\norigin: http://a\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{`;
    await connection.write(new TextEncoder().encode(head));
    return new HalfSender(connection);
  }

  /** The status of its answer. */
  async status(): Promise<number> {
    const bytes = new Uint8Array(4_096);
    const read = await this.#connection.read(bytes);
    return Number(new TextDecoder().decode(bytes.subarray(0, read!)).split(" ")[1]);
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}

const FOR_EVER_MS = 3_600_000;

Deno.test("listen: a client that has been answered and goes on sending holds the end up for bodyLingerMs alone", async () => {
  const app = new App({ limits: { bodyLingerMs: 1 } });
  const server = app.listen({ port: 0, signals: false });
  using client = await HalfSender.open(server.port, "/nowhere");
  assertEquals(await client.status(), 404);
  await server.close({ deadlineMs: FOR_EVER_MS });
  assertEquals(app.system.counters.get("listeners.left_behind"), 1);
  await assertRejects(() => Deno.connect({ hostname: "127.0.0.1", port: server.port }));
});

Deno.test("listen: the body of a POST that says something is not waited for: its connection ends, and it is answered so", async () => {
  for (const transport of ["longpoll", "sse"]) {
    let asked = 0;
    const app = new App({ limits: { bodyLingerMs: 1 }, origin: () => ++asked > 0 }).topic("room:{id}", {});
    const server = app.listen({ port: 0, signals: false });
    const url = `http://127.0.0.1:${server.port}/socket/${transport}`;
    const response = await fetch(`${url}?vsn=2.0.0&topic=room:1`);
    const text = transport === "sse"
      ? new TextDecoder().decode((await response.body!.getReader().read()).value)
      : await response.text();
    const [, token] = /"token":"([^"]+)"/.exec(text)!;
    using client = await HalfSender.open(
      server.port,
      `/socket/${transport}?vsn=2.0.0&token=${encodeURIComponent(token)}`,
    );
    while (asked === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    await server.close({ deadlineMs: FOR_EVER_MS });
    assertEquals(await client.status(), transport === "sse" ? 503 : 200);
  }
});

Deno.test("listen: what fallback throws is answered with 500 and logged, and the server goes on", async () => {
  const logged: unknown[] = [];
  const app = new App({
    logger: { log: (level, message, fields) => void logged.push([level, message, fields?.error]) },
    fallback({ url }) {
      if (url.endsWith("/boom")) throw new Error("boom");
      return new Response("fine");
    },
  });
  await using server = app.listen({ port: 0, signals: false });
  const response = await fetch(`http://127.0.0.1:${server.port}/boom`);
  assertEquals([response.status, await response.json()], [500, { reason: "fallback_failed" }]);
  assertEquals(logged, [["error", "fallback failed", "boom"]]);
  assertEquals(app.system.counters.get("fallback.failed"), 1);
  assertEquals(await (await fetch(`http://127.0.0.1:${server.port}/`)).text(), "fine");
});
