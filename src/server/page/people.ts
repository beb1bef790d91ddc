/// <reference lib="dom" />

import { byId, make } from "./elements.ts";
import { avatarOf, hueOf } from "./names.ts";

/** More than this many are not named. */
const MAX_NAMED = 100;

/** Who is here. */
export class People {
  readonly #section = byId("people", HTMLElement);
  readonly #title = byId("people-title", HTMLHeadingElement);
  readonly #list = byId("people-list", HTMLUListElement);
  #count = 0;

  /** Shows these, each name once; `me` first. */
  show(nicknames: readonly string[], me: string): void {
    const sorted = [...nicknames].sort((a, b) => Number(b === me) - Number(a === me) || a.localeCompare(b));
    this.#count = sorted.length;
    this.#section.hidden = sorted.length === 0;
    this.#say("here");
    const items = sorted.slice(0, MAX_NAMED).map((name) => {
      const item = make("li", `hue-${hueOf(name)}`);
      item.append(avatarOf(name), make("span", "name", name));
      if (name === me) item.append(" ", make("span", "hint", "(you)"));
      return item;
    });
    const rest = sorted.length - items.length;
    if (rest > 0) items.push(make("li", "hint", `and ${rest} more`));
    this.#list.replaceChildren(...items);
  }

  /** The connection is gone: nobody can say who is here now. */
  suspend(): void {
    this.#say(this.#count === 1 ? "was here" : "were here");
  }

  /** Forgets everybody: another room begins. */
  clear(): void {
    this.show([], "");
  }

  #say(how: string): void {
    this.#title.textContent = `${this.#count} ${how}`;
  }
}
