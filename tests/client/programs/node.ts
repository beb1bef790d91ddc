// What our client does in a runtime: `node bundle.js ws://…/socket` prints one line of JSON.
import * as z from "zod/mini";
import { connect, eventsOf } from "@troupe/core/client/node";
import { defineTopic } from "@troupe/core/contract";

const Room = defineTopic("room:{id}", {
  join: { payload: z.object({ nickname: z.optional(z.string()) }), reply: z.object({ motd: z.string() }) },
  client: {
    say: { payload: z.object({ text: z.string() }), reply: z.object({ id: z.string() }) },
    typing: {},
  },
  server: { said: z.object({ by: z.string(), text: z.string() }) },
});

const runtime = globalThis as unknown as {
  process: { argv: string[]; versions: Record<string, string> };
  WebSocket?: unknown;
};
const [url] = runtime.process.argv.slice(2);
const troupe = connect(url, { reconnect: { baseMs: 1, maxMs: 5 } });
const room = troupe.join(Room, { id: "7" }, { nickname: "Ada" });
const { motd } = await room.joined;
const heard: string[] = [];
const texts = eventsOf(room, "said");
await room.send("say", { text: "one" });
// At this the server cuts the connection; the client comes back by itself.
room.send("typing").catch(() => {});
await room.next("troupe:joined");
await room.send("say", { text: "two" });
await room.leave();
for await (const { text } of texts) heard.push(text);
const facts = {
  motd,
  heard,
  hasWebSocket: runtime.WebSocket !== undefined,
  isPolling: troupe.isPolling,
  drops: troupe.counters["connection.drops"],
};
await troupe.close();
console.log(JSON.stringify(facts));
