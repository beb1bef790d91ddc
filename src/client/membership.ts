/**
 * What is behind a channel of a client: its way through joins, drops and returns.
 *
 * @module
 */

import type { Channel as PhoenixChannel } from "phoenix";
import type { TroupeError } from "../base/errors.ts";
import { isRecord } from "../base/record.ts";
import type { AnyContract, TopicDefinition } from "../contract/mod.ts";
import type { Closed } from "../protocol/close_codes.ts";
import { ANSWER_EVENT, REQUEST_EVENT, type RequestMessage } from "../protocol/requests.ts";
import type { ChannelEvents, Ended, Joined, Missed } from "./channel_events.ts";
import type { Skipped } from "./client_events.ts";
import type { Parts } from "./feature.ts";
import { type Greeting, readAnswer, readGreeting } from "./greeting.ts";
import { Inbox } from "./inbox.ts";
import type { Link, Member } from "./link.ts";
import { Listeners } from "./listeners.ts";
import { passes, refused, retryAfterMsOf } from "./refused.ts";
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

/** What is not the application's. */
const OWN_EVENT = /^(phx_|chan_reply_|presence_(state|diff)$|troupe:)/;

/** All events of a channel: those of the contract, and our own. */
type AllEvents = ChannelEvents & Record<string, unknown>;

/** One membership of a topic, across connections, until it is left. */
export class Membership implements Member {
  readonly topic: string;
  readonly listeners: Listeners<AllEvents>;
  readonly link: Link;
  readonly definition: TopicDefinition;
  readonly inbox: Inbox;
  readonly sender: Sender;
  /** What the client's features add. */
  readonly parts: Parts;
  /** Resolves with the answer to the first join. */
  readonly joined: Promise<unknown>;
  readonly ended: Promise<Ended>;
  readonly #terms: JoinTerms;
  #phoenix: PhoenixChannel | null = null;
  #status: ChannelStatus = "joining";
  #wasJoined = false;
  #claimed = false;
  #leaving = false;
  #kicked: { readonly reason: unknown } | null = null;
  #tellGreeting: ((greeting: Greeting) => void) | null = null;
  #settleJoined!: { resolve: (reply: unknown) => void; reject: (error: unknown) => void };
  #settleEnded!: (ended: Ended) => void;

  constructor(link: Link, contract: AnyContract, topic: string, terms: JoinTerms) {
    this.link = link;
    this.topic = topic;
    this.#terms = terms;
    const definition = this.definition = contract.definition;
    this.listeners = new Listeners<AllEvents>(link.failed);
    this.sender = new Sender(link, topic, definition.client ?? {}, (step) => this.inbox.then(step));
    this.joined = new Promise((resolve, reject) => this.#settleJoined = { resolve, reject });
    this.joined.catch(() => {}); // whoever waits for it is told; nobody has to
    this.ended = new Promise((resolve) => this.#settleEnded = resolve);
    this.inbox = new Inbox(definition.server ?? {}, {
      event: (event, payload, raw, offset) => this.#happened(event, payload, raw, offset),
      skipped: (skipped) => this.#skipped(skipped),
      failed: link.failed,
    });
    this.parts = Object.assign({}, ...link.features.map((feature) => feature.equip?.(this as never)));
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
    this.#phoenix?.leave();
  }

  disconnected(closed: Closed): void {
    const phoenix = this.#phoenix;
    this.#end({ kind: "disconnected", reason: closed });
    phoenix?.leave();
  }

  #open(): void {
    const phoenix = this.link.socket.channel(this.topic, () => this.#params());
    this.#phoenix = phoenix;
    phoenix.onMessage = (event, payload, ref) => {
      // The time of a join that has ended ends all the same; it has no name any more.
      if (phoenix === this.#phoenix && event !== null) this.#received(phoenix, event, payload, ref);
      return payload;
    };
    const ifCurrent = (act: (given: unknown) => void) => (given: unknown): void => {
      if (phoenix === this.#phoenix) act(given);
    };
    phoenix.onError(ifCurrent((reason) => this.#suspended(reason)));
    phoenix.onClose(ifCurrent(() => this.#closed()));
    this.parts.presence?.follow(phoenix);
    phoenix.join(this.link.timeoutMs)
      .receive("ok", ifCurrent((response) => this.#welcomed(phoenix, response)))
      .receive("error", ifCurrent((response) => this.#refused(phoenix, response)));
  }

  /** The payload of the next join. */
  #params(): object {
    const { wire: { positions }, line: { secret: session } } = this.link;
    const payload = this.#payload();
    this.#claimed = session !== null;
    if (!isRecord(payload)) return payload as object;
    const state = this.parts.state?.isKnown === false;
    return {
      ...payload,
      ...(session !== null && { "troupe:session": session }),
      ...positions.resume(this.topic, { last: this.#terms.history, state }),
    };
  }

  /** One that throws must not cost other channels their join. */
  #payload(): unknown {
    try {
      return this.#terms.payload();
    } catch (error) {
      this.link.failed(error, "phx_join");
      return {};
    }
  }

  #received(phoenix: PhoenixChannel, event: string, payload: unknown, ref: string | null | undefined): void {
    const { offset } = this.link;
    if (!OWN_EVENT.test(event) || Object.hasOwn(this.definition.server ?? {}, event)) {
      return this.inbox.receive(event, payload, offset);
    }
    if (event === "phx_reply") {
      if (ref === phoenix.joinRef()) {
        this.link.rejoin.asked(retryAfterMsOf((payload as { response: unknown }).response));
      }
    } else if (event === REQUEST_EVENT) {
      this.#answer(phoenix, payload as RequestMessage);
    } else if (event === "troupe:session") {
      this.#greeted(readGreeting(payload));
    } else if (event === "troupe:state") {
      this.parts.state?.received(payload);
    } else if (event === "troupe:missed") {
      this.inbox.then(() => this.listeners.emit("troupe:missed", payload as Missed));
    } else if (event === "troupe:kicked") {
      this.#kicked = payload as { reason: unknown };
    }
  }

  #welcomed(phoenix: PhoenixChannel, response: unknown): void {
    this.parts.presence?.joined();
    const joinRef = phoenix.joinRef();
    const { reply, greeting } = readAnswer(response);
    const enter = (told: Greeting): void | Promise<void> => {
      const isCurrent = phoenix === this.#phoenix && phoenix.joinRef() === joinRef &&
        phoenix.state === "joined";
      if (isCurrent) return this.#enter(phoenix, reply, told);
    };
    if (greeting !== null) {
      this.#greeted(greeting);
      return this.inbox.then(() => enter(greeting));
    }
    // The greeting follows right behind, if there is one.
    const late = new Promise<Greeting>((resolve) => {
      this.#tellGreeting = resolve;
      this.link.clock.setTimer(() => resolve(readGreeting(null)), 0);
    });
    this.inbox.then(() => late.then(enter));
  }

  #greeted(greeting: Greeting): void {
    this.link.line.greeted(greeting);
    if (greeting.recovery !== "recovered") this.parts.state?.overtaken();
    this.#tellGreeting?.(greeting);
  }

  #enter(phoenix: PhoenixChannel, reply: unknown, greeting: Greeting): void | Promise<void> {
    const again = this.#wasJoined;
    this.#status = "joined";
    this.#wasJoined = true;
    this.sender.joined(phoenix, greeting.resumed);
    const announce = (value: unknown): void => this.#announce(value, again, greeting);
    const schema = this.definition.join?.reply;
    if (schema === undefined) return announce(reply);
    let isValid = false;
    const valid = (value: unknown): void => {
      isValid = true;
      announce(value);
    };
    const checked = this.inbox.check("phx_join", schema, reply, valid);
    const settle = (): void => {
      if (!isValid) {
        this.#settleJoined.reject(
          refused("invalid_reply", `read the answer to the join of ${this.topic}`),
        );
      }
    };
    return checked === undefined ? settle() : checked.then(settle);
  }

  #announce(reply: unknown, again: boolean, { resumed, recovery, gap, hasHistory }: Greeting): void {
    const joined: Joined = { reply, again, resumed, recovery, gap };
    const { listeners } = this;
    listeners.emit("troupe:joined", joined);
    if (again && this.#claimed) listeners.emit(resumed ? "troupe:resumed" : "troupe:expired", joined);
    if (recovery === "reset") listeners.emit("troupe:reset", joined);
    if (gap !== null) listeners.emit("troupe:missed", { count: gap.to - gap.from + 1, ...gap });
    if (again) return;
    const { state } = this.parts;
    if (state === undefined || !hasHistory) this.#resolveJoined(reply);
    else state.whenKnown(() => this.#resolveJoined(reply));
  }

  /** What comes next waits until those who waited for the join have had their turn, to listen for it. */
  #resolveJoined(reply: unknown): void {
    this.#settleJoined.resolve(reply);
    this.inbox.first(() => new Promise<void>((resolve) => void this.link.clock.setTimer(resolve, 0)));
  }

  #happened(event: string, payload: unknown, raw: unknown, offset: number | null): void {
    const { state } = this.parts;
    const changed = state?.happened(event, raw, offset);
    this.listeners.emit(event, payload);
    if (changed) this.listeners.emit("troupe:state", state?.value);
  }

  #skipped(skipped: Omit<Skipped, "topic">): void {
    const { event, why } = skipped;
    const told: Skipped = { topic: this.topic, ...skipped };
    this.link.counters.add(why === "unknown_event" ? "events.unknown" : "events.invalid");
    this.listeners.emit("troupe:skipped", told);
    this.link.listeners.emit("skipped", told);
    this.parts.state?.skipped(event);
  }

  async #answer(phoenix: PhoenixChannel, asked: RequestMessage): Promise<void> {
    const refusal = { id: asked.id, status: "error", response: { reason: "unknown_event" } };
    const { answers } = this.parts;
    const answer = answers === undefined ? refusal : await answers.answer(asked);
    if (answer !== null && this.#status === "joined") phoenix.push(ANSWER_EVENT, answer);
  }

  /** Joins anew, in the place of the join that there is, `waitMs` from now. What comes until then is not missed. */
  rejoin(reason: object, waitMs: number): void {
    const { socket, rejoin } = this.link;
    if (!socket.isConnected()) return; // it is joined again as soon as there is a connection
    rejoin.asked(waitMs);
    this.#phoenix?.trigger("phx_error", reason);
  }

  #suspended(reason: unknown): void {
    this.sender.suspended();
    if (this.#status !== "joined") return;
    this.#status = "suspended";
    this.inbox.then(() => this.listeners.emit("troupe:suspended", { reason }));
  }

  #refused(phoenix: PhoenixChannel, response: unknown): void {
    this.link.counters.add("joins.refused");
    const { reason } = (response ?? {}) as { reason?: unknown };
    // The published client tries again by itself.
    if (passes(reason) || reason === "join crashed" || retryAfterMsOf(response) !== undefined) return;
    this.#end({ kind: "refused", reason: response });
    phoenix.leave();
  }

  #closed(): void {
    const kind = this.#leaving ? "left" : this.#kicked ? "kicked" : "closed";
    this.#end({ kind, reason: kind === "kicked" ? this.#kicked?.reason : undefined });
  }

  #end(ended: Ended): void {
    if (this.#status === "ended") return;
    this.#status = "ended";
    this.#phoenix = null;
    this.parts.state?.goOn();
    const error = endedError(this.topic, ended);
    this.link.members.delete(this.topic);
    this.sender.ended(error);
    this.#settleJoined.reject(error);
    this.#settleEnded(ended);
    this.inbox.then(() => this.listeners.emit("troupe:ended", ended));
  }
}

/** Why a channel that has ended does no more. */
export function endedError(topic: string, { kind, reason }: Ended): TroupeError {
  const code = kind === "refused" ? "join_refused" : "channel_ended";
  return refused(code, `go on with ${topic}`, { kind, reason });
}
