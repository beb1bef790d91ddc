// Runs examples/board: its app without a port, and its page in Chromium.
import { assertEquals, assertRejects } from "@std/assert";
import type { Page } from "playwright-core";
import app from "../../examples/board/app.ts";
import { Board, COLUMNS } from "../../examples/board/contract.ts";
import { TroupeError } from "../../mod.ts";
import { testKit } from "../../src/testing/mod.ts";
import { Cable } from "../browser/cable.ts";
import { Chromium } from "../browser/chromium.ts";
import { slowTestWith } from "../optional.ts";

/** The texts of each column. */
type Columns = Readonly<Record<string, readonly string[]>>;

function columnsOf({ cards }: { cards: readonly { text: string; column: string }[] }): Columns {
  return Object.fromEntries(
    COLUMNS.map((column) => [column, cards.filter((card) => card.column === column).map(({ text }) => text)]),
  );
}

Deno.test("board: who was away and moved nothing has the same board as the server, and a card that is gone stays gone", async () => {
  await using kit = testKit(app, { seed: 5 });
  const ada = await kit.connect();
  const board = await ada.join(Board, { id: "home" });
  const bob = await (await kit.connect()).join(Board, { id: "home" });
  for (const text of ["tea", "milk", "cake"]) await board.send("add", { text: ` ${text} ` });
  const [tea, milk, cake] = board.state.cards.map(({ id }) => id);

  await ada.drop();
  await bob.send("move", { id: cake, column: "todo", before: tea });
  await bob.send("move", { id: milk, column: "done", before: null });
  await bob.send("remove", { id: tea });
  await ada.reconnect();
  const { details } = await assertRejects(
    () => board.send("move", { id: tea, column: "doing", before: null }),
    TroupeError,
  );
  assertEquals((details.response as { reason: string }).reason, "somebody has removed it");
  await kit.settle();
  assertEquals(columnsOf(board.state), { todo: ["cake"], doing: [], done: ["milk"] });
  assertEquals(board.state, bob.state);
  assertEquals(await app.at(Board, { id: "home" }).transact(() => []), board.state);
});

Deno.test("board: the state is the same in whatever place a card is put in front of", () => {
  const { apply } = Board.definition.state;
  const cards = ["a", "b", "c"].map((id) => ({ id, text: id, column: "todo" as const }));
  const orderOf = (id: string, before: string | null): string =>
    apply.moved({ cards }, { id, column: "doing", before }).cards.map((card) => card.id).join("");
  assertEquals(orderOf("c", "a"), "cab");
  assertEquals(orderOf("a", "c"), "bac");
  assertEquals(orderOf("a", null), "bca");
  assertEquals(orderOf("a", "gone"), "bca");
  assertEquals(orderOf("b", "b"), "acb");
  assertEquals(orderOf("gone", "a"), "abc");
});

/** What a page shows. */
function shownBy(page: Page): Promise<Columns> {
  return page.locator(".column").evaluateAll((columns) =>
    Object.fromEntries(columns.map((column, i) => [
      ["todo", "doing", "done"][i],
      [...column.querySelectorAll(".card .text")].map((text) => text.textContent ?? ""),
    ]))
  );
}

async function add(page: Page, text: string): Promise<void> {
  await page.getByLabel("New card").fill(text);
  await page.keyboard.press("Enter");
}

async function settled(page: Page): Promise<void> {
  await page.getByRole("status").getByText("Live", { exact: true }).waitFor();
}

slowTestWith(
  "chromium",
  "board: two pages converge after an offline spell in which both have moved cards",
  async (path) => {
    const server = app.listen({ port: 0, signals: false });
    try {
      await using cable = new Cable(server.port);
      await using chromium = await Chromium.launch(path);
      const [ada, bob] = [
        await chromium.open(`${cable.url}?board=shared`),
        await chromium.open(`http://127.0.0.1:${server.port}/?board=shared`),
      ];
      await settled(ada);
      for (const text of ["tea", "milk", "cake", "rolls"]) await add(ada, text);
      await settled(ada);
      for (const text of ["tea", "milk", "cake", "rolls"]) {
        await bob.getByText(text, { exact: true })
          .waitFor();
      }
      assertEquals(await shownBy(bob), { todo: ["tea", "milk", "cake", "rolls"], doing: [], done: [] });

      cable.cut();
      await ada.getByRole("status").getByText("Offline").waitFor();
      await ada.getByRole("button", { name: "Move “tea” to Doing" }).click();
      await ada.getByRole("button", { name: "Move “milk” to Doing" }).click();
      await ada.getByRole("button", { name: "Move “rolls” to Doing" }).click();
      await add(ada, "jam");
      await ada.getByRole("status").getByText("4 on the way").waitFor();
      // What was done is shown at once, and marked.
      assertEquals(await shownBy(ada), { todo: ["cake", "jam"], doing: ["tea", "milk", "rolls"], done: [] });
      assertEquals(await ada.locator(".pending").count(), 4);

      await bob.getByText("cake", { exact: true }).dragTo(bob.getByText("tea", { exact: true }));
      await bob.getByRole("button", { name: "Move “milk” to Doing" }).click();
      await bob.getByRole("button", { name: "Move “milk” to Done" }).click();
      await bob.getByRole("button", { name: "Remove “rolls”" }).click();
      await settled(bob);
      assertEquals(await shownBy(bob), { todo: ["cake", "tea"], doing: [], done: ["milk"] });

      cable.mend();
      await settled(ada);
      await ada.getByRole("alert").filter({ hasText: "somebody has removed it" }).waitFor();
      await bob.getByText("jam", { exact: true }).waitFor();
      const expected = { todo: ["cake", "jam"], doing: ["tea", "milk"], done: [] };
      assertEquals(await shownBy(ada), expected);
      assertEquals(await shownBy(bob), expected);
      assertEquals(columnsOf(await app.at(Board, { id: "shared" }).transact(() => [])), expected);
      assertEquals(chromium.faults, []);
    } finally {
      await server.close();
    }
  },
);
