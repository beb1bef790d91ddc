/// <reference lib="dom" />

import { byId, make } from "./elements.ts";
import { avatarOf, hueOf } from "./names.ts";
import type { Said } from "./room_contract.ts";

/** The most messages that the page shows; older ones go. */
export const MAX_SHOWN = 500;
/** Messages of one person in a row stand together if they are no further apart than this. */
const TOGETHER_MS = 300_000;
/** How near the end, in pixels, counts as reading along. */
const NEAR_END_PX = 80;

/** How a message is shown. */
export interface Shown {
  /** It was said by who reads it. */
  readonly mine: boolean;
  /** It was said before one came. */
  readonly earlier: boolean;
}

/** A message, and what shows it. */
interface Entry {
  readonly message: Said;
  readonly item: HTMLLIElement;
  readonly earlier: boolean;
}

/** The messages of a room, oldest first. It follows the newest one, unless somebody has scrolled up to read. */
export class MessageList {
  readonly #log = byId("log", HTMLDivElement);
  readonly #list = byId("messages", HTMLOListElement);
  readonly #empty = byId("empty", HTMLParagraphElement);
  readonly #toNewest = byId("to-newest", HTMLButtonElement);
  readonly #entries = new Map<string, Entry>();
  #last: Said | null = null;
  /** Whether earlier messages are what was shown last. */
  #isEarlier = false;

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

  /** Shows a message, once. Earlier ones are marked, and not read out. */
  add(message: Said, { mine, earlier }: Shown): void {
    if (this.#entries.has(message.id)) return;
    this.#turn(earlier);
    const item = make("li", "");
    const entry: Entry = { message, item, earlier };
    this.#entries.set(message.id, entry);
    const follows = this.#last !== null && this.#last.by === message.by &&
      Date.parse(message.at) - Date.parse(this.#last.at) < TOGETHER_MS;
    this.#render(entry, mine, follows);
    this.#append(item, mine && !earlier);
    this.#last = message;
  }

  /** A message that is shown already was said by who reads it, in another tab. */
  claim(id: string): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) this.#render(entry, true, entry.item.classList.contains("follows"));
  }

  /** Shows a line about the connection. One that is `lasting` stays, however many messages come. */
  notice(text: string, lasting = false): void {
    this.#log.ariaLive = "polite";
    this.#append(make("li", lasting ? "notice lasting" : "notice", text), false);
    this.#last = null;
  }

  /** Forgets everything: another room begins. */
  clear(): void {
    this.#list.replaceChildren();
    this.#entries.clear();
    this.#last = null;
    this.#isEarlier = false;
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

  /** Earlier messages have a line above them, and one below. */
  #turn(earlier: boolean): void {
    if (earlier === this.#isEarlier) return;
    this.#isEarlier = earlier;
    this.notice(earlier ? "Earlier messages" : "Since you came");
    if (earlier) this.#log.ariaLive = "off";
  }

  #render({ message: { id, by, at, text }, item, earlier }: Entry, mine: boolean, follows: boolean): void {
    item.className = `message ${mine ? "mine" : "theirs"} hue-${hueOf(by)}`;
    item.classList.toggle("follows", follows);
    item.classList.toggle("earlier", earlier);
    item.dataset.id = id;
    const bubble = make("div", "bubble");
    bubble.append(make("p", "text", text), timeOf(at));
    item.replaceChildren(
      ...(mine || follows ? [] : [avatarOf(by)]),
      make("p", mine || follows ? "by unseen" : "by", mine ? "You" : by),
      bubble,
    );
  }

  #append(item: HTMLLIElement, mine: boolean): void {
    const readsAlong = this.#isNearEnd();
    this.#list.append(item);
    while (this.#list.childElementCount > MAX_SHOWN && this.#drop());
    this.showEmpty();
    if (mine || readsAlong) this.toEnd();
    else this.#toNewest.hidden = false;
  }

  #drop(): boolean {
    const first = this.#list.querySelector<HTMLLIElement>(":scope > :not(.lasting)");
    if (first?.dataset.id !== undefined) this.#entries.delete(first.dataset.id);
    first?.remove();
    return first !== null;
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
