// A board that all who look at it share. Serve it: deno serve --allow-net examples/board/app.ts
import { App, refuse } from "@troupe/core";
import { Board } from "./contract.ts";
import page from "./index.html" with { type: "text" };
import script from "./page.bundle.js" with { type: "text" };
import style from "./style.css" with { type: "text" };

const MAX_CARDS = 500;

const FILES = new Map([
  ["/", ["text/html", page]],
  ["/page.js", ["text/javascript", script]],
  ["/style.css", ["text/css", style]],
]);

// #region app
const app = new App({ fallback: serveFile }).topic(Board, {
  on: {
    async add(ctx, { text }) {
      await ctx.transact(({ cards }) =>
        cards.length < MAX_CARDS
          ? [["added", { id: ctx.uuid(), text, column: "todo" }]]
          : refuse({ reason: "the board is full" })
      );
    },
    // The topic decides, one after the other: who moves a card that somebody has thrown away is told so.
    async move(ctx, move) {
      await ctx.transact(({ cards }) =>
        cards.some(({ id }) => id === move.id)
          ? [["moved", move]]
          : refuse({ reason: "somebody has removed it" })
      );
    },
    async remove(ctx, { id }) {
      await ctx.transact(({ cards }) => cards.some((card) => card.id === id) ? [["removed", { id }]] : []);
    },
  },
});

export default app;
// #endregion

function serveFile(request: Request): Response {
  const [type, text] = FILES.get(new URL(request.url).pathname) ?? [];
  if (text === undefined) return new Response("There is nothing here.\n", { status: 404 });
  return new Response(text, { headers: { "content-type": `${type}; charset=utf-8` } });
}
