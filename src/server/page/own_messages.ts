/// <reference lib="dom" />

import type { Memory } from "./memory.ts";

/** How many of one's own messages are known again. */
const MAX_OWN = 200;

/**
 * Which messages of a room were said here: in any tab of this browser, and on any visit. Names cannot tell, since
 * others may have the same.
 */
export class OwnMessages {
  readonly #memory: Memory;
  #room = "";
  #ids = new Set<string>();

  /** `said` is called with ids that another tab has said. */
  constructor(memory: Memory, said: (id: string) => void) {
    this.#memory = memory;
    addEventListener("storage", () => {
      const known = this.#ids;
      this.#read();
      for (const id of this.#ids) {
        if (!known.has(id)) said(id);
      }
    });
  }

  /** Begins with another room. */
  open(room: string): void {
    this.#room = room;
    this.#read();
  }

  /** Whether the message was said here. */
  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** The message was said here. */
  add(id: string): void {
    if (this.#ids.has(id)) return;
    this.#read(); // another tab may have added some
    const ids = [...this.#ids, id].slice(-MAX_OWN);
    this.#ids = new Set(ids);
    this.#memory.set(`own.${this.#room}`, ids.join(" "));
  }

  #read(): void {
    const text = this.#memory.get(`own.${this.#room}`);
    this.#ids = new Set(text === "" ? [] : text.split(" "));
  }
}
