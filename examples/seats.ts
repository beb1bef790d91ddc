// A topic with a state: seats of a show, which nobody books twice. Who comes back gets what it has missed.
// #region app
import { App, defineTopic, refuse } from "@troupe/core";
import { z } from "zod";

export const Seats = defineTopic("seats:{show}", {
  client: { book: { payload: z.object({ seat: z.string() }), reply: z.object({ booked: z.number() }) } },
  server: { booked: z.object({ seat: z.string(), by: z.string() }) },
  state: { // folded from what the server sends, by the same functions on both sides
    schema: z.record(z.string(), z.string()),
    initial: {},
    apply: { booked: (seats, { seat, by }) => ({ ...seats, [seat]: by }) },
  },
  presence: z.object({ since: z.number() }),
});

const app = new App().topic(Seats, {
  history: { size: 1_000, ttlMs: 86_400_000 },
  join: (ctx) => ctx.presence.track(ctx.user.id, { since: ctx.now() }),
  on: {
    async book(ctx, { seat }) {
      const seats = await ctx.transact((seats) =>
        // in the topic's turn: nobody books in between
        seat in seats ? refuse({ reason: "taken" }) : [["booked", { seat, by: ctx.user.id }]]
      );
      return { booked: Object.keys(seats).length };
    },
  },
});

export default app;
// #endregion
