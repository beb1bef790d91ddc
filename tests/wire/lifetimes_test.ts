/**
 * Expiry, refresh, revocation and drain, as the published phoenix client, 1.8.16, sees them over a real socket. The
 * server's time is in the test's hand.
 *
 * @module
 */

import { assertEquals, assertLess } from "@std/assert";
import { deadline } from "@std/async/deadline";
import { type Message, Socket, type SocketOptions } from "phoenix";
import { App, type AppOptions, type Listening } from "../../mod.ts";
import { VirtualClock } from "../../src/testing/virtual_clock.ts";

/** Only a broken server or client is that slow. */
const PATIENCE_MS = 20_000;

/** What a client has seen, in order; each is waited for once. */
class Seen<T> {
  readonly #seen: T[] = [];
  readonly #waiting: ((value: T) => void)[] = [];

  add(value: T): void {
    const taker = this.#waiting.shift();
    if (taker === undefined) this.#seen.push(value);
    else taker(value);
  }

  next(): Promise<T> {
    const value = this.#seen.shift();
    if (value !== undefined) return Promise.resolve(value);
    return deadline(new Promise((resolve) => this.#waiting.push(resolve)), PATIENCE_MS);
  }
}

/** A client, and what the server told it of its connection. */
class Client {
  readonly socket: Socket;
  /** The messages on the topic `troupe`. */
  readonly told = new Seen<Message>();
  readonly opened = new Seen<true>();
  readonly closed = new Seen<{ code: number; reason: string }>();

  constructor(url: string, options: SocketOptions) {
    this.socket = new Socket(url, { reconnectAfterMs: () => 1, ...options });
    this.socket.onMessage((message) => {
      if (message.topic === "troupe") this.told.add(message);
    });
    this.socket.onOpen(() => this.opened.add(true));
    this.socket.onClose(({ code, reason }) => this.closed.add({ code, reason }));
  }

  /** Brings a new token; the answer is told under the ref that this returns. */
  refresh(token: string): string {
    const ref = this.socket.makeRef();
    this.socket.push({ topic: "troupe", event: "troupe:refresh", payload: { token }, ref });
    return ref;
  }
}

/** A server on a clock that stands still, and its clients. */
class Stage implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly app: App;
  readonly #server: Listening;
  readonly #clients: Client[] = [];

  constructor(options: AppOptions) {
    this.app = new App({ ...options, clock: this.clock });
    this.#server = this.app.listen({ port: 0, signals: false });
  }

  client(options: SocketOptions = {}): Client {
    const client = new Client(`ws://127.0.0.1:${this.#server.port}/socket`, options);
    this.#clients.push(client);
    client.socket.connect();
    return client;
  }

  pass(ms: number): void {
    const untilMs = this.clock.elapsedMs() + ms;
    while (this.clock.step(untilMs));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { socket } of this.#clients) {
      await deadline(new Promise<void>((resolve) => socket.disconnect(resolve)), PATIENCE_MS);
    }
    await this.#server.close();
  }
}

/** Tokens are `<user>:<minutes that it lives>`. */
function stage(): Stage {
  const made: Stage = new Stage({
    limits: { idleMs: 0 },
    authenticate({ token }) {
      const [id, minutes] = token?.split(":") ?? [];
      if (minutes === undefined) return null;
      return { user: { id }, expiresAt: made.clock.now() + Number(minutes) * 60_000, tokenId: token };
    },
  });
  return made;
}

Deno.test("phoenix 1.8.16 is told of its expiry, is closed with 4401, and comes back with a new token", async () => {
  await using made = stage();
  const tokens = ["ada:2", "ada:60"];
  const client = made.client({ authToken: () => tokens.shift() ?? "none" });
  await client.opened.next();
  const expiresAt = made.clock.now() + 120_000;
  made.pass(60_000);
  const { event, payload, ref } = await client.told.next();
  assertEquals([event, payload, ref], ["troupe:expiring", { expiresAt, inMs: 60_000 }, null]);
  made.pass(60_000);
  assertEquals(await client.closed.next(), { code: 4401, reason: "expired" });
  await client.opened.next();
  assertEquals([...made.app.connections].map(({ user }) => user.id), ["ada"]);
});

Deno.test("phoenix 1.8.16 refreshes its authorization in place, without a join, and stays connected", async () => {
  await using made = stage();
  const client = made.client({ authToken: "ada:2" });
  await client.opened.next();
  made.pass(60_000);
  assertEquals((await client.told.next()).event, "troupe:expiring");
  const ref = client.refresh("ada:10");
  const reply = await client.told.next();
  const expiresAt = made.clock.now() + 600_000;
  assertEquals([reply.event, reply.ref], ["phx_reply", ref]);
  assertEquals(reply.payload, { status: "ok", response: { expiresAt } });
  client.refresh("eve:10");
  assertEquals((await client.told.next()).payload, { status: "error", response: { reason: "other_user" } });
  made.pass(540_000);
  assertEquals((await client.told.next()).payload, { expiresAt, inMs: 60_000 });
  made.pass(60_000);
  assertEquals((await client.closed.next()).code, 4401);
});

Deno.test("phoenix 1.8.16 that is revoked is closed with 4401, and not let in again with that token", async () => {
  await using made = stage();
  let token = "ada:60";
  const [client, other] = [made.client({ authToken: () => token }), made.client({ authToken: "eve:60" })];
  await Promise.all([client.opened.next(), other.opened.next()]);
  assertEquals(made.app.revoke({ user: "ada" }), 1);
  assertEquals(await client.closed.next(), { code: 4401, reason: "revoked" });
  await client.closed.next(); // it tried again, and was refused
  assertEquals(made.app.system.counters.get("upgrades.refused.authorization_revoked") > 0, true);
  token = "ada:61";
  await client.opened.next();
  assertEquals(other.socket.isConnected(), true);
});

Deno.test("phoenix 1.8.16 is told when to come back before a drain closes it with 1012", async () => {
  await using made = stage();
  let comeBackMs = 0;
  const waits: number[] = [];
  const client = made.client({
    authToken: "ada:60",
    reconnectAfterMs() {
      waits.push(comeBackMs);
      return 1;
    },
  });
  client.socket.onMessage(({ event, payload }) => {
    if (event === "troupe:going-away") {
      comeBackMs = (payload as { reconnectAfterMs: number }).reconnectAfterMs;
    }
  });
  await client.opened.next();
  const drained = made.app.drain({ overMs: 5_000 });
  const { event, payload } = await client.told.next();
  assertEquals(event, "troupe:going-away");
  assertLess((payload as { reconnectAfterMs: number }).reconnectAfterMs, 5_000);
  assertEquals((await client.closed.next()).code, 1012);
  await drained;
  await client.closed.next(); // it tried again, and there is nobody to take it
  assertEquals(waits[0], (payload as { reconnectAfterMs: number }).reconnectAfterMs);
  assertEquals(made.app.system.counters.get("upgrades.refused.draining") > 0, true);
});
