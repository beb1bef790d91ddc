/// <reference lib="dom" />
// The page of the board. It is bundled to page.bundle.js: deno task bundle
import { connect, withState } from "@troupe/core/client";
import { applyTo } from "@troupe/core/contract";
import { Board, COLUMNS } from "./contract.ts";

type Card = { readonly id: string; readonly text: string; readonly column: typeof COLUMNS[number] };

const TITLES = { todo: "To do", doing: "Doing", done: "Done" };
const byId = (id: string): HTMLElement => document.getElementById(id) as HTMLElement;
const name = new URL(location.href).searchParams.get("board") ?? "home";

// #region page
const troupe = connect("/socket", { use: [withState], reconnect: { maxMs: 3_000 } });
const board = troupe.join(Board, { id: name });

/** What was done here and is not answered yet: shown at once, on top of the board as the server has it. */
const pending = new Set<readonly [event: "added" | "moved" | "removed", payload: object]>();

function cards(): readonly Card[] {
  let state: unknown = board.state ?? { cards: [] };
  for (const [event, payload] of pending) state = applyTo(Board.definition.state, state, event, payload);
  return (state as { cards: Card[] }).cards;
}

async function act(
  sent: Promise<unknown>,
  ...shown: [event: "added" | "moved" | "removed", payload: object]
): Promise<void> {
  pending.add(shown);
  render();
  try {
    await sent; // waits for the connection, if there is none
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
  }
  pending.delete(shown);
  render();
}

board.on("troupe:state", render);
board.on("troupe:joined", render);
board.on("troupe:suspended", render);
// #endregion

let lastDraft = 0;

function add(text: string): void {
  const draft = { id: `draft-${++lastDraft}`, text, column: "todo" };
  void act(board.send("add", { text }), "added", draft);
}

function move(id: string, column: Card["column"], before: string | null): void {
  if (before === id) return;
  void act(board.send("move", { id, column, before }), "moved", { id, column, before });
}

function remove(id: string): void {
  void act(board.send("remove", { id }), "removed", { id });
}

function say(text: string): void {
  byId("alert").textContent = text;
}

function render(): void {
  const focused = document.activeElement instanceof HTMLElement
    ? document.activeElement.dataset.key
    : undefined;
  const all = cards();
  byId("columns").replaceChildren(...COLUMNS.map((column) => {
    const own = all.filter((card) => card.column === column);
    const section = make("section", "column");
    const title = make("h2", "", TITLES[column]);
    title.append(make("span", "count", String(own.length)));
    const list = make("ol", "");
    list.append(...own.map((card) => cardItem(card)));
    section.append(title, list);
    section.ariaLabel = TITLES[column];
    takeDrops(section, column, null);
    return section;
  }));
  const state = board.status === "joined"
    ? "Live"
    : board.status === "joining"
    ? "Connecting…"
    : "Offline: go on, it is kept";
  byId("state").dataset.status = board.status;
  byId("state").textContent = pending.size === 0 ? state : `${state} · ${pending.size} on the way`;
  if (focused !== undefined) {
    document.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }
}

function cardItem({ id, text, column }: Card): HTMLElement {
  const item = make("li", "card");
  item.append(make("span", "text", text));
  const isDraft = id.startsWith("draft-");
  const isPending = isDraft || [...pending].some(([, payload]) => (payload as { id: string }).id === id);
  item.classList.toggle("pending", isPending);
  if (isDraft) return item;
  item.draggable = true;
  item.addEventListener("dragstart", (event) => event.dataTransfer?.setData("text/plain", id));
  takeDrops(item, column, id);
  const actions = make("span", "actions");
  const place = COLUMNS.indexOf(column);
  for (const [to, arrow] of [[COLUMNS[place - 1], "←"], [COLUMNS[place + 1], "→"]] as const) {
    if (to !== undefined) {
      actions.append(button(arrow, `Move “${text}” to ${TITLES[to]}`, () => move(id, to, null)));
    }
  }
  actions.append(button("×", `Remove “${text}”`, () => remove(id)));
  item.append(actions);
  return item;
}

/** Lets cards be dropped on `element`: in front of the card `before`, or at the column's end. */
function takeDrops(element: HTMLElement, column: Card["column"], before: string | null): void {
  element.addEventListener("dragover", (event) => {
    event.preventDefault();
    event.stopPropagation();
    element.classList.add("target");
  });
  element.addEventListener("dragleave", () => element.classList.remove("target"));
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    event.stopPropagation();
    element.classList.remove("target");
    move(event.dataTransfer?.getData("text/plain") ?? "", column, before);
  });
}

function button(label: string, title: string, action: () => void): HTMLButtonElement {
  const made = make("button", "", label) as HTMLButtonElement;
  made.type = "button";
  made.title = made.ariaLabel = title;
  made.dataset.key = title;
  made.addEventListener("click", action);
  return made;
}

function make(tag: string, className: string, text = ""): HTMLElement {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

byId("board").textContent = name;
byId("add").addEventListener("submit", (event) => {
  event.preventDefault();
  const field = byId("text") as HTMLInputElement;
  const text = field.value.trim();
  if (text !== "") add(text);
  field.value = "";
});
render();
