// What server and page share: the messages, and what each event makes of the board.
// #region contract
import { defineTopic } from "@troupe/core/contract";
import * as z from "zod/mini";

export const COLUMNS = ["todo", "doing", "done"] as const;
const Column = z.enum(COLUMNS);
const Card = z.object({ id: z.string(), text: z.string(), column: Column });
/** `before`: the card that it is put in front of; `null`: it is put last. */
const Move = z.object({ id: z.string(), column: Column, before: z.nullable(z.string()) });
const Named = z.object({ id: z.string() });

export const Board = defineTopic("board:{id}", {
  client: {
    add: { payload: z.object({ text: z.string().check(z.trim(), z.minLength(1), z.maxLength(200)) }) },
    move: { payload: Move },
    remove: { payload: Named },
  },
  server: { added: Card, moved: Move, removed: Named },
  state: {
    schema: z.object({ cards: z.array(Card) }),
    initial: { cards: [] },
    apply: {
      added: ({ cards }, card) => ({ cards: [...cards, card] }),
      moved({ cards }, { id, column, before }) {
        const rest = cards.filter((card) => card.id !== id);
        const moved = cards.filter((card) => card.id === id).map((card) => ({ ...card, column }));
        const at = rest.findIndex((card) => card.id === before);
        return { cards: rest.toSpliced(at < 0 ? rest.length : at, 0, ...moved) };
      },
      removed: ({ cards }, { id }) => ({ cards: cards.filter((card) => card.id !== id) }),
    },
  },
});
// #endregion
