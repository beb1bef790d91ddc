// A page whose tabs share one connection. `?mode=worker` or `?mode=leader`; what a test does with it is on `window`.
import * as z from "zod/mini";
import { connect, withAnswers, withState } from "@troupe/core/client";
import { sharedTabs } from "@troupe/core/client/tabs";
import { defineTopic } from "@troupe/core/contract";

const Board = defineTopic("board:{id}", {
  client: { add: { payload: z.object({ text: z.string() }) } },
  server: { added: z.object({ text: z.string() }) },
  requests: { who: { reply: z.object({ tab: z.string() }) } },
  state: {
    schema: z.array(z.string()),
    initial: [],
    apply: { added: (state, { text }) => [...state, text] },
  },
});

const { searchParams, origin } = new URL(location.href);
const name = searchParams.get("tab") ?? "";
const transport = sharedTabs({
  name: "ada",
  ...(searchParams.get("mode") === "worker" && { worker: "/worker.js" }),
});
const troupe = connect(`${origin}/socket`, {
  transport,
  use: [withAnswers, withState],
  reconnect: { baseMs: 10, maxMs: 50 },
});
const board = troupe.join(Board, { id: "1" });
const heard: string[] = [];
let drops = 0;
board.on("troupe:suspended", () => drops++);
board.on("added", ({ text }) => heard.push(text));
board.answer("who", () => ({ tab: name }));

Object.assign(globalThis, {
  page: {
    add: (text: string) => board.send("add", { text }),
    facts: () => ({
      drops,
      status: board.status,
      state: board.state ?? null,
      heard,
      offset: board.position?.offset ?? null,
    }),
    leave: () => board.leave(),
  },
});
