import { assert, assertEquals } from "@std/assert";
import type { Transport } from "phoenix";
import { App, bytes, defineTopic } from "../../mod.ts";
import { z } from "zod";
import { becomes, ClientStage, soon } from "./stage.ts";

const Feed = defineTopic("feed", {
  client: { post: { payload: z.object({ n: z.number() }) }, draw: { payload: bytes() } },
  server: { posted: z.object({ n: z.number() }), drawn: bytes() },
});

function feedApp(authenticate?: (token: string | null) => boolean): App {
  const app = new App({
    ...(authenticate !== undefined &&
      { authenticate: ({ token }) => authenticate(token) ? { id: "ada" } : null }),
  });
  return app.topic(Feed, {
    history: { size: 100, ttlMs: 60_000 },
    on: {
      post: (ctx, { n }) => ctx.broadcast("posted", { n }),
      draw: (ctx, strokes) => ctx.broadcastBytes("drawn", strokes),
    },
  });
}

/** A WebSocket that gets nowhere: a proxy blocks it. */
class Blocked {
  readyState = 0;
  onerror: (error: unknown) => void = () => {};
  onclose: (event: { code: number }) => void = () => {};
  static tries = 0;
  constructor() {
    Blocked.tries++;
    setTimeout(() => {
      this.readyState = 3;
      this.onerror(new Error("blocked"));
      this.onclose({ code: 1006 });
    });
  }
  send(): void {}
  close(): void {
    this.readyState = 3;
  }
}

Deno.test("a client whose WebSocket is blocked falls back to long-poll, with positions, bytes, and its token", async () => {
  const tokens: (string | null)[] = [];
  await using stage = new ClientStage(feedApp((token) => tokens.push(token) > 0));
  const troupe = stage.connect({
    transport: Blocked as unknown as Transport,
    longPollFallbackMs: 1_000,
    token: () => Promise.resolve("t"),
  });
  const feed = troupe.join(Feed, {});
  await soon(feed.joined);
  assert(troupe.isPolling);
  assertEquals(tokens, ["t"]);
  const heard: number[] = [];
  feed.on("posted", ({ n }) => heard.push(n));
  const drawn = feed.next("drawn");
  await soon(feed.send("post", { n: 1 }));
  await soon(feed.send("draw", new Uint8Array([222, 173])));
  assertEquals(await soon(drawn), new Uint8Array([222, 173]));
  assertEquals(feed.position?.offset, 2);
  // It stays with what has worked, and goes on where it was.
  const joined = feed.next("troupe:joined");
  for (const { id } of stage.app.connections) stage.app.disconnect({ connection: id });
  stage.app.broadcast("feed", "posted", { n: 2 });
  assertEquals((await soon(joined)).recovery, "recovered");
  await soon(feed.send("post", { n: 3 }));
  assertEquals([heard, troupe.isPolling], [[1, 2, 3], true]);
  // The next page of this tab begins with it.
  assertEquals(sessionStorage.getItem("phx:fallback:LongPoll"), "true");
  sessionStorage.clear();
});

Deno.test("who was connected by WebSocket stays with it, however long the server is away", async () => {
  await using stage = new ClientStage(feedApp());
  let blocked = 0;
  const Sometimes = function (url: string): object {
    return blocked-- > 0 ? new Blocked() : new WebSocket(url);
  } as unknown as Transport;
  const troupe = stage.connect({ transport: Sometimes, longPollFallbackMs: 1_000 });
  await becomes(troupe, "open");
  blocked = 3;
  const before = Blocked.tries;
  for (const { id } of stage.app.connections) stage.app.disconnect({ connection: id });
  await becomes(troupe, "reconnecting");
  await becomes(troupe, "open");
  assertEquals([troupe.isPolling, Blocked.tries - before], [false, 3]);
});

for (const over of ["WebSocket", "long-poll"]) {
  Deno.test(`a client whose token is refused asks for another one and goes on: over ${over}`, async () => {
    await using stage = new ClientStage(feedApp((token) => token === "new"));
    const given: string[] = [];
    const troupe = stage.connect({
      token: () => {
        given.push(given.length < 2 ? "old" : "new");
        return given.at(-1)!;
      },
      ...(over === "long-poll"
        ? { transport: Blocked as unknown as Transport, longPollFallbackMs: 1_000 }
        : { longPollFallbackMs: null }),
    });
    await soon(troupe.join(Feed, {}).joined);
    assertEquals([given, troupe.isPolling], [["old", "old", "new"], over === "long-poll"]);
    assertEquals(troupe.counters["connection.drops"], 2);
    sessionStorage.clear();
  });
}
