/**
 * Random programs against topics with a state: whatever is published, dropped, resumed, forgotten or crashed in which
 * order, in the end everybody has the state that the server has.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { z } from "zod";
import { App, defineTopic, memoryLog, refuse } from "../../mod.ts";
import { testKit } from "../../src/testing/mod.ts";
import { LONG } from "../optional.ts";

const Ledger = defineTopic("ledger:{id}", {
  client: { put: { payload: z.object({ n: z.number() }) }, take: {}, poison: {} },
  server: { put: z.object({ n: z.number() }), taken: z.object({ n: z.number() }), noise: z.object({}) },
  state: {
    schema: z.object({ items: z.array(z.number()), count: z.number() }),
    initial: { items: [], count: 0 },
    apply: {
      put: ({ items, count }, { n }) => {
        if (n < 0) throw new Error("poison");
        return { items: [...items, n].slice(-8), count: count + 1 };
      },
      // What the order of all changes shows in.
      taken: ({ items, count }, { n }) => ({
        items: items.filter((each) => each !== n),
        count: count * 3 + 1,
      }),
    },
  },
});

function ledgerApp(size: number): App {
  return new App({ limits: { maxReplay: 6 }, log: memoryLog() }).topic(Ledger, {
    history: { size, ttlMs: 3_600_000, snapshotEvery: 4 },
    on: {
      put(ctx, { n }) {
        ctx.broadcast("noise", {}, { ephemeral: true });
        ctx.broadcast("put", { n });
      },
      async take(ctx) {
        await ctx.transact(({ items }) => {
          if (items.length === 0) return refuse({ reason: "empty" });
          return [["taken", { n: items[0] }], ["put", { n: items.length }]];
        });
      },
      poison: (ctx) => ctx.broadcast("put", { n: -1 }),
    },
  });
}

type Step =
  | { readonly kind: "put" | "take" | "poison" | "drop" | "back"; readonly who: number; readonly n: number }
  | { readonly kind: "sleep" | "settle"; readonly who: 0; readonly n: 0 };

const acting = (kind: "put" | "take" | "poison" | "drop" | "back", weight: number) => ({
  weight,
  arbitrary: fc.record({ kind: fc.constant(kind), who: fc.nat(2), n: fc.nat(20) }),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  acting("put", 6),
  acting("take", 4),
  acting("poison", 1),
  acting("drop", 3),
  acting("back", 4),
  { weight: 1, arbitrary: fc.constant({ kind: "sleep" as const, who: 0, n: 0 } as const) },
  { weight: 4, arbitrary: fc.constant({ kind: "settle" as const, who: 0, n: 0 } as const) },
);

Deno.test("State: server and clients come to the same state, whatever happens in which order", async () => {
  const numRuns = LONG ? 3_000 : 150;
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fc.integer({ min: 4, max: 30 }),
      fc.nat(),
      async (steps, size, seed) => {
        await using kit = testKit(ledgerApp(size), { seed, shuffle: true });
        const clients = [await kit.connect(), await kit.connect(), await kit.connect()];
        const rooms = [];
        for (const client of clients) rooms.push(await client.join(Ledger, { id: "1" }));
        for (const each of steps) {
          if (each.kind === "settle") await kit.settle();
          else if (each.kind === "sleep") await kit.advance(15_000);
          else if (each.kind === "drop") await clients[each.who].drop();
          else if (each.kind === "back") {
            if (!clients[each.who].isOpen) await clients[each.who].reconnect().catch(() => {}); // it is not back yet
          } else if (rooms[each.who].status === "joined") {
            void rooms[each.who].send(each.kind, each.kind === "put" ? { n: each.n } : {} as never).catch(
              () => {},
            );
          }
        }
        await kit.advance(15_000);
        for (const [i, client] of clients.entries()) {
          if (!client.isOpen) await client.reconnect();
          if (rooms[i].status !== "joined") await rooms[i].rejoin();
        }
        await kit.settle();
        const truth = kit.app.at(Ledger, { id: "1" }).transact(() => []);
        await kit.settle();
        const state = await truth;
        for (const room of rooms) assertEquals(room.state, state);
      },
    ),
    { numRuns },
  );
});
