/** Slow consumers over real sockets: a client that does not read, and what that is to it and to the others. */

import { assert, assertEquals } from "@std/assert";
import { App, dropOldest, type SlowPolicy } from "../../mod.ts";
import { Client, until } from "../app/client.ts";
import { RawReader } from "./raw_reader.ts";

const PATH = "/socket/websocket?vsn=2.0.0";
const JOIN = '["1","1","feed:1","phx_join",{}]';
const PAD = "x".repeat(16_384);

/** Serves a feed while `run` runs. */
async function serving(
  slow: SlowPolicy | undefined,
  run: (app: App, port: number) => Promise<void>,
): Promise<void> {
  await using app = new App({ limits: { closeTimeoutMs: 20 } }).topic("feed:*", { slow });
  await run(app, app.listen({ port: 0, signals: false }).port);
}

/** Joins, and reads no more. */
async function stalledReader(port: number): Promise<RawReader> {
  const reader = await RawReader.open(port, PATH);
  await reader.send(JOIN);
  await reader.next();
  return reader;
}

/** Publishes numbers, one a turn, until `done`. Gives how many there were. */
async function publishUntil(app: App, done: () => boolean): Promise<number> {
  for (let n = 0;; n++) {
    if (done()) return n;
    app.broadcast("feed:1", "said", { n, pad: PAD });
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

Deno.test("A client that reads nothing is closed with 1013; its socket cannot be ended, so it is abandoned, and counted", async () => {
  await serving(undefined, async (app, port) => {
    const reader = await stalledReader(port);
    const { counters } = app.system;
    const published = await publishUntil(app, () => counters.get("connections.slow") === 1);
    assertEquals(app.connections.size, 0);
    await until(() => counters.get("connections.abandoned") === 1);

    // It reads after all: what the runtime had, and the close.
    let read = 0;
    for (let message = await reader.next(); message !== 1013; message = await reader.next()) {
      assertEquals(JSON.parse(message as string)[4].n, read++);
    }
    assert(read < published);
    reader.close();
  });
});

Deno.test("Of two connections that are closed, the one that never answers is abandoned", async () => {
  await serving(undefined, async (app, port) => {
    const client = await Client.open(`ws://127.0.0.1:${port}${PATH}`);
    const reader = await stalledReader(port);
    await until(() => app.connections.size === 2);
    app.disconnect("all");
    assertEquals((await client.closed).code, 1001);
    assertEquals(await reader.next(), 1001); // and says nothing: its time is up
    await until(() => app.system.counters.get("connections.abandoned") > 0);
    assertEquals(app.system.counters.get("connections.abandoned"), 1);
    reader.close();
  });
});

Deno.test("With dropOldest, a client that reads again gets the newest, in order, and knows how many it has missed", async () => {
  await serving(dropOldest({ max: 10 }), async (app, port) => {
    const reader = await stalledReader(port);
    const bystander = await Client.open(`ws://127.0.0.1:${port}${PATH}`);
    bystander.send(JOIN);
    await bystander.next();
    const { counters } = app.system;
    const published = await publishUntil(app, () => counters.get("slow.dropped") >= 100);
    for (let n = 0; n < published; n++) {
      assertEquals(JSON.parse(await bystander.next() as string)[4].n, n);
    }
    let next = 0;
    let missed = 0;
    while (next < published) {
      const [, , , event, payload] = JSON.parse(await reader.next() as string);
      if (event === "troupe:missed") {
        missed += payload.count;
        next += payload.count;
      } else assertEquals(payload.n, next++);
    }
    assertEquals(missed, counters.get("slow.dropped"));
    assert(missed >= 100);
    assertEquals([app.connections.size, counters.get("connections.slow")], [2, 0]);
    reader.close();
    await bystander.close();
  });
});
