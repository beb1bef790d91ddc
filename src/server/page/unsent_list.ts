/// <reference lib="dom" />

import { byId, make } from "./elements.ts";
import type { Memory } from "./memory.ts";

/** `waiting`: for the connection. `sending`: for the answer. `unknown`: the answer never came. `refused`: by the server. */
export type UnsentState = "waiting" | "sending" | "unknown" | "refused";

/** A message of one's own that nobody has confirmed yet. */
export interface Unsent {
  readonly text: string;
  readonly state: UnsentState;
}

/** The most messages that wait; then the page takes no more. */
export const MAX_UNSENT = 50;

/** What the list asks of the page. */
export interface UnsentListener {
  /** Send this one again. */
  resend(entry: UnsentEntry): void;
  /** The list has changed. */
  changed(): void;
}

/** One entry of the list. */
export class UnsentEntry implements Unsent {
  readonly text: string;
  readonly element: HTMLLIElement;
  state: UnsentState;
  reason = "";

  constructor(text: string, state: UnsentState) {
    this.text = text;
    this.state = state;
    this.element = make("li", "message mine");
  }
}

/** Messages on their way. They outlive a lost connection and a reload of the page; only people discard them. */
export class UnsentList {
  readonly #list = byId("unsent", HTMLOListElement);
  readonly #alert = byId("alert", HTMLParagraphElement);
  readonly #memory: Memory;
  readonly #listener: UnsentListener;
  #entries: UnsentEntry[] = [];
  #room = "";

  constructor(memory: Memory, listener: UnsentListener) {
    this.#memory = memory;
    this.#listener = listener;
  }

  /** Those that wait for the connection, oldest first. */
  get waiting(): readonly UnsentEntry[] {
    return this.#entries.filter(({ state }) => state === "waiting");
  }

  /** Whether another one would be one too many. */
  get isFull(): boolean {
    return this.#entries.length >= MAX_UNSENT;
  }

  /** Shows what is left of the last visit to `room` in this tab. */
  open(room: string): void {
    this.#room = room;
    // What was on its way when the page went may have arrived or not.
    this.#entries = read(this.#memory.get(`unsent.${room}`)).map(({ text, state }) =>
      new UnsentEntry(text, state === "sending" ? "unknown" : state)
    );
    this.#list.replaceChildren(...this.#entries.map(({ element }) => element));
    for (const entry of this.#entries) this.#render(entry);
    this.#listener.changed();
  }

  /** Takes one more. */
  add(text: string): UnsentEntry {
    const entry = new UnsentEntry(text, "waiting");
    this.#entries.push(entry);
    this.#list.append(entry.element);
    this.set(entry, "waiting");
    return entry;
  }

  /** Shows what became of one. */
  set(entry: UnsentEntry, state: UnsentState, reason = ""): void {
    if (!this.#entries.includes(entry)) return;
    entry.state = state;
    entry.reason = reason;
    this.#render(entry);
    if (state === "unknown" || state === "refused") this.#alert.textContent = fateOf(entry);
    this.#changed();
  }

  /** Takes one off the list. */
  remove(entry: UnsentEntry): void {
    this.#entries = this.#entries.filter((each) => each !== entry);
    entry.element.remove();
    this.#changed();
  }

  /** The oldest one that may have arrived and has this text. */
  awaited(text: string): UnsentEntry | undefined {
    return this.#entries.find((entry) =>
      (entry.state === "sending" || entry.state === "unknown") && entry.text === text
    );
  }

  #changed(): void {
    const kept: Unsent[] = this.#entries.map(({ text, state }) => ({ text, state }));
    this.#memory.set(`unsent.${this.#room}`, kept.length === 0 ? "" : JSON.stringify(kept));
    this.#listener.changed();
  }

  #render(entry: UnsentEntry): void {
    const bubble = make("div", "bubble");
    bubble.append(make("p", "text", entry.text));
    const isBad = entry.state === "unknown" || entry.state === "refused";
    const fate = make("div", isBad ? "fate bad" : "fate");
    fate.append(make("span", "", fateOf(entry)));
    if (isBad) {
      fate.append(
        this.#button("Send again", () => this.#listener.resend(entry)),
        this.#button("Discard", () => this.remove(entry)),
      );
    }
    entry.element.replaceChildren(bubble, fate);
  }

  #button(label: string, action: () => void): HTMLButtonElement {
    const button = make("button", "quiet", label);
    button.type = "button";
    button.addEventListener("click", () => {
      action();
      // The button is gone; the next thing to do is to write on.
      byId("text", HTMLTextAreaElement).focus();
    });
    return button;
  }
}

function fateOf({ state, reason }: UnsentEntry): string {
  switch (state) {
    case "waiting":
      return "Not sent yet: waits for the connection";
    case "sending":
      return "Sending…";
    case "unknown":
      return "The connection broke: this may not have arrived";
    case "refused":
      return `Not sent: ${reason === "" ? "the server refused it" : reason}`;
  }
}

const STATES: readonly string[] = ["waiting", "sending", "unknown", "refused"] satisfies UnsentState[];

function read(text: string): Unsent[] {
  if (text === "") return [];
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list.filter(isUnsent).slice(0, MAX_UNSENT) : [];
  } catch {
    return [];
  }
}

function isUnsent(value: unknown): value is Unsent {
  if (typeof value !== "object" || value === null) return false;
  const { text, state } = value as Partial<Record<keyof Unsent, unknown>>;
  return typeof text === "string" && typeof state === "string" && STATES.includes(state);
}
