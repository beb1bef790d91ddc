import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { z } from "zod";
import { App, bytes, defineTopic } from "../../mod.ts";
import type { Channel, Joined } from "../../src/client/mod.ts";
import { phoenixV21 } from "../../src/protocol/mod.ts";
import { FakeServer } from "./fake_server.ts";
import { ClientStage, soon } from "./stage.ts";

const Feed = defineTopic("feed:{id}", {
  client: { post: { payload: z.object({ n: z.number() }) }, typing: {} },
  server: { posted: z.object({ n: z.number() }), typing: z.object({}) },
});

function feedApp(size = 1_000): App {
  return new App().topic(Feed, {
    history: { size, ttlMs: 60_000 },
    on: {
      post: (ctx, { n }) => ctx.broadcast("posted", { n }),
      typing: (ctx) => ctx.broadcast("typing", {}, { ephemeral: true }),
    },
  });
}

function collect(feed: Channel<typeof Feed>): number[] {
  const heard: number[] = [];
  feed.on("posted", ({ n }) => heard.push(n));
  return heard;
}

/** Drops all connections of a client's, and waits until a channel is back. */
async function dropAndReturn(stage: ClientStage, feed: Channel<typeof Feed>): Promise<Joined> {
  const joined = feed.next("troupe:joined");
  for (const { id } of stage.app.connections) stage.app.disconnect({ connection: id });
  return await soon(joined);
}

Deno.test("a client that comes back gets what it has missed, in order, once, without a thought", async () => {
  await using stage = new ClientStage(feedApp());
  const feed = stage.connect().join(Feed, { id: "1" });
  await soon(feed.joined);
  assertEquals(feed.position?.offset, 0);
  const heard = collect(feed);
  let n = 0;
  const publish = (): void => stage.app.broadcast("feed:1", "posted", { n: ++n });
  for (let round = 0; round < 5; round++) {
    const back = dropAndReturn(stage, feed);
    // Some of it is published while the client is away, some while it comes back.
    for (let i = 0; i < 20; i++) {
      publish();
      await new Promise((resolve) => setTimeout(resolve));
    }
    assertEquals((await back).recovery, "recovered");
  }
  await soon(feed.send("post", { n: ++n }));
  assertEquals(heard, Array.from({ length: n }, (_, i) => i + 1));
  assertEquals(feed.position?.offset, n);
});

Deno.test("what is lost of a history is told, with its bounds", async () => {
  await using stage = new ClientStage(feedApp(3));
  const client = stage.connect();
  const feed = client.join(Feed, { id: "1" });
  await soon(feed.joined);
  const heard = collect(feed);
  await soon(feed.send("post", { n: 1 }));
  // While it waits to come back, more is published than is kept.
  const missed = feed.next("troupe:missed");
  const joined = feed.next("troupe:joined");
  const suspended = feed.next("troupe:suspended");
  for (const { id } of stage.app.connections) stage.app.disconnect({ connection: id });
  await soon(suspended);
  for (let n = 2; n <= 8; n++) stage.app.broadcast("feed:1", "posted", { n });
  const { recovery, gap } = await soon(joined);
  if (recovery === "partial") {
    assertEquals(await soon(missed), { count: gap!.to - gap!.from + 1, ...gap! });
  }
  await soon(feed.send("post", { n: 9 }));
  const lost = gap === null ? 0 : gap.to - gap.from + 1;
  assertEquals(heard.length + lost, 9);
  assertEquals(heard, heard.toSorted((a, b) => a - b));
});

Deno.test("a client gets of the history what it asks for: nothing, the newest, or all that is kept", async () => {
  await using stage = new ClientStage(feedApp());
  const writer = stage.connect().join(Feed, { id: "1" });
  for (let n = 1; n <= 5; n++) await soon(writer.send("post", { n }));
  for (const [history, expected] of [[undefined, []], [2, [4, 5]], ["all", [1, 2, 3, 4, 5]]] as const) {
    const feed = stage.connect().join(Feed, { id: "1" }, {}, { history });
    const heard = collect(feed);
    await soon(feed.joined);
    await soon(feed.send("typing"));
    assertEquals(heard, [...expected]);
  }
});

Deno.test("what a client has said to the others does not come back to it, though it comes back several times", async () => {
  const app = new App().topic(Feed, {
    history: { size: 100, ttlMs: 60_000 },
    on: { post: (ctx, { n }) => ctx.broadcast("posted", { n }, { except: ctx }), typing: () => {} },
  });
  await using stage = new ClientStage(app);
  const feed = stage.connect().join(Feed, { id: "1" });
  const heard = collect(feed);
  await soon(feed.send("post", { n: 1 }));
  for (let round = 0; round < 3; round++) {
    assertEquals((await dropAndReturn(stage, feed)).recovery, "recovered");
    await soon(feed.send("typing"));
  }
  app.broadcast("feed:1", "posted", { n: 2 });
  while (heard.length === 0) await new Promise((resolve) => setTimeout(resolve));
  assertEquals(heard, [2]);
});

Deno.test("what is not kept moves no position", async () => {
  await using stage = new ClientStage(feedApp());
  const feed = stage.connect().join(Feed, { id: "1" });
  await soon(feed.send("post", { n: 1 }));
  const before = feed.position;
  await soon(feed.send("typing"));
  assertEquals(feed.position, before);
  assertEquals((await dropAndReturn(stage, feed)).recovery, "recovered");
});

Deno.test("another history is told as a reset, and the newest of it come if they were asked for", async () => {
  await using server = new FakeServer();
  const feed = server.connect().join(Feed, { id: "1" }, {}, { history: 2 });
  const first = await server.accept();
  const join = await first.welcome({ troupe: { epoch: "e", offset: 7, connection: "c1" } });
  assertEquals(join.payload, { troupe: { last: 2 } });
  await soon(feed.joined);
  first.drop();
  const reset = feed.next("troupe:reset");
  const second = await server.accept();
  const heard = collect(feed);
  const rejoin = await second.welcome({
    troupe: { epoch: "f", offset: 3, recovery: "reset", connection: "c2" },
  });
  assertEquals(rejoin.payload, { troupe: { epoch: "e", offset: 7, last: 2, connection: "c1" } });
  const posted = (n: number) => phoenixV21.publication("feed:1", "posted", { n }, { epoch: "f", offset: n });
  second.write(posted(4), posted(5));
  assertEquals((await soon(reset)).recovery, "reset");
  assertEquals([heard, feed.position], [[4, 5], { epoch: "f", offset: 5 }]);
});

Deno.test("whenever the connection breaks, each publication comes once and in order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 8 }), async (rounds) => {
      await using server = new FakeServer();
      const feed = server.connect().join(Feed, { id: "1" });
      const heard = collect(feed);
      let published = 0;
      for (const count of rounds) {
        const connection = await server.accept();
        const { payload, ...join } = await connection.next();
        const { offset = 0 } = (payload as { troupe?: { offset?: number } }).troupe ?? {};
        const troupe = { epoch: "e", offset, ...(published > 0 && { recovery: "recovered" }) };
        const frames = [phoenixV21.reply(join.joinRef, join.ref, "feed:1", "ok", { troupe })];
        published += count;
        for (let n = offset + 1; n <= published; n++) {
          frames.push(phoenixV21.publication("feed:1", "posted", { n }, { epoch: "e", offset: n }));
        }
        connection.write(...frames);
        connection.drop();
      }
      const connection = await server.accept();
      await connection.welcome({ troupe: { epoch: "e", offset: published, recovery: "recovered" } });
      await soon(feed.joined);
      // Also what was held back for those who waited for the first join.
      while (heard.length < published) await new Promise((resolve) => setTimeout(resolve));
      assertEquals(heard, Array.from({ length: published }, (_, i) => i + 1));
    }),
    { numRuns: 30 },
  );
});

Deno.test("a join whose payload or reply is bytes is resumed by the event behind the reply", async () => {
  const Raw = defineTopic("raw", {
    join: { reply: bytes() },
    server: { posted: z.object({ n: z.number() }) },
  });
  await using server = new FakeServer();
  const raw = server.connect().join(Raw, {});
  const first = await server.accept();
  const { joinRef, ref } = await first.next();
  first.write(phoenixV21.reply(joinRef, ref, "raw", "ok", new Uint8Array([7])));
  first.write(
    phoenixV21.push(joinRef as string, "raw", "troupe:session", { session: "s1", epoch: "e", offset: 4 }),
  );
  assertEquals(await soon(raw.joined), new Uint8Array([7]));
  assertEquals(raw.position, { epoch: "e", offset: 4 });
  first.drop();
  const second = await server.accept();
  const again = await second.next();
  assertEquals(again.payload, { "troupe:session": "s1", troupe: { epoch: "e", offset: 4 } });
  const joined = raw.next("troupe:resumed");
  second.write(phoenixV21.reply(again.joinRef, again.ref, "raw", "ok", new Uint8Array([8])));
  second.write(
    phoenixV21.push(again.joinRef as string, "raw", "troupe:session", { session: "s2", resumed: true }),
  );
  assert((await soon(joined)).resumed);
});
