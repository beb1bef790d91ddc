/// <reference lib="dom" />

import { type Channel, Socket } from "phoenix";
import { systemRandom } from "../../base/random.ts";
import { createCodec } from "../../protocol/client_codec.ts";

/**
 * `connecting`: not there yet. `reconnecting`: it was there, and it comes back by itself. `offline`: the same, but the
 * browser has no network.
 */
export type LinkState = "connecting" | "connected" | "reconnecting" | "offline";

/** What somebody said. */
export interface Said {
  readonly id: string;
  readonly by: string;
  readonly text: string;
  /** ISO 8601. */
  readonly at: string;
}

/** What became of a message. */
export type Fate =
  | { readonly kind: "delivered"; readonly id: string }
  | { readonly kind: "refused"; readonly reason: string }
  /** No answer: nobody knows whether it arrived. */
  | { readonly kind: "unknown" };

/** What a {@link RoomLink} tells. */
export interface LinkListener {
  state(state: LinkState): void;
  /** The room is joined, for the first time or again. */
  joined(nickname: string): void;
  /** The server does not let us in, and trying again would not help. The link is closed. */
  refused(reason: string): void;
  said(message: Said): void;
  typing(by: string): void;
}

/** A server that restarts is back within a second or two; later, do not knock too often. */
const RECONNECT_MS = [100, 300, 600, 1_000, 1_500, 2_000];
const RECONNECT_LATE_MS = 4_000;

/** The connection to one room: the published `phoenix` client, speaking version 2.1.0 of the wire. */
export class RoomLink {
  readonly #listener: LinkListener;
  readonly #socket: Socket;
  readonly #channel: Channel;
  readonly #pending = new Set<(fate: Fate) => void>();
  readonly #watch = (): void => this.#tell();
  #nickname: string;
  #hasJoined = false;
  #closed = false;

  /** Connects and joins. An empty `nickname` has the server give one, which is kept from then on. */
  constructor(room: string, nickname: string, listener: LinkListener) {
    this.#listener = listener;
    this.#nickname = nickname;
    this.#socket = new Socket("/socket", {
      vsn: "2.1.0",
      ...createCodec(),
      heartbeatIntervalMs: 15_000,
      reconnectAfterMs: soon,
      rejoinAfterMs: soon,
    });
    this.#channel = this.#socket.channel(
      `room:${room}`,
      () => (this.#nickname === "" ? {} : { nickname: this.#nickname }),
    );
    this.#listen();
    addEventListener("online", this.#watch);
    addEventListener("offline", this.#watch);
    this.#socket.connect();
    this.#join();
    this.#tell();
  }

  /** Whether a message can go out now. */
  get isOpen(): boolean {
    return !this.#closed && this.#socket.isConnected() && this.#channel.state === "joined";
  }

  /** Says something; `done` is called once. Only while it {@link isOpen}: nothing is queued here. */
  say(text: string, done: (fate: Fate) => void): void {
    const settle = (fate: Fate): void => {
      if (this.#pending.delete(settle)) done(fate);
    };
    this.#pending.add(settle);
    this.#channel.push("say", { text })
      .receive<{ id: string }>("ok", ({ id }) => settle({ kind: "delivered", id }))
      .receive("error", (response) => settle({ kind: "refused", reason: reasonOf(response) }))
      .receive("timeout", () => settle({ kind: "unknown" }));
  }

  /** Tells the others that something is being written. */
  typing(): void {
    if (this.isOpen) this.#channel.push("typing");
  }

  /** Leaves the room and closes the connection. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    removeEventListener("online", this.#watch);
    removeEventListener("offline", this.#watch);
    this.#channel.leave();
    this.#socket.disconnect();
    this.#giveUp();
  }

  #listen(): void {
    this.#channel.on<Said>("said", (message) => this.#listener.said(message));
    this.#channel.on<{ by: string }>("typing", ({ by }) => this.#listener.typing(by));
    const lost = (): void => {
      this.#giveUp();
      this.#tell();
    };
    this.#channel.onError(lost);
    this.#socket.onClose(lost);
  }

  #join(): void {
    this.#channel.join()
      .receive<{ nickname: string }>("ok", ({ nickname }) => {
        this.#nickname = nickname;
        this.#hasJoined = true;
        this.#tell();
        this.#listener.joined(nickname);
      })
      .receive<{ reason?: unknown }>("error", (response) => {
        // Anything else may pass: the client tries again by itself.
        if (response.reason !== "invalid_payload") return;
        this.close();
        this.#listener.refused(reasonOf(response));
      });
  }

  #tell(): void {
    if (this.#closed) return;
    if (this.isOpen) this.#listener.state("connected");
    else if (!navigator.onLine) this.#listener.state("offline");
    else this.#listener.state(this.#hasJoined ? "reconnecting" : "connecting");
  }

  /** The connection is gone, and with it the answers that were awaited. */
  #giveUp(): void {
    for (const settle of [...this.#pending]) settle({ kind: "unknown" });
  }
}

/** Spread by a third, so that the clients of a server that restarts do not all come back at the same instant. */
function soon(tries: number): number {
  return (RECONNECT_MS[tries - 1] ?? RECONNECT_LATE_MS) * (1 + systemRandom.float() / 3);
}

/** What an error reply says, for people: `{ reason: "invalid_payload", issues: [{ path, message }] }`. */
function reasonOf(response: unknown): string {
  const { reason, issues } = response as { reason?: unknown; issues?: { path: string; message: string }[] };
  const [issue] = issues ?? [];
  if (issue !== undefined) return `${issue.path}: ${issue.message}`;
  return reason === "overloaded" ? "the server is overloaded" : String(reason ?? "the server refused it");
}
