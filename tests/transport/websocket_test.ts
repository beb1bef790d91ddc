import { assert, assertEquals } from "@std/assert";
import { App, type ConnectionInfo } from "../../mod.ts";

/** Serves an app on a free port while `run` runs. */
async function serving(app: App, run: (url: string) => Promise<void>): Promise<void> {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, app.fetch);
  try {
    await run(`ws://127.0.0.1:${server.addr.port}`);
  } finally {
    await app.close();
    await server.shutdown();
  }
}

/** The runtime's own client, with what it was told as promises. */
class Client {
  readonly socket: WebSocket;
  readonly opened: Promise<unknown>;
  readonly closed: Promise<CloseEvent>;
  readonly #messages: unknown[] = [];
  #wake: () => void = () => {};

  constructor(url: string, protocols: string[] = []) {
    this.socket = new WebSocket(url, protocols);
    this.socket.binaryType = "arraybuffer";
    this.opened = new Promise((resolve) => this.socket.onopen = resolve);
    this.closed = new Promise((resolve) => this.socket.onclose = resolve);
    this.socket.onmessage = ({ data }) => {
      this.#messages.push(data);
      this.#wake();
    };
  }

  /** The next message. */
  async next(): Promise<unknown> {
    while (this.#messages.length === 0) await new Promise<void>((resolve) => this.#wake = resolve);
    return this.#messages.shift();
  }

  async send(data: string | Uint8Array<ArrayBuffer>): Promise<void> {
    await this.opened;
    this.socket.send(data);
  }

  async close(code?: number, reason?: string): Promise<CloseEvent> {
    await this.opened;
    this.socket.close(code, reason);
    return await this.closed;
  }
}

Deno.test("Text and bytes go through the runtime as they are", async () => {
  const app = new App().component("/echo", { message: (conn, data) => conn.send(data) });
  await serving(app, async (url) => {
    const client = new Client(`${url}/echo`);
    await client.send("hé");
    await client.send(new Uint8Array([1, 2, 3]));
    assertEquals(await client.next(), "hé");
    assertEquals(new Uint8Array(await client.next() as ArrayBuffer), new Uint8Array([1, 2, 3]));
    await client.close();
  });
});

Deno.test("The headers of the handshake can be read after the upgrade", async () => {
  let info: ConnectionInfo | null = null;
  const app = new App().component("/echo", {
    open: (conn) => void (info = conn.info),
    message: (conn) => conn.send(`${info!.headers.get("host")} ${info!.url.pathname} ${conn.remoteAddress}`),
  });
  await serving(app, async (url) => {
    const client = new Client(`${url}/echo`);
    await client.send("now");
    assertEquals(await client.next(), `${new URL(url).host} /echo 127.0.0.1`);
    await client.close();
  });
});

Deno.test("The sub-protocol that we chose is agreed on", async () => {
  const app = new App({ subProtocols: ["chat"] }).component("/echo", {
    open: (conn) => conn.send(conn.info.protocol),
  });
  await serving(app, async (url) => {
    const client = new Client(`${url}/echo`, ["other", "chat"]);
    assertEquals(await client.next(), "chat");
    assertEquals(client.socket.protocol, "chat");
    await client.close();
  });
});

Deno.test("Close codes: the client's own arrive; a close without a code is 1005", async () => {
  const closes: [number, string][] = [];
  let told = (): void => {};
  const app = new App().component("/echo", {
    close(_conn, code, reason) {
      closes.push([code, reason]);
      told();
    },
  });
  await serving(app, async (url) => {
    for (const [code, reason] of [[4001, "bye"], [undefined, undefined]] as const) {
      const heard = new Promise<void>((resolve) => told = resolve);
      await new Client(`${url}/echo`).close(code, reason);
      await heard;
    }
    assertEquals(closes, [[4001, "bye"], [1005, ""]]);
  });
});

Deno.test("Close codes: a client that vanishes is 1006, and close is told once", async () => {
  const closes: number[] = [];
  const opened = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  const app = new App().component("/echo", {
    open: () => opened.resolve(),
    close(_conn, code) {
      closes.push(code);
      closed.resolve();
    },
  });
  await serving(app, async (url) => {
    const { hostname, port, host } = new URL(url);
    const tcp = await Deno.connect({ hostname, port: Number(port) });
    const request = `GET /echo HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    await tcp.write(new TextEncoder().encode(request));
    await opened.promise;
    tcp.close();
    await closed.promise;
    assertEquals(closes, [1006]);
  });
  assertEquals(closes, [1006]);
});

Deno.test("Close codes: our own code is remembered, and close is told once", async () => {
  const closes: [number, string][] = [];
  const app = new App().component("/echo", {
    message: (conn) => conn.close(4000, "enough"),
    close: (_conn, code, reason) => void closes.push([code, reason]),
  });
  await serving(app, async (url) => {
    const client = new Client(`${url}/echo`);
    await client.send("x");
    const { code, reason } = await client.closed;
    assertEquals([code, reason], [4000, "enough"]);
  });
  assertEquals(closes, [[4000, "enough"]]);
});

Deno.test("A throw in open or message reaches only its error handler, else 1011, and nobody else is touched", async () => {
  const errors: string[] = [];
  const boom = (): void => {
    throw new Error("boom");
  };
  const app = new App()
    .component("/echo", { message: (conn, data) => conn.send(data) })
    .component("/caught", {
      message: boom,
      error(conn, error) {
        errors.push((error as Error).message);
        conn.send("sorry");
      },
    })
    .component("/message", { message: boom })
    .component("/open", { open: boom });
  await serving(app, async (url) => {
    const bystander = new Client(`${url}/echo`);
    const caught = new Client(`${url}/caught`);
    await caught.send("x");
    assertEquals(await caught.next(), "sorry");
    const told = new Client(`${url}/message`);
    await told.send("x");
    assertEquals((await told.closed).code, 1011);
    assertEquals((await new Client(`${url}/open`).closed).code, 1011);
    await bystander.send("still here");
    assertEquals(await bystander.next(), "still here");
    assertEquals(errors, ["boom"]);
    await caught.close();
    await bystander.close();
  });
});

Deno.test("A message over the limit is answered with 1009 on the wire", async () => {
  const app = new App({ limits: { maxMessageBytes: 1_000 } }).component("/echo", {
    message: (conn, data) => conn.send(data),
  });
  await serving(app, async (url) => {
    const client = new Client(`${url}/echo`);
    await client.send("x".repeat(1_000));
    assertEquals((await client.next() as string).length, 1_000);
    await client.send("é".repeat(501));
    assertEquals((await client.closed).code, 1009);
  });
});

Deno.test("On the wire: join, push, reply and broadcast between two clients", async () => {
  const app = new App().topic("room:*", {
    on: {
      say(ctx, payload) {
        ctx.broadcast("said", payload);
        return {};
      },
    },
  });
  await serving(app, async (url) => {
    const clients = [1, 2].map(() => new Client(`${url}/socket/websocket?vsn=2.0.0`));
    for (const client of clients) {
      await client.send('["1","1","room:1","phx_join",{}]');
      assertEquals(await client.next(), '["1","1","room:1","phx_reply",{"response":{},"status":"ok"}]');
    }
    await clients[0].send('["1","2","room:1","say",{"text":"hi"}]');
    for (const client of clients) {
      assertEquals(await client.next(), '[null,null,"room:1","said",{"text":"hi"}]');
    }
    assertEquals(await clients[0].next(), '["1","2","room:1","phx_reply",{"response":{},"status":"ok"}]');
    for (const client of clients) await client.close();
    assert(app.connections.size <= 2);
  });
});
