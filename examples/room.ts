// A chat room with a contract. Serve it: deno serve --allow-net examples/room.ts
// #region room
import { App, bytes, defineTopic, joined } from "@troupe/core";
import { z } from "zod";

export const Room = defineTopic("room:{id}", {
  join: { payload: z.object({ nickname: z.string().min(1).max(40) }), reply: z.object({ motd: z.string() }) },
  client: {
    say: { payload: z.object({ text: z.string().min(1).max(500) }), reply: z.object({ id: z.string() }) },
    draw: { payload: bytes({ maxBytes: 65_536 }) },
  },
  server: { said: z.object({ id: z.string(), by: z.string(), text: z.string() }), drawn: bytes() },
});

const app = new App().topic(Room, {
  join: (ctx, { nickname }) => joined({ nickname }, { motd: `welcome to ${ctx.params.id}` }),
  on: {
    say(ctx, { text }) {
      const id = ctx.uuid();
      ctx.broadcast("said", { id, by: ctx.state.nickname, text });
      return { id };
    },
    draw: (ctx, strokes) => ctx.broadcastBytes("drawn", strokes, { except: ctx }),
  },
});

export default app;
// #endregion
