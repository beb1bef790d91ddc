/**
 * The published phoenix client, 1.8.16, joins patterns of topics.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { LongPoll, type SocketOptions } from "phoenix";
import { App } from "../../mod.ts";
import { createCodec } from "../../src/protocol/mod.ts";
import { answer, join, next, PhoenixStage, rejoined } from "../app/phoenix_client.ts";

function patternApp(): App {
  return new App()
    .topic("room:{id}", {
      on: { say: (ctx, payload) => ctx.broadcast("said", { room: ctx.params.id, payload }) },
    })
    .topic("secret:{id}", {})
    .patterns("room:*", { match: (_ctx, topic) => topic !== "room:private" });
}

const CLIENTS: readonly [string, SocketOptions][] = [
  ["2.0.0", {}],
  ["2.1.0", createCodec() as unknown as SocketOptions],
  ["long-poll", { transport: LongPoll }],
];

for (const [name, options] of CLIENTS) {
  Deno.test(`phoenix 1.8.16 (${name}) joins room:* and hears of every room, by its own name`, async () => {
    await using stage = new PhoenixStage(patternApp());
    const [watcher, speaker] = [await stage.connected(options), await stage.connected()];
    const rooms = watcher.channel("room:*");
    await join(rooms);
    const first = next(rooms, "troupe:matched");
    const one = speaker.channel("room:1");
    await join(one);
    one.push("say", { text: "hi" });
    assertEquals(await first, {
      topic: "room:1",
      event: "said",
      payload: { room: "1", payload: { text: "hi" } },
    });
    const second = next(rooms, "troupe:matched");
    stage.app.broadcast("room:private", "said", {});
    stage.app.broadcast("secret:1", "said", {});
    stage.app.broadcast("room:nobody", "image", new Uint8Array([1, 2])); // where nobody is
    assertEquals(await second, {
      topic: "room:nobody",
      event: "image",
      payload: { "troupe:bytes": "AQI=" },
    });
  });
}

Deno.test("phoenix 1.8.16 is refused a pattern outside of what the app lets clients join, and may leave one", async () => {
  await using stage = new PhoenixStage(patternApp());
  const socket = await stage.connected();
  assertEquals(await answer(socket.channel("secret:*").join()), ["error", { reason: "unmatched topic" }]);
  const rooms = socket.channel("room:{id}");
  await join(rooms);
  assertEquals(await answer(rooms.push("say", {})), [
    "error",
    { reason: "unknown_event", event: "say", accepted: [] },
  ]);
  assertEquals(await answer(rooms.leave()), ["ok", {}]);
});

Deno.test("phoenix 1.8.16 joins its pattern again by itself after a crash of match", async () => {
  let isBroken = true;
  const app = new App().topic("room:{id}", {}).patterns("room:*", {
    match() {
      if (isBroken) throw new Error("not loaded yet");
      return true;
    },
  });
  await using stage = new PhoenixStage(app);
  const rooms = (await stage.connected()).channel("room:*");
  await join(rooms);
  const again = rejoined(rooms);
  app.broadcast("room:1", "said", { n: 1 });
  await again;
  isBroken = false;
  const heard = next(rooms, "troupe:matched");
  app.broadcast("room:1", "said", { n: 2 });
  assertEquals(await heard, { topic: "room:1", event: "said", payload: { n: 2 } });
});
