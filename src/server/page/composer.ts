/// <reference lib="dom" />

import { systemClock } from "../../base/clock.ts";
import { byId } from "./elements.ts";
import type { Memory } from "./memory.ts";

/** How often the others are told that one is typing, in milliseconds. */
const TYPING_EVERY_MS = 2_000;
/** From how many characters before the limit on it is shown. */
const REMAINING_SHOWN = 200;

/** What the composer asks of the page. */
export interface ComposerListener {
  /** Send this. `false`: it cannot be taken now; it stays in the field. */
  send(text: string): boolean;
  /** Something is being written. */
  typing(): void;
}

/** Where messages are written. Every keystroke is kept, so that a reload loses nothing. */
export class Composer {
  readonly #text = byId("text", HTMLTextAreaElement);
  readonly #remaining = byId("remaining", HTMLSpanElement);
  readonly #memory: Memory;
  readonly #listener: ComposerListener;
  #room = "";
  #toldAtMs = -Infinity;

  constructor(memory: Memory, listener: ComposerListener) {
    this.#memory = memory;
    this.#listener = listener;
    byId("composer", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.#text.addEventListener("keydown", (event) => {
      // While an input method composes, Enter accepts what it suggests.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#send();
    });
    this.#text.addEventListener("input", () => {
      this.#changed();
      if (this.#text.value.trim() !== "") this.#tellTyping();
    });
  }

  /** Shows what was written for `room` and not sent. */
  open(room: string): void {
    this.#room = room;
    this.#text.value = this.#memory.get(`draft.${room}`);
    this.#changed();
    this.#text.focus();
  }

  #send(): void {
    const text = this.#text.value.trim();
    if (text !== "" && this.#listener.send(text)) {
      this.#text.value = "";
      this.#toldAtMs = -Infinity;
      this.#changed();
    }
    this.#text.focus();
  }

  #changed(): void {
    const { value, maxLength, style } = this.#text;
    this.#memory.set(`draft.${this.#room}`, value);
    const remaining = maxLength - value.length;
    this.#remaining.textContent = remaining > REMAINING_SHOWN ? "" : `${remaining} characters left`;
    style.height = "auto";
    const border = this.#text.offsetHeight - this.#text.clientHeight;
    style.height = `${this.#text.scrollHeight + border}px`;
  }

  #tellTyping(): void {
    const now = systemClock.elapsedMs();
    if (now - this.#toldAtMs < TYPING_EVERY_MS) return;
    this.#toldAtMs = now;
    this.#listener.typing();
  }
}
