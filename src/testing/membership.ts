import { TroupeError } from "../base/errors.ts";
import { applyTo, type StateDefinition } from "../contract/state.ts";
import { Inbox, shown } from "./inbox.ts";
import { PresenceView } from "./presence_view.ts";
import type { VirtualTime, WaitOptions } from "./virtual_time.ts";
import type { ServerMessage } from "./wire_message.ts";

/** How a client stands to a topic. */
export type MembershipStatus = "joining" | "joined" | "refused" | "errored" | "dropped" | "ended";

/** What became of a client's publications that it had missed: see `history`. */
export interface RecoveryReport {
  /** `recovered`: it gets exactly what it missed; `partial`: all but a gap; `reset`: another history than it knew. */
  readonly outcome: string;
  /** Which offsets are lost, where it is `partial`. */
  readonly gap: { readonly from: number; readonly to: number } | null;
}

/** How a client asks for what was published before it joined. */
export interface JoinHistory {
  /** The newest publications of the history, as many as these at the most. */
  readonly last?: number;
  /** Everything behind this position. */
  readonly after?: { readonly epoch?: string; readonly offset: number };
}

/** What a membership needs of its client. */
export interface MembershipPorts {
  readonly time: VirtualTime;
  /** A fresh ref. */
  ref(): string;
  /** Sends a message. Throws `not_connected`. */
  send(joinRef: string | null, ref: string, topic: string, event: string, payload: unknown): void;
  /** The secret of the client's session; `null` if there is none. */
  session: string | null;
}

/** How long a handler's own I/O may take, in real milliseconds, if nobody says otherwise. */
const PATIENCE_MS = 1_000;

interface Answer {
  readonly status: string;
  readonly response: unknown;
}

/** The `troupe` of a join's reply. */
interface Greeting {
  readonly session?: string;
  readonly resumed?: boolean;
  readonly epoch?: string;
  readonly offset?: number;
  readonly connection?: string;
  readonly recovery?: string;
  readonly gap?: { readonly from: number; readonly to: number };
}

/** A state, and the last publication that is in it. */
interface Snapshot {
  readonly state: unknown;
  readonly offset: number;
}

/** A listener, as `answerRequests` has them. */
type Listener = (payload: unknown) => void;

/** A client's side of its membership of one topic, across rejoins. */
export class Membership {
  readonly topic: string;
  readonly inbox: Inbox;
  readonly presence: PresenceView = new PresenceView();
  status: MembershipStatus = "joining";
  /** What the last join was answered, less what is the engine's. */
  reply: unknown = undefined;
  isResumed = false;
  recovery: RecoveryReport | null = null;
  readonly #ports: MembershipPorts;
  readonly #payload: unknown;
  readonly #reducers: StateDefinition | null;
  readonly #answers = new Map<string, Answer>();
  readonly #pending = new Set<string>();
  readonly #listeners = new Map<string, Set<Listener>>();
  #history: JoinHistory;
  #joinRef = "";
  /** What the topic's publications come to. */
  #snapshot: Snapshot | null = null;
  /** Where the client stands in the topic's history. */
  #position: { epoch: string; offset: number; connection?: string } | null = null;

  /** `reducers`: the state of the topic's contract, if it has one. */
  constructor(
    ports: MembershipPorts,
    topic: string,
    payload: unknown,
    history: JoinHistory,
    reducers: StateDefinition | null,
  ) {
    this.#reducers = reducers;
    // Whoever asks for everything is given no snapshot: it begins where the topic began.
    const asksForAll = history.after?.offset === 0;
    if (reducers !== null && asksForAll) this.#snapshot = { state: reducers.initial, offset: 0 };
    this.#ports = ports;
    this.topic = topic;
    this.#payload = payload;
    this.#history = history;
    this.inbox = new Inbox(topic, ports.time, () => `The channel is ${this.status}. `);
  }

  /** Where it stands in the topic's history; `null` if the topic has none. */
  get position(): { readonly epoch: string; readonly offset: number } | null {
    if (this.#position === null) return null;
    const { epoch, offset } = this.#position;
    return { epoch, offset };
  }

  /** What the topic's publications come to; `undefined` if it has no state. */
  get state(): unknown {
    return this.#snapshot?.state;
  }

  /** Joins, or joins again: with the session and the position that it has. Throws `join_refused`, `no_reply`. */
  async join(options: WaitOptions): Promise<void> {
    this.status = "joining";
    this.presence.joining();
    const ref = this.#joinRef = this.#ports.ref();
    const answer = await this.#exchange(ref, "phx_join", this.#joinPayload(), options);
    if (answer.status !== "ok") throw this.#refused("join_refused", "the join", answer);
  }

  /** Sends an event, and gives what it is answered. Throws `send_refused`, `no_reply`, `not_joined`, `not_connected`. */
  async send(event: string, payload: unknown, options: WaitOptions): Promise<unknown> {
    this.#mustBeJoined(event);
    const answer = await this.#exchange(this.#ports.ref(), event, payload, options);
    if (answer.status !== "ok") throw this.#refused("send_refused", event, answer);
    return answer.response;
  }

  /** Leaves. */
  async leave(): Promise<void> {
    await this.send("phx_leave", {}, {});
    this.status = "ended";
  }

  /** The connection is gone. */
  dropped(): void {
    if (this.status !== "refused" && this.status !== "ended") this.status = "dropped";
  }

  /** A message of its topic's. */
  receive({ joinRef, ref, event, payload, offset }: ServerMessage): void {
    if (joinRef !== null && joinRef !== this.#joinRef) return; // of an earlier join
    if (event === "phx_reply" && ref !== null && this.#pending.delete(ref)) {
      const answer = payload as Answer;
      this.#answers.set(ref, answer);
      if (ref === this.#joinRef) this.#joined(answer);
      return;
    }
    if (event === "phx_error") this.status = "errored";
    else if (event === "phx_close") this.status = "ended";
    else if (event === "troupe:session") this.#greeted(payload as Greeting);
    else if (event === "troupe:state") this.#snapshot = payload as Snapshot;
    else if (event === "troupe:missed") this.#moveTo((payload as { to: number | null }).to);
    this.#moveTo(offset);
    this.#fold(event, payload, offset);
    this.presence.receive(event, payload);
    const listeners = this.#listeners.get(event);
    if (listeners === undefined) this.inbox.add({ event, payload, offset });
    else for (const listener of listeners) listener(payload);
  }

  /** Calls `listener` for each message of `event`, instead of keeping it. Returns what ends that. */
  listen(event: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(event);
    };
  }

  /** Sends an event, whose answer nobody asks for. Throws `not_joined`, `not_connected`. */
  async push(event: string, payload: unknown): Promise<void> {
    this.#mustBeJoined(event);
    this.post(event, payload);
    await this.#ports.time.settle();
  }

  /** The same, in passing. */
  post(event: string, payload: unknown): void {
    this.#ports.send(this.#joinRef, this.#ports.ref(), this.topic, event, payload);
  }

  #mustBeJoined(event: string): void {
    const { topic, status } = this;
    if (status === "joined") return;
    const message = `Cannot send ${event} in ${topic}: the channel is ${status}`;
    throw new TroupeError("not_joined", message, { details: { topic, event, status } });
  }

  async #exchange(ref: string, event: string, payload: unknown, options: WaitOptions): Promise<Answer> {
    this.#pending.add(ref);
    this.#ports.send(this.#joinRef, ref, this.topic, event, payload);
    const isOver = (): boolean =>
      this.#answers.has(ref) || this.status === "errored" || this.status === "dropped";
    await this.#ports.time.waitFor(isOver, { patienceMs: PATIENCE_MS, ...options });
    this.#pending.delete(ref);
    const answer = this.#answers.get(ref);
    this.#answers.delete(ref);
    if (answer !== undefined) return answer;
    const what = event === "phx_join" ? "the join" : event;
    throw new TroupeError(
      "no_reply",
      `${this.topic}: ${what} was not answered; the channel is ${this.status}. ` +
        "If its handler waits for time to pass, say how much may: { withinMs }; if for I/O of its own: { patienceMs }",
      { details: { topic: this.topic, event, status: this.status } },
    );
  }

  #joinPayload(): unknown {
    const { session } = this.#ports;
    const { last, after } = this.#history;
    const troupe = this.#position ?? { ...after, ...(last !== undefined && { last }) };
    const payload = this.#payload;
    if (typeof payload !== "object" || payload === null || payload instanceof Uint8Array) return payload;
    return {
      ...payload,
      ...(session !== null && { "troupe:session": session }),
      ...(Object.keys(troupe).length > 0 && { troupe }),
    };
  }

  #joined({ status, response }: Answer): void {
    this.status = status === "ok" ? "joined" : "refused";
    if (status !== "ok") return;
    this.recovery = null;
    this.isResumed = false;
    this.#history = {};
    const isObject = typeof response === "object" && response !== null && !(response instanceof Uint8Array);
    if (isObject && "troupe" in response) {
      const { troupe, ...reply } = response;
      this.reply = reply;
      this.#greeted(troupe as Greeting);
    } else this.reply = response;
  }

  #greeted({ session, resumed, epoch, offset, connection, recovery, gap }: Greeting): void {
    if (session !== undefined) this.#ports.session = session;
    this.isResumed = resumed === true;
    if (epoch !== undefined && offset !== undefined) this.#position = { epoch, offset, connection };
    if (recovery !== undefined) this.recovery = { outcome: recovery, gap: gap ?? null };
  }

  /** What has no place in the history is no part of the state; what is in the snapshot may be replayed behind it. */
  #fold(event: string, payload: unknown, offset: number | null): void {
    if (this.#reducers === null || this.#snapshot === null || offset === null) return;
    if (offset <= this.#snapshot.offset) return;
    this.#snapshot = { state: applyTo(this.#reducers, this.#snapshot.state, event, payload), offset };
  }

  #moveTo(offset: number | null): void {
    if (offset !== null && this.#position !== null && offset > this.#position.offset) {
      this.#position.offset = offset;
    }
  }

  #refused(code: string, what: string, { response }: Answer): TroupeError {
    const message = `${this.topic}: ${what} was refused: ${shown(response)}`;
    return new TroupeError(code, message, { details: { topic: this.topic, response } });
  }
}
