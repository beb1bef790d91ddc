/**
 * The server that is fuzzed, and the bystander whom it must not touch.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { z } from "zod";
import {
  App,
  bytes,
  defineTopic,
  type Listening,
  longpoll,
  sse,
  type Transport,
  websocket,
} from "../../mod.ts";
import { ChannelClient } from "../app/client.ts";

/** The largest message that the server takes, in bytes. */
export const MAX_MESSAGE_BYTES = 65_536;

const Typed = defineTopic("typed:{id}", {
  join: { payload: z.object({ text: z.string() }).partial() },
  client: {
    give: { payload: z.object({ text: z.string() }), reply: z.object({ text: z.string() }) },
    take: {
      payload: bytes(),
    },
  },
  server: { given: z.object({ text: z.string() }) },
});

/**
 * Topics with and without a contract, with a history and presence, patterns, a raw component, a fallback. No handler
 * throws by itself. `transport`: the one for WebSockets.
 */
export function startServer(transport: Transport = websocket): { app: App; server: Listening } {
  const app = new App({
    transports: [transport, longpoll({ windowMs: 20 }), sse({ lingerMs: 20, replyTimeoutMs: 50 })],
    authenticate: ({ token, cookies, params }) => ({
      id: token ?? cookies.session ?? params.user ?? "somebody",
    }),
    fallback: ({ url }) => new Response(url),
    // All senders come from one address, as fast as they can.
    limits: {
      maxMessageBytes: MAX_MESSAGE_BYTES,
      upgradesPerSecond: 1_000_000,
      upgradeBurst: 1_000_000,
      // The bystander says as much as it can.
      messagesPerSecond: 1_000_000,
      messageBurst: 1_000_000,
    },
  })
    .topic("kept:*", {
      history: { size: 50, ttlMs: 60_000 },
      presence: { mode: "paged" },
      join(ctx) {
        ctx.presence.track(ctx.user.id, {});
      },
      on: { spread: (ctx, payload) => ctx.broadcast("spread", payload) },
    })
    .patterns("kept:*", { match: () => true })
    .topic("free:*", {
      on: {
        echo: (_ctx, payload) => payload,
        spread: (ctx, payload) => ctx.broadcast("spread", payload, { except: ctx }),
        stop: (ctx) => ctx.stop(),
      },
      other: (ctx) => ({ event: ctx.event }),
    })
    .topic(Typed, {
      on: {
        give(ctx, { text }) {
          ctx.broadcast("given", { text });
          return { text };
        },
        take() {},
      },
    })
    .topic("calm:*", { on: { echo: (_ctx, payload) => payload } })
    .component("/raw", {
      open: (conn) => conn.subscribe("all"),
      message(conn, data) {
        conn.publish("all", data);
        conn.send(data);
      },
    });
  return { app, server: app.listen({ port: 0, signals: false }) };
}

/** A connection that only wants to be left in peace: it echoes, and hears ticks, all in order. */
export class Bystander {
  readonly #app: App;
  readonly #client: ChannelClient;
  #echoed = 0;
  #ticked = 0;
  #heard = 0;
  #stopped = false;

  private constructor(app: App, client: ChannelClient) {
    this.#app = app;
    this.#client = client;
  }

  /** Connects and joins. */
  static async join(app: App, port: number): Promise<Bystander> {
    const client = await ChannelClient.open(`ws://127.0.0.1:${port}/socket`, {
      params: { user: "bystander" },
    });
    assertEquals((await client.join("calm:1")).status, "ok");
    return new Bystander(app, client);
  }

  /** Echoes and listens until it is told to stop; fails at the first thing that is not as it must be. */
  async live(): Promise<void> {
    while (!this.#stopped) await this.#beat();
  }

  /** Ends {@link Bystander.live}, and leaves; how often it was answered. */
  async stop(living: Promise<void>): Promise<number> {
    this.#stopped = true;
    await living;
    await this.#beat();
    assertEquals(this.#client.client.untaken, 0);
    await this.#client.close();
    return this.#echoed;
  }

  async #beat(): Promise<void> {
    const n = ++this.#echoed;
    this.#app.broadcast("calm:1", "tick", { n: ++this.#ticked }, { only: { user: "bystander" } });
    this.#client.send("j", `e${n}`, "calm:1", "echo", { n });
    for (const _ of ["tick", "echo"]) {
      const [joinRef, ref, topic, event, payload] = await this.#client.next();
      if (event === "tick") {
        assertEquals([joinRef, ref, topic, payload], [null, null, "calm:1", { n: ++this.#heard }]);
      } else {
        const reply = { status: "ok", response: { n } };
        assertEquals([joinRef, ref, topic, event, payload], ["j", `e${n}`, "calm:1", "phx_reply", reply]);
      }
    }
    assertEquals(this.#heard, this.#ticked);
  }
}
