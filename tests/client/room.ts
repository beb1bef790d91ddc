/**
 * A room, and a server that keeps it.
 *
 * @module
 */

import { z } from "zod";
import { App, type AppOptions, bytes, defineTopic, joined, refuse } from "../../mod.ts";

/** What may be said in a room. */
export const Room = defineTopic("room:{id}", {
  join: {
    payload: z.object({ nickname: z.string().min(1).optional() }),
    reply: z.object({ motd: z.string() }),
  },
  client: {
    say: { payload: z.object({ text: z.string().max(20) }), reply: z.object({ id: z.string() }) },
    draw: { payload: bytes() },
    typing: {},
    rude: { reply: z.object({}) },
    crash: {},
    ask: { payload: z.object({ question: z.string() }), reply: z.object({ answer: z.unknown() }) },
    never: {},
  },
  server: { said: z.object({ by: z.string(), text: z.string() }), drawn: bytes(), typing: z.object({}) },
  requests: { poll: { payload: z.object({ question: z.string() }), reply: z.object({ yes: z.boolean() }) } },
});

/** An app with rooms. */
export function roomApp(options: AppOptions = {}): App {
  let messages = 0;
  return new App(options).topic(Room, {
    join(_ctx, { nickname = "nobody" }) {
      if (nickname === "Eve") return refuse({ reason: "not_you" });
      return joined({ nickname }, { motd: `hello ${nickname}` });
    },
    on: {
      say(ctx, { text }) {
        ctx.broadcast("said", { by: ctx.state.nickname, text });
        return { id: String(++messages) };
      },
      draw: (ctx, strokes) => ctx.broadcastBytes("drawn", strokes),
      typing: (ctx) => ctx.broadcast("typing", {}),
      rude: () => refuse({ reason: "too_rude", hint: "be kind" }),
      crash() {
        throw new Error("on purpose");
      },
      async ask(ctx, { question }) {
        try {
          return { answer: await ctx.request("poll", { question }) };
        } catch (error) {
          return { answer: (error as { code?: string }).code };
        }
      },
      never: (ctx) => void ctx.defer(),
    },
  });
}
