/// <reference lib="dom" />

import { byId, make } from "./elements.ts";
import type { Said } from "./room_link.ts";

/** The most messages that the page shows; older ones go. */
export const MAX_SHOWN = 500;
/** Messages of one person in a row stand together if they are no further apart than this. */
const TOGETHER_MS = 300_000;
/** How near the end, in pixels, counts as reading along. */
const NEAR_END_PX = 80;
const HUES = 6;

/** The messages of a room, oldest first. It follows the newest one, unless somebody has scrolled up to read. */
export class MessageList {
  readonly #log = byId("log", HTMLDivElement);
  readonly #list = byId("messages", HTMLOListElement);
  readonly #empty = byId("empty", HTMLParagraphElement);
  readonly #toNewest = byId("to-newest", HTMLButtonElement);
  readonly #ids = new Set<string>();
  #last: Said | null = null;

  constructor() {
    this.#toNewest.addEventListener("click", () => {
      this.toEnd();
      this.#log.focus();
    });
    this.#log.addEventListener("scroll", () => {
      if (this.#isNearEnd()) this.#toNewest.hidden = true;
    }, { passive: true });
    // The keyboard of a phone, a longer draft: whoever reads along still does.
    new ResizeObserver(() => {
      if (this.#toNewest.hidden) this.toEnd();
    }).observe(this.#log);
  }

  /** Shows a message, once. `mine`: it was said on this page. */
  add(message: Said, mine: boolean): void {
    if (this.#ids.has(message.id)) return;
    this.#ids.add(message.id);
    const item = make("li", `message ${mine ? "mine" : "theirs"} hue-${hueOf(message.by)}`);
    item.dataset.id = message.id;
    const follows = this.#last !== null && this.#last.by === message.by &&
      Date.parse(message.at) - Date.parse(this.#last.at) < TOGETHER_MS;
    item.classList.toggle("follows", follows);
    if (!mine && !follows) {
      const avatar = make("span", "avatar", [...message.by][0].toUpperCase());
      avatar.ariaHidden = "true";
      item.append(avatar);
    }
    item.append(make("p", mine || follows ? "by unseen" : "by", mine ? "You" : message.by));
    const bubble = make("div", "bubble");
    bubble.append(make("p", "text", message.text), timeOf(message.at));
    item.append(bubble);
    this.#append(item, mine);
    this.#last = message;
  }

  /** Shows a line about the connection. */
  notice(text: string): void {
    this.#append(make("li", "notice", text), false);
    this.#last = null;
  }

  /** Forgets everything: another room begins. */
  clear(): void {
    this.#list.replaceChildren();
    this.#ids.clear();
    this.#last = null;
    this.#toNewest.hidden = true;
    this.showEmpty();
  }

  /** Says that there is nothing to read, if so. */
  showEmpty(): void {
    const nothing = this.#log.querySelector("li") === null;
    this.#empty.hidden = !nothing;
    this.#list.hidden = nothing;
  }

  /** Shows the newest message. */
  toEnd(): void {
    this.#toNewest.hidden = true;
    this.#log.scrollTop = this.#log.scrollHeight;
  }

  #append(item: HTMLLIElement, mine: boolean): void {
    const readsAlong = this.#isNearEnd();
    this.#list.append(item);
    while (this.#list.childElementCount > MAX_SHOWN) this.#drop();
    this.showEmpty();
    if (mine || readsAlong) this.toEnd();
    else this.#toNewest.hidden = false;
  }

  #drop(): void {
    const first = this.#list.firstElementChild;
    if (!(first instanceof HTMLElement)) return;
    if (first.dataset.id !== undefined) this.#ids.delete(first.dataset.id);
    first.remove();
  }

  #isNearEnd(): boolean {
    const { scrollHeight, scrollTop, clientHeight } = this.#log;
    return scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
  }
}

const HOURS = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const IN_FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

function timeOf(at: string): HTMLTimeElement {
  const date = new Date(at);
  const element = make("time", "", HOURS.format(date));
  element.dateTime = at;
  element.title = IN_FULL.format(date);
  return element;
}

/** The same colour for the same name, on every page: FNV-1a of its UTF-16 code units. */
function hueOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % HUES;
}
