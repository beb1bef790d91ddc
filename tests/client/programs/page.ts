/// <reference lib="dom" />
// What a page with one contract has: the client, the phoenix client in it, and a schema library.
import * as z from "zod/mini";
import { connect } from "@troupe/core/client";
import { defineTopic } from "@troupe/core/contract/lean";

const Room = defineTopic("room:{id}", {
  join: { payload: z.object({ nickname: z.string() }), reply: z.object({ motd: z.string() }) },
  client: { say: { payload: z.object({ text: z.string() }), reply: z.object({ id: z.string() }) } },
  server: { said: z.object({ by: z.string(), text: z.string() }) },
});

const room = connect("/socket").join(Room, { id: "7" }, { nickname: "Ada" });
room.on("said", ({ by, text }) => document.title = `${by}: ${text}`);
await room.send("say", { text: "hi" });
