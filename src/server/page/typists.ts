/// <reference lib="dom" />

import { systemClock, type TimerId } from "../../base/clock.ts";
import { byId } from "./elements.ts";

/** How long somebody is typing after the last sign of it, in milliseconds. */
const TYPING_MS = 3_500;
/** The most people that are kept in mind. */
const MAX_TYPISTS = 20;
/** More than this many are not named. */
const MAX_NAMED = 2;

/** The line that says who is typing. */
export class Typists {
  readonly #line = byId("typing", HTMLParagraphElement);
  readonly #timers = new Map<string, TimerId>();

  /** Somebody is typing. */
  add(by: string): void {
    const timer = this.#timers.get(by);
    if (timer !== undefined) systemClock.clearTimer(timer);
    else if (this.#timers.size >= MAX_TYPISTS) return;
    this.#timers.set(by, systemClock.setTimer(() => this.remove(by), TYPING_MS));
    this.#render();
  }

  /** Somebody has stopped, or said it. */
  remove(by: string): void {
    const timer = this.#timers.get(by);
    if (timer === undefined) return;
    systemClock.clearTimer(timer);
    this.#timers.delete(by);
    this.#render();
  }

  /** Nobody is. */
  clear(): void {
    for (const by of [...this.#timers.keys()]) this.remove(by);
  }

  #render(): void {
    const names = [...this.#timers.keys()];
    this.#line.textContent = names.length === 0
      ? ""
      : names.length > MAX_NAMED
      ? "Several people are typing…"
      : `${names.join(" and ")} ${names.length === 1 ? "is" : "are"} typing…`;
  }
}
