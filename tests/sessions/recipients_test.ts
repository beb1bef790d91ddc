import { assertEquals } from "@std/assert";
import type { BroadcastOptions } from "../../mod.ts";
import { AppKit } from "../../src/testing/mod.ts";
import { recipientFilter } from "../../src/sessions/recipients.ts";
import { type Client, connect } from "./client.ts";

Deno.test("Without options, or with empty ones, there is no filter at all", () => {
  assertEquals(recipientFilter(undefined, null), null);
  assertEquals(recipientFilter({}, null), null);
  assertEquals(recipientFilter({ except: [] }, null), null);
});

/** Who of ada (two connections) and bob gets what ada's first connection broadcasts with these options. */
async function receiversOf(options: (ids: readonly string[]) => BroadcastOptions): Promise<string[]> {
  await using kit = new AppKit({ authenticate: ({ params }) => ({ id: `${params.user}` }) });
  let ids: string[] = [];
  kit.app.topic("room:*", {
    on: {
      all: (ctx) => ctx.broadcast("said", {}, options(ids)),
      others: (ctx) => ctx.broadcast("said", {}, { except: ctx }),
      not_me_nor_bob: (ctx) => ctx.broadcast("said", {}, { except: [ctx, { user: "bob" }] }),
    },
  });
  const clients: Client[] = [];
  for (const user of ["ada", "ada", "bob"]) {
    clients.push(await connect(kit, `/socket/websocket?vsn=2.0.0&user=${user}`));
  }
  ids = [...kit.app.connections].map(({ id }) => id);
  for (const client of clients) client.join("room:1");
  await kit.settle();
  for (const client of clients) client.take();
  const given = options(ids);
  const event = given === OTHERS ? "others" : given === NOT_ME_NOR_BOB ? "not_me_nor_bob" : "all";
  clients[0].push("room:1", event);
  await kit.settle();
  return ["ada 1", "ada 2", "bob"].filter((_, i) =>
    clients[i].take().some(([, , , name]) => name === "said")
  );
}

/** Stand for what only a handler can say. */
const OTHERS: BroadcastOptions = {};
const NOT_ME_NOR_BOB: BroadcastOptions = {};

Deno.test("A broadcast goes to all members, the sender included", async () => {
  assertEquals(await receiversOf(() => ({})), ["ada 1", "ada 2", "bob"]);
});

Deno.test("A broadcast except ctx leaves out that channel alone, not the user's others", async () => {
  assertEquals(await receiversOf(() => OTHERS), ["ada 2", "bob"]);
});

Deno.test("A broadcast except a user leaves out all connections of the user", async () => {
  assertEquals(await receiversOf(() => ({ except: { user: "ada" } })), ["bob"]);
});

Deno.test("A broadcast except a connection leaves out that one", async () => {
  assertEquals(await receiversOf((ids) => ({ except: { connection: ids[1] } })), ["ada 1", "bob"]);
});

Deno.test("A broadcast except a list leaves out all of it", async () => {
  assertEquals(await receiversOf(() => NOT_ME_NOR_BOB), ["ada 2"]);
});

Deno.test("A broadcast to only some users and connections reaches nobody else", async () => {
  assertEquals(await receiversOf(() => ({ only: { user: "ada" } })), ["ada 1", "ada 2"]);
  assertEquals(await receiversOf((ids) => ({ only: [{ connection: ids[0] }, { user: "bob" }] })), [
    "ada 1",
    "bob",
  ]);
  assertEquals(await receiversOf(() => ({ only: [] })), []);
});

Deno.test("Who is both chosen and excepted gets nothing", async () => {
  assertEquals(
    await receiversOf((ids) => ({ only: { user: "ada" }, except: { connection: ids[0] } })),
    ["ada 2"],
  );
});
