/// <reference lib="dom" />

/**
 * The chat page: puts its parts together. `deno task bundle` makes `chat.bundle.js` of it, which the server sends.
 *
 * @module
 */

import { Composer } from "./composer.ts";
import { byId } from "./elements.ts";
import { Memory } from "./memory.ts";
import { MessageList } from "./message_list.ts";
import { OwnMessages } from "./own_messages.ts";
import { People } from "./people.ts";
import type { Said } from "./room_contract.ts";
import { type Fate, type LinkState, RoomLink, type Welcome } from "./room_link.ts";
import { Typists } from "./typists.ts";
import { type UnsentEntry, UnsentList } from "./unsent_list.ts";

const MAX_ROOM_LENGTH = 60;
const STATE_TEXTS: Readonly<Record<LinkState, string>> = {
  connecting: "Connecting…",
  connected: "Connected",
  reconnecting: "Reconnecting…",
  offline: "Offline",
};

const door = byId("door", HTMLElement);
const chat = byId("chat", HTMLElement);
const leave = byId("leave", HTMLButtonElement);
const state = byId("state", HTMLParagraphElement);
const nicknameField = byId("nickname", HTMLInputElement);
const roomField = byId("room", HTMLInputElement);
const fault = byId("join-fault", HTMLParagraphElement);

const visits = new Memory("visits");
const tab = new Memory("tab");
const messages = new MessageList();
const own = new OwnMessages(visits, (id) => messages.claim(id));
const people = new People();
const typists = new Typists();
const unsent = new UnsentList(tab, {
  resend: (entry) => {
    unsent.set(entry, "waiting");
    flush();
  },
  changed: () => messages.showEmpty(),
});
const composer = new Composer(tab, {
  send(text) {
    if (unsent.isFull) {
      messages.notice("Too many of your messages wait to be sent. This one stays in the field.");
      return false;
    }
    unsent.add(text);
    flush();
    messages.toEnd();
    return true;
  },
  typing: () => link?.typing(),
});

let link: RoomLink | null = null;
let me = "";
/** The server's time when this page came; what was said before is earlier. */
let cameAt = "";

function enter(room: string, nickname: string): void {
  me = nickname;
  fault.textContent = "";
  door.hidden = true;
  chat.hidden = false;
  leave.hidden = false;
  byId("room-title", HTMLElement).textContent = `#${room}`;
  byId("me", HTMLElement).textContent = nickname;
  document.title = `#${room} · Troupe chat`;
  messages.clear();
  people.clear();
  own.open(room);
  unsent.open(room);
  composer.open(room);
  link = new RoomLink(room, nickname, {
    state: showState,
    joined,
    missed: (count) => messages.notice(`You missed ${count} ${count === 1 ? "message" : "messages"}.`, true),
    ended,
    said,
    typing: (by) => typists.add(by),
    present: (nicknames) => people.show(nicknames, me),
  });
}

function exit(): void {
  link?.close();
  link = null;
  typists.clear();
  tab.set("joined", "");
  showState(null);
  chat.hidden = true;
  leave.hidden = true;
  door.hidden = false;
  byId("room-title", HTMLElement).textContent = "";
  document.title = "Troupe chat";
  nicknameField.focus();
}

function showState(linkState: LinkState | null): void {
  state.dataset.state = linkState ?? "none";
  state.textContent = linkState === null ? "" : STATE_TEXTS[linkState];
  if (linkState === "connected") return;
  typists.clear();
  people.suspend();
}

function joined({ nickname, at, again, recovery }: Welcome): void {
  me = nickname;
  byId("me", HTMLElement).textContent = nickname;
  tab.set("nickname", nickname);
  if (!again) cameAt = at;
  else if (recovery === "recovered") messages.notice("Connected again. Nothing is missing.");
  else if (recovery === "partial") messages.notice("Connected again.");
  else {messages.notice(
      "Connected again. The room’s history was reset: what you missed cannot be shown.",
      true,
    );}
  flush();
}

function ended(why: string): void {
  exit();
  fault.textContent = why;
}

function said(message: Said): void {
  // The room hears a message before its sender gets the answer: it is ours if we are waiting for just that.
  const entry = message.by === me && !own.has(message.id) ? unsent.awaited(message.text) : undefined;
  if (entry !== undefined) {
    own.add(message.id);
    unsent.remove(entry);
  }
  const mine = own.has(message.id);
  if (!mine) typists.remove(message.by);
  messages.add(message, { mine, earlier: message.at < cameAt });
}

/** Sends what waits, in order, if there is a connection. */
function flush(): void {
  for (const entry of unsent.waiting) {
    if (link === null || !link.isOpen) return;
    unsent.set(entry, "sending");
    link.say(entry.text, (fate) => settle(entry, fate));
  }
}

function settle(entry: UnsentEntry, fate: Fate): void {
  if (fate.kind === "delivered") {
    own.add(fate.id);
    unsent.remove(entry);
  } else if (fate.kind === "unsent") unsent.set(entry, "waiting");
  else if (fate.kind === "refused") unsent.set(entry, "refused", fate.reason);
  else unsent.set(entry, "unknown");
}

/** The room that the address names, `?room=` before `#`; `lobby` if it names none. */
function roomInAddress(): string {
  const { searchParams, hash } = new URL(location.href);
  return roomNamed(searchParams.get("room") ?? decodeHash(hash)) || "lobby";
}

function decodeHash(hash: string): string {
  try {
    return decodeURIComponent(hash.slice(1));
  } catch {
    return hash.slice(1);
  }
}

/** A topic's parameter holds no colon. */
function roomNamed(text: string): string {
  return text.trim().replaceAll(":", "-").slice(0, MAX_ROOM_LENGTH);
}

byId("join-form", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  const nickname = nicknameField.value.trim();
  const room = roomNamed(roomField.value) || "lobby";
  visits.set("nickname", nickname);
  tab.set("nickname", nickname);
  tab.set("joined", room);
  history.replaceState(null, "", `?room=${encodeURIComponent(room)}`);
  enter(room, nickname);
});
leave.addEventListener("click", exit);

nicknameField.value = visits.get("nickname");
roomField.value = roomInAddress();
// A reload goes on where the page was.
if (tab.get("joined") === roomField.value) enter(roomField.value, tab.get("nickname"));
