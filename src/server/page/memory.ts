/// <reference lib="dom" />

/** How long a note is kept: over visits, or as long as the tab is open, reloads included. */
export type Span = "visits" | "tab";

/**
 * What the page remembers, as texts by name. A browser that stores nothing (it is full, or told not to) makes it
 * forgetful, not broken.
 */
export class Memory {
  readonly #storage: Storage | null;

  constructor(span: Span) {
    this.#storage = open(span);
  }

  /** The text under `name`; empty if there is none. */
  get(name: string): string {
    return this.#storage?.getItem(`troupe.${name}`) ?? "";
  }

  /** Keeps `text` under `name`; an empty one is forgotten. */
  set(name: string, text: string): void {
    try {
      if (text === "") this.#storage?.removeItem(`troupe.${name}`);
      else this.#storage?.setItem(`troupe.${name}`, text);
    } catch {
      // Full.
    }
  }
}

function open(span: Span): Storage | null {
  try {
    return span === "visits" ? localStorage : sessionStorage;
  } catch {
    return null;
  }
}
