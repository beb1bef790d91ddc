/// <reference lib="dom" />

import type { TroupeError } from "../../base/errors.ts";
import type { Channel, Client, Ended, Joined, PresenceView } from "../../client/mod.ts";
import { connect, withPresence } from "../../client/mod.ts";
import { sharedTabs } from "../../client/tabs/mod.ts";
import { Room, type Said } from "./room_contract.ts";

/**
 * `connecting`: not there yet. `reconnecting`: it was there, and it comes back by itself. `offline`: the same, but the
 * browser has no network.
 */
export type LinkState = "connecting" | "connected" | "reconnecting" | "offline";

/** What became of a message. */
export type Fate =
  | { readonly kind: "delivered"; readonly id: string }
  | { readonly kind: "refused"; readonly reason: string }
  /** It was not sent: the connection was not there. */
  | { readonly kind: "unsent" }
  /** No answer: nobody knows whether it arrived. */
  | { readonly kind: "unknown" };

/** The room is joined. */
export interface Welcome extends Pick<Joined, "again" | "recovery"> {
  readonly nickname: string;
  /** The server's time at the join, ISO 8601: what was said before is earlier. */
  readonly at: string;
}

/** What a {@link RoomLink} tells. */
export interface LinkListener {
  state(state: LinkState): void;
  /** The room is joined, for the first time or again. What was missed follows. */
  joined(welcome: Welcome): void;
  /** So many messages of others are lost for this page. */
  missed(count: number): void;
  /** The link is closed for good, and not by us. */
  ended(why: string): void;
  said(message: Said): void;
  typing(by: string): void;
  /** Who is here now: each name once. */
  present(nicknames: readonly string[]): void;
}

/** A server that restarts is back within a second or two; later, do not knock too often. */
const RECONNECT = { baseMs: 300, maxMs: 4_000 };
/** How many of the newest messages are wanted at the first join. */
const EARLIER = 50;

/** One connection for the tabs of one name, as long as the page lives. */
const transports = new Map<string, ReturnType<typeof sharedTabs>>();

/** The connection to one room, by our own client; all tabs of one browser in which one has the same name share it. */
export class RoomLink {
  readonly #listener: LinkListener;
  readonly #client: Client;
  readonly #channel: Channel<typeof Room>;
  readonly #watch = (): void => this.#tell();
  /** Ends with the connection: what was sent over it is not answered any more. */
  #answers = new AbortController();
  #nickname: string;
  #hasJoined = false;
  #closed = false;

  /** Connects and joins. An empty `nickname` has the server give one, which is kept from then on. */
  constructor(room: string, nickname: string, listener: LinkListener) {
    this.#listener = listener;
    this.#nickname = nickname;
    this.#client = connect("/socket", {
      use: [withPresence],
      heartbeatMs: 15_000,
      reconnect: RECONNECT,
      // Who has no name yet is nobody whose tabs could be known.
      ...(nickname === "" ? { longPollFallbackMs: null } : { transport: transportOf(nickname) }),
    });
    this.#channel = this.#client.join(
      Room,
      { id: room },
      () => (this.#nickname === "" ? {} : { nickname: this.#nickname }),
      { history: EARLIER },
    );
    this.#listen();
    addEventListener("online", this.#watch);
    addEventListener("offline", this.#watch);
    this.#tell();
  }

  /** Whether a message can go out now. */
  get isOpen(): boolean {
    return !this.#closed && this.#client.state === "open" && this.#channel.status === "joined";
  }

  /** Says something; `done` is called once. Only while it {@link isOpen}: nothing is queued here. */
  say(text: string, done: (fate: Fate) => void): void {
    this.#channel.send("say", { text }, { queue: false, signal: this.#answers.signal }).then(
      ({ id }) => done({ kind: "delivered", id }),
      (error) => done(fateOf(error)),
    );
  }

  /** Tells the others that something is being written. */
  typing(): void {
    if (this.isOpen) this.#channel.send("typing", {}, { queue: false }).catch(() => {});
  }

  /** Leaves the room and closes the connection. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    removeEventListener("online", this.#watch);
    removeEventListener("offline", this.#watch);
    this.#answers.abort();
    void this.#client.close();
  }

  #listen(): void {
    const { presence } = this.#channel;
    this.#channel.on("said", (message) => this.#listener.said(message));
    this.#channel.on("typing", ({ by }) => this.#listener.typing(by));
    this.#channel.on("troupe:joined", ({ reply: { nickname, at }, again, recovery }) => {
      this.#nickname = nickname;
      this.#hasJoined = true;
      this.#tell();
      this.#listener.joined({ nickname, at, again, recovery });
    });
    this.#channel.on("troupe:missed", ({ count }) => this.#listener.missed(count));
    this.#channel.on("troupe:suspended", () => {
      this.#answers.abort();
      this.#answers = new AbortController();
      this.#tell();
    });
    this.#channel.on("troupe:ended", (ended) => this.#ended(ended));
    this.#client.on("state", () => this.#tell());
    presence.on("change", () => this.#listener.present(namesIn(presence)));
  }

  #tell(): void {
    if (this.#closed) return;
    if (this.isOpen) this.#listener.state("connected");
    else if (!navigator.onLine) this.#listener.state("offline");
    else this.#listener.state(this.#hasJoined ? "reconnecting" : "connecting");
  }

  #ended({ kind, reason }: Ended): void {
    if (this.#closed) return;
    this.close();
    const because = reasonOf(reason);
    this.#listener.ended(
      kind === "refused" ? `You cannot join: ${because}.` : `The room was closed: ${because}.`,
    );
  }
}

function transportOf(name: string): ReturnType<typeof sharedTabs> {
  const transport = transports.get(name) ?? sharedTabs({ name, worker: "/tabs.js" });
  transports.set(name, transport);
  return transport;
}

function namesIn(presence: PresenceView<{ nickname: string }>): string[] {
  return [...new Set(presence.list().flatMap(({ metas }) => metas.map(({ nickname }) => nickname)))];
}

function fateOf(error: unknown): Fate {
  const { code, details } = error as Partial<TroupeError>;
  if (code === "not_joined") return { kind: "unsent" };
  if (code !== "message_refused") return { kind: "unknown" };
  return { kind: "refused", reason: reasonOf((details as { response?: unknown }).response) };
}

/** What the server says, for people: a text, or `{ reason: "invalid_payload", issues: [{ path, message }] }`. */
function reasonOf(response: unknown): string {
  if (typeof response === "string") return response;
  const { reason, issues } = (response ?? {}) as {
    reason?: unknown;
    issues?: { path: string; message: string }[];
  };
  const [issue] = issues ?? [];
  if (issue !== undefined) return `${issue.path}: ${issue.message}`;
  return reason === "overloaded"
    ? "the server is overloaded"
    : String(reason ?? "the server gives no reason");
}
