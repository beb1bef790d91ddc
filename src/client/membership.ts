/**
 * What is behind a channel of a client: its way through joins, drops and returns.
 *
 * @module
 */

import type { Channel as PhoenixChannel } from "phoenix";
import { messageOf, TroupeError } from "../base/errors.ts";
import type { AnyContract, TopicDefinition } from "../contract/mod.ts";
import type { Closed } from "../protocol/close_codes.ts";
import { ANSWER_EVENT, REQUEST_EVENT } from "../protocol/requests.ts";
import { Answers } from "./answers.ts";
import type { ChannelEvents, Ended, Joined, Missed } from "./channel_events.ts";
import type { Skipped } from "./client_events.ts";
import { type Greeting, readAnswer, readGreeting } from "./greeting.ts";
import { Inbox } from "./inbox.ts";
import type { Link, Member } from "./link.ts";
import { Listeners } from "./listeners.ts";
import { PresenceView } from "./presence_view.ts";
import { Replica } from "./replica.ts";
import { Sender } from "./sender.ts";

/**
 * `joining`: for the first time. `joined`. `suspended`: it was joined, and is joined again by itself. `ended`: for good.
 */
export type ChannelStatus = "joining" | "joined" | "suspended" | "ended";

/** What a topic is joined with. */
export interface JoinTerms {
  /** The application's part of the join's payload, asked for at each join. */
  readonly payload: () => unknown;
  /** What is wanted of the history, where there is no position. */
  readonly history: number | "all";
}

/** Refusals of a join that pass by themselves. */
const PASSING: ReadonlySet<unknown> = new Set([
  "overloaded",
  "rate_limited",
  "topic_unavailable",
  "too_many_topics",
  "join crashed",
]);

/** All events of a channel: those of the contract, and our own. */
type AllEvents = ChannelEvents & Record<string, unknown>;

/** One membership of a topic, across connections, until it is left. */
export class Membership implements Member {
  readonly topic: string;
  readonly listeners: Listeners<AllEvents>;
  readonly presence: PresenceView;
  readonly answers: Answers;
  readonly sender: Sender;
  readonly replica: Replica | null;
  /** Resolves with the answer to the first join. */
  readonly joined: Promise<unknown>;
  readonly ended: Promise<Ended>;
  readonly #link: Link;
  readonly #terms: JoinTerms;
  readonly #definition: TopicDefinition;
  readonly #inbox: Inbox;
  #phoenix: PhoenixChannel | null = null;
  #status: ChannelStatus = "joining";
  #wasJoined = false;
  #claimed = false;
  #leaving = false;
  #kicked: { readonly reason: unknown } | null = null;
  /** The first join is answered, and its state has yet to come. */
  #awaitsState: (() => void) | null = null;
  #replicaFailures = 0;
  #tellGreeting: ((greeting: Greeting) => void) | null = null;
  #settleJoined!: { resolve: (reply: unknown) => void; reject: (error: unknown) => void };
  #settleEnded!: (ended: Ended) => void;

  constructor(link: Link, contract: AnyContract, topic: string, terms: JoinTerms) {
    this.#link = link;
    this.topic = topic;
    this.#terms = terms;
    const definition = this.#definition = contract.definition;
    this.listeners = new Listeners<AllEvents>(link.failed);
    this.presence = new PresenceView(link.failed);
    this.answers = new Answers(definition.requests ?? {}, link.failed);
    this.sender = new Sender(link, topic, definition.client ?? {}, (step) => this.#inbox.then(step));
    this.replica = definition.state === undefined ? null : new Replica(definition.state);
    this.joined = new Promise((resolve, reject) => this.#settleJoined = { resolve, reject });
    this.joined.catch(() => {}); // whoever waits for it is told; nobody has to
    this.ended = new Promise((resolve) => this.#settleEnded = resolve);
    this.#inbox = new Inbox(definition.server ?? {}, {
      event: (event, payload, raw, offset) => this.#happened(event, payload, raw, offset),
      skipped: (skipped) => this.#skipped(skipped),
      failed: link.failed,
    });
    link.members.set(topic, this);
    this.#open();
  }

  get status(): ChannelStatus {
    return this.#status;
  }

  /** Leaves, for good. */
  leave(): void {
    if (this.#status === "ended") return;
    this.#leaving = true;
    // Between two channels of the published client there is none to leave.
    if (this.#phoenix === null) return this.#end({ kind: "left", reason: undefined });
    this.#phoenix.leave();
  }

  disconnected(closed: Closed): void {
    const phoenix = this.#phoenix;
    this.#end({ kind: "disconnected", reason: closed });
    phoenix?.leave();
  }

  #open(): void {
    const phoenix = this.#link.socket.channel(this.topic, () => this.#params());
    this.#phoenix = phoenix;
    phoenix.onMessage = (event, payload, ref) => {
      // The time of a join that was given up ends all the same; it has no name any more.
      if (phoenix === this.#phoenix && event !== null) this.#received(phoenix, event, payload, ref);
      return payload;
    };
    phoenix.onError((reason) => phoenix === this.#phoenix && this.#suspended(reason));
    phoenix.onClose(() => phoenix === this.#phoenix && this.#closed());
    this.presence.follow(phoenix);
    phoenix.join(this.#link.timeoutMs)
      .receive("ok", (response) => phoenix === this.#phoenix && this.#welcomed(phoenix, response))
      .receive("error", (response) => phoenix === this.#phoenix && this.#refused(phoenix, response));
  }

  /** The payload of the next join. */
  #params(): object {
    const { codec, line: { secret: session } } = this.#link;
    const payload = this.#payload();
    this.#claimed = session !== null;
    if (
      typeof payload !== "object" || payload === null || ArrayBuffer.isView(payload) ||
      payload instanceof ArrayBuffer
    ) {
      return payload as object;
    }
    // Without a state there is nothing that the rest could be added to.
    if (this.replica?.isKnown === false) codec.forget(this.topic);
    const { history } = this.#terms;
    const resume = codec.resume(
      this.topic,
      typeof history === "number" && history > 0 ? { last: history } : {},
    );
    const all = history === "all" && resume.troupe?.offset === undefined &&
      { troupe: { ...resume.troupe, offset: 0 } };
    return { ...payload, ...(session !== null && { "troupe:session": session }), ...resume, ...all };
  }

  /** One that throws must not cost other channels their join. */
  #payload(): unknown {
    try {
      return this.#terms.payload();
    } catch (error) {
      this.#link.failed(error, "phx_join");
      return {};
    }
  }

  #received(phoenix: PhoenixChannel, event: string, payload: unknown, ref: string | null | undefined): void {
    const { offset } = this.#link;
    if (Object.hasOwn(this.#definition.server ?? {}, event)) {
      return this.#inbox.receive(event, payload, offset);
    }
    if (event === "phx_reply") {
      if (ref === phoenix.joinRef()) {
        this.#link.rejoin.asked(retryAfterMs((payload as { response: unknown }).response));
      }
    } else if (event === REQUEST_EVENT) {
      this.answers.answer(payload).then((answer) =>
        this.#status === "joined" && phoenix.push(ANSWER_EVENT, answer)
      );
    } else if (event === "troupe:session") {
      this.#greeted(readGreeting(payload));
    } else if (event === "troupe:state") {
      this.#snapshot(payload as { state: unknown; offset: number });
    } else if (event === "troupe:missed") {
      this.#inbox.then(() => this.listeners.emit("troupe:missed", payload as Missed));
    } else if (event === "troupe:kicked") {
      this.#kicked = payload as { reason: unknown };
    } else if (!/^(phx_|chan_reply_|presence_(state|diff)$|troupe:)/.test(event)) {
      this.#inbox.receive(event, payload, offset);
    }
  }

  #welcomed(phoenix: PhoenixChannel, response: unknown): void {
    this.presence.joined();
    const joinRef = phoenix.joinRef();
    const { reply, greeting } = readAnswer(response);
    const isCurrent = (): boolean =>
      phoenix === this.#phoenix && phoenix.joinRef() === joinRef && phoenix.state === "joined";
    const enter = (told: Greeting): void | Promise<void> => {
      if (isCurrent()) return this.#enter(phoenix, reply, told);
    };
    if (greeting !== null) {
      this.#link.greeted(greeting);
      return this.#inbox.then(() => enter(greeting));
    }
    // The greeting follows right behind, if there is one.
    const late = new Promise<Greeting>((resolve) => {
      this.#tellGreeting = resolve;
      this.#link.clock.setTimer(() => resolve(readGreeting(null)), 0);
    });
    this.#inbox.then(() => late.then(enter));
  }

  #greeted(greeting: Greeting): void {
    this.#link.greeted(greeting);
    this.#tellGreeting?.(greeting);
  }

  #enter(phoenix: PhoenixChannel, reply: unknown, greeting: Greeting): void | Promise<void> {
    const again = this.#wasJoined;
    this.#status = "joined";
    this.#wasJoined = true;
    this.sender.joined(phoenix, greeting.resumed);
    const announce = (value: unknown): void =>
      this.#announce({ reply: value, again, ...greeting }, greeting.hasHistory);
    const schema = this.#definition.join?.reply;
    if (schema === undefined) return announce(reply);
    let isValid = false;
    const valid = (value: unknown): void => {
      isValid = true;
      announce(value);
    };
    const checked = this.#inbox.check("phx_join", schema, reply, valid);
    const settle = (): void => {
      if (!isValid) this.#settleJoined.reject(this.#invalidReply());
    };
    return checked === undefined ? settle() : checked.then(settle);
  }

  #announce({ reply, again, resumed, recovery, gap }: Joined, hasHistory: boolean): void {
    const joined: Joined = { reply, again, resumed, recovery, gap };
    const { listeners } = this;
    listeners.emit("troupe:joined", joined);
    if (again && this.#claimed) listeners.emit(resumed ? "troupe:resumed" : "troupe:expired", joined);
    if (recovery === "reset") listeners.emit("troupe:reset", joined);
    if (gap !== null) listeners.emit("troupe:missed", { count: gap.to - gap.from + 1, ...gap });
    if (again) return;
    if (this.replica?.isKnown !== false || !hasHistory) return this.#resolveJoined(reply);
    const { clock, timeoutMs } = this.#link;
    // A server whose topic has no state sends none.
    const timer = clock.setTimer(() => this.#awaitsState?.(), timeoutMs);
    this.#awaitsState = () => {
      clock.clearTimer(timer);
      this.#resolveJoined(reply);
    };
  }

  /** What comes next waits until those who waited for the join have had their turn, to listen for it. */
  #resolveJoined(reply: unknown): void {
    this.#awaitsState = null;
    this.#settleJoined.resolve(reply);
    this.#inbox.first(() => new Promise<void>((resolve) => void this.#link.clock.setTimer(resolve, 0)));
  }

  #snapshot({ state, offset }: { readonly state: unknown; readonly offset: number }): void {
    const { replica } = this;
    if (replica === null) return;
    this.#inbox.then(() =>
      // What is kept is what the wire says: a schema may leave out what the server's state has.
      this.#inbox.check("troupe:state", replica.schema, state, () => {
        replica.load(state, offset);
        this.#awaitsState?.();
        this.listeners.emit("troupe:state", state);
      })
    );
  }

  #happened(event: string, payload: unknown, raw: unknown, offset: number | null): void {
    this.#awaitsState?.();
    let changed = false;
    try {
      changed = this.replica?.apply(event, raw, offset) ?? false;
      if (changed) this.#replicaFailures = 0;
    } catch (error) {
      this.#link.failed(error, event);
      this.#reopen({ reason: "apply_failed", message: messageOf(error) });
    }
    this.listeners.emit(event, payload);
    if (changed) this.listeners.emit("troupe:state", this.replica?.state);
  }

  #skipped(skipped: Omit<Skipped, "topic">): void {
    const { event, why } = skipped;
    const told: Skipped = { topic: this.topic, ...skipped };
    this.#link.counters.add(why === "unknown_event" ? "events.unknown" : "events.invalid");
    this.listeners.emit("troupe:skipped", told);
    this.#link.listeners.emit("skipped", told);
    // Without it the state would not be the server's any more.
    if (this.replica?.isKnown && this.replica.hasApply(event)) {
      this.#reopen({ reason: "event_skipped", event });
    }
  }

  /** Joins anew, without a position: the server sends a snapshot. */
  #reopen(reason: unknown): void {
    const old = this.#phoenix;
    this.#link.counters.add("replica.resets");
    this.replica?.clear();
    this.#phoenix = null;
    this.#suspended(reason);
    old?.leave();
    const { clock, rejoin } = this.#link;
    const tries = ++this.#replicaFailures;
    clock.setTimer(() => this.#status !== "ended" && this.#open(), tries === 1 ? 0 : rejoin.waitMs(tries));
  }

  #suspended(reason: unknown): void {
    this.sender.suspended();
    if (this.#status !== "joined") return;
    this.#status = "suspended";
    this.#inbox.then(() => this.listeners.emit("troupe:suspended", { reason }));
  }

  #refused(phoenix: PhoenixChannel, response: unknown): void {
    this.#link.counters.add("joins.refused");
    const { reason } = (response ?? {}) as { reason?: unknown };
    // The published client tries again by itself.
    if (PASSING.has(reason) || retryAfterMs(response) !== undefined) return;
    this.#end({ kind: "refused", reason: response });
    phoenix.leave();
  }

  #closed(): void {
    if (this.#leaving) this.#end({ kind: "left", reason: undefined });
    else if (this.#kicked !== null) this.#end({ kind: "kicked", reason: this.#kicked.reason });
    else this.#end({ kind: "closed", reason: undefined });
  }

  #end(ended: Ended): void {
    if (this.#status === "ended") return;
    this.#status = "ended";
    this.#phoenix = null;
    this.#awaitsState?.();
    const error = endedError(this.topic, ended);
    this.#link.members.delete(this.topic);
    this.sender.ended(error);
    this.#settleJoined.reject(error);
    this.#settleEnded(ended);
    this.#inbox.then(() => this.listeners.emit("troupe:ended", ended));
  }

  #invalidReply(): TroupeError {
    return new TroupeError(
      "invalid_reply",
      `Cannot read the answer to the join of ${this.topic}: this client's contract refuses it. The topic is joined`,
    );
  }
}

/** Why a channel that has ended does no more. */
export function endedError(topic: string, { kind, reason }: Ended): TroupeError {
  const why = {
    left: "it was left",
    refused: `the server refuses it: ${reasonOf(reason)}`,
    kicked: `the server has put this client out: ${reasonOf(reason)}`,
    closed: "the server has closed it",
    disconnected: `the client is closed: ${reasonOf(reason)}`,
  }[kind];
  const code = kind === "refused" ? "join_refused" : "channel_ended";
  return new TroupeError(code, `Cannot go on with ${topic}: ${why}`, { details: { kind, reason } });
}

function reasonOf(reason: unknown): string {
  const { reason: inner } = (reason ?? {}) as { reason?: unknown };
  return String(inner ?? (typeof reason === "string" ? reason : "it gives no reason"));
}

function retryAfterMs(response: unknown): number | undefined {
  const { retryAfterMs: ms } = (response ?? {}) as { retryAfterMs?: unknown };
  return typeof ms === "number" ? ms : undefined;
}
