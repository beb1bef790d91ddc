import { assert, assertEquals, assertRejects } from "@std/assert";
import { AppKit } from "../../src/testing/mod.ts";

Deno.test("A connection that the app refuses is an error with the status, or a response to look at", async () => {
  await using kit = new AppKit({ authenticate: () => null });
  await assertRejects(() => kit.connect("/socket/websocket?vsn=2.0.0"), Error, "403");
  const refused = await kit.tryConnect("/nowhere");
  assert(refused instanceof Response);
  assertEquals(refused.status, 404);
  await refused.body?.cancel();
});

Deno.test("Time passes only when the test says so", async () => {
  await using kit = new AppKit();
  const seen: number[] = [];
  kit.app.topic("room:*", {
    on: {
      async later(ctx) {
        await new Promise<void>((resolve) => kit.clock.setTimer(resolve, 60_000));
        seen.push(ctx.now());
      },
    },
  });
  const client = await kit.connect("/socket/websocket?vsn=2.0.0");
  client.send('["1","1","room:1","phx_join",{}]');
  client.send('["1","2","room:1","later",{}]');
  const startMs = kit.clock.now();
  await kit.advance(59_999);
  assertEquals(seen, []);
  await kit.advance(1);
  assertEquals(seen, [startMs + 60_000]);
});

Deno.test("The same seed gives the same run, with the ready actors shuffled", async () => {
  const run = async (seed: number): Promise<unknown[]> => {
    await using kit = new AppKit({ seed, shuffle: true });
    const log: string[] = [];
    kit.app.topic("room:*", { join: (ctx) => void log.push(ctx.topic) });
    const client = await kit.connect("/socket/websocket?vsn=2.1.0");
    const joins = Array.from({ length: 20 }, (_, i) => [`${i}`, `${i}`, `room:${i}`, "phx_join", {}]);
    client.send(JSON.stringify(joins));
    await kit.settle();
    return [log, [...kit.app.connections].map(({ id }) => id)];
  };
  assertEquals(await run(7), await run(7));
  assert(JSON.stringify(await run(7)) !== JSON.stringify(await run(8)));
});

Deno.test("Closing the kit closes the app, even where a handler never ends", async () => {
  const kit = new AppKit();
  kit.app.topic("room:*", { on: { never: () => new Promise<void>(() => {}) } });
  const client = await kit.connect("/socket/websocket?vsn=2.0.0");
  client.send('["1","1","room:1","phx_join",{}]');
  client.send('["1","2","room:1","never",{}]');
  await kit.settle();
  await kit[Symbol.asyncDispose]();
  assertEquals(client.closed?.code, 1012);
  assertEquals(kit.clock.pending, 0);
});

Deno.test("Many connections may be opened at once, though the app lets in only a few per turn", async () => {
  await using kit = new AppKit({ limits: { handshakesPerTurn: 2 } });
  kit.app.component("/", {});
  const all = await Promise.all(Array.from({ length: 20 }, () => kit.connect("/")));
  assertEquals([all.length, kit.app.connections.size], [20, 20]);
});
