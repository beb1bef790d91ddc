import type { TimerId } from "../base/clock.ts";
import { TroupeError } from "../base/errors.ts";
import { check, type Checked } from "../contract/schema.ts";
import type { Codec, Frame, Inbound } from "../protocol/codec.ts";
import {
  ANSWER_EVENT,
  type AnswerMessage,
  readAnswer,
  REQUEST_EVENT,
  type RequestMessage,
} from "../protocol/requests.ts";
import type { ChannelPorts } from "./channel_owner.ts";
import {
  type CheckedRequest,
  checkRequest,
  type RequestKind,
  type RequestKinds,
  type RequestOptions,
} from "./request_kind.ts";

export type { RequestOptions } from "./request_kind.ts";

/** How long a client may take if nobody says otherwise, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** The longest time-out: a day. */
const MAX_TIMEOUT_MS = 86_400_000;

/** What requests need of their channel. */
export interface RequestingChannel {
  readonly topic: string;
  readonly joinRef: string;
  readonly kind: { readonly requests: RequestKinds };
  readonly owner: {
    readonly codec: Codec;
    readonly ports: Pick<ChannelPorts, "clock" | "counters" | "logger" | "maxRequests">;
  };
  readonly hasEnded: boolean;
  /** Whether its client is not connected. */
  readonly isAway: boolean;
  /** What it has asked; `null` if nothing ever was. */
  requests: ClientRequests | null;
  /** Sends behind all that the channel has said before. */
  say(frame: Frame): void;
  /** Answers a message of the client's. */
  answer(ref: string | null, status: string, response: unknown, named?: object, isLate?: boolean): void;
}

interface Pending {
  readonly event: string;
  readonly kind: RequestKind;
  readonly timer: TimerId;
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: TroupeError) => void;
}

/**
 * What one channel has asked its client, and has not been answered. An answer goes past the channel's mailbox: the
 * handler that waits for it may be what holds the mailbox up.
 */
export class ClientRequests {
  readonly #channel: RequestingChannel;
  readonly #pending = new Map<string, Pending>();
  #lastId = 0;

  constructor(channel: RequestingChannel) {
    this.#channel = channel;
  }

  /** How many wait. */
  get size(): number {
    return this.#pending.size;
  }

  /**
   * Asks. The promise counts as handled: nobody has to await it.
   *
   * @throws What the codec throws for a payload that it cannot carry.
   * @throws {TroupeError} (as a rejection) See `ChannelContext.request`.
   */
  ask(
    event: string,
    { kind, payload }: CheckedRequest,
    { timeoutMs = TIMEOUT_MS }: RequestOptions,
  ): Promise<unknown> {
    const { topic, joinRef, owner: { codec, ports: { clock, counters, maxRequests } } } = this.#channel;
    if (!(timeoutMs >= 0 && timeoutMs <= MAX_TIMEOUT_MS)) {
      return failed(
        new TroupeError(
          "invalid_options",
          `timeoutMs must be a number of milliseconds from 0 to ${MAX_TIMEOUT_MS}, got ${timeoutMs}`,
        ),
      );
    }
    if (this.#pending.size >= maxRequests) {
      counters.add("requests.too_many");
      return failed(
        new TroupeError(
          "too_many_requests",
          `Cannot ask ${
            JSON.stringify(event)
          } in ${topic}: ${maxRequests} requests wait for this client's answers`,
          { retryable: true, details: { event, topic, maxRequests } },
        ),
      );
    }
    const id = String(++this.#lastId);
    const answered = new Promise<unknown>((resolve, reject) => {
      const timer = clock.setTimer(() => this.#timedOut(id, timeoutMs), timeoutMs);
      this.#pending.set(id, { event, kind, timer, resolve, reject });
    });
    answered.catch(() => {});
    const message: RequestMessage = { id, event, payload };
    try {
      this.#channel.say(codec.push(joinRef, topic, REQUEST_EVENT, message));
    } catch (error) {
      this.#settle(id);
      throw error;
    }
    counters.add("requests.sent");
    return answered;
  }

  /** Takes what the client sends as an answer, and tells it what became of that. It does not throw. */
  receive(carrier: Inbound): void {
    const { counters } = this.#channel.owner.ports;
    const message = readAnswer(carrier.payload);
    if (message === null) {
      counters.add("requests.invalid_answers");
      const accepted = '{ id, status: "ok" | "error", response }';
      return this.#tell(carrier, "error", { reason: "invalid_answer", accepted });
    }
    const pending = this.#settle(message.id);
    if (pending === undefined) {
      counters.add("requests.late_answers");
      return this.#tell(carrier, "error", { reason: "unknown_request", id: message.id });
    }
    if (message.status === "error") this.#refused(carrier, pending, message);
    else this.#answered(carrier, pending, message.response);
  }

  /** The channel has ended: nobody will answer. */
  end(): void {
    const { topic, owner: { ports } } = this.#channel;
    for (const [id, { event, reject }] of [...this.#pending]) {
      this.#settle(id);
      ports.counters.add("requests.ended");
      reject(requestEnded(topic, event));
    }
  }

  #timedOut(id: string, timeoutMs: number): void {
    const { topic, owner: { ports } } = this.#channel;
    const { event, reject } = this.#settle(id)!;
    ports.counters.add("requests.timed_out");
    reject(
      new TroupeError(
        "request_timeout",
        `${JSON.stringify(event)} in ${topic} was not answered within ${timeoutMs} ms`,
        { retryable: true, details: { event, topic, timeoutMs } },
      ),
    );
  }

  #refused(carrier: Inbound, { event, reject }: Pending, { response }: AnswerMessage): void {
    const { topic, owner: { ports } } = this.#channel;
    ports.counters.add("requests.refused");
    reject(
      new TroupeError("request_refused", `The client refuses ${JSON.stringify(event)} in ${topic}`, {
        details: { event, topic, response },
      }),
    );
    this.#tell(carrier, "ok", {});
  }

  #answered(carrier: Inbound, pending: Pending, response: unknown): void {
    if (pending.kind.reply === null) return this.#checked(carrier, pending, { ok: true, value: response });
    try {
      const checked = check(pending.kind.reply, response);
      if (!(checked instanceof Promise)) return this.#checked(carrier, pending, checked);
      checked.then(
        (result) => this.#checked(carrier, pending, result),
        (error) => this.#uncheckable(carrier, pending, error),
      );
    } catch (error) {
      this.#uncheckable(carrier, pending, error);
    }
  }

  #checked(carrier: Inbound, { event, resolve, reject }: Pending, checked: Checked<unknown>): void {
    const { topic, owner: { ports } } = this.#channel;
    if (checked.ok) {
      ports.counters.add("requests.answered");
      resolve(checked.value);
      return this.#tell(carrier, "ok", {});
    }
    ports.counters.add("requests.invalid_replies");
    const { issues } = checked;
    const [{ path, message }] = issues;
    reject(
      new TroupeError(
        "invalid_reply",
        `The answer to ${JSON.stringify(event)} in ${topic} is refused: at ${
          path === "" ? "the reply" : path
        }: ${message}`,
        { details: { event, topic, issues } },
      ),
    );
    this.#tell(carrier, "error", { reason: "invalid_reply", issues });
  }

  /** The schema itself is at fault. */
  #uncheckable(carrier: Inbound, { event, reject }: Pending, error: unknown): void {
    const { topic, owner: { ports } } = this.#channel;
    ports.counters.add("requests.uncheckable");
    ports.logger.log("error", "an answer cannot be checked", { topic, event, error });
    reject(error as TroupeError);
    this.#tell(carrier, "error", { reason: "internal" });
  }

  #tell(carrier: Inbound, status: string, response: unknown): void {
    if (!this.#channel.hasEnded) this.#channel.answer(carrier.ref, status, response, carrier.named);
  }

  #settle(id: string): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending === undefined) return undefined;
    this.#pending.delete(id);
    this.#channel.owner.ports.clock.clearTimer(pending.timer);
    return pending;
  }
}

/** Takes a message of the client's, if it answers a request. `false`: it does not. */
export function takeAnswer(channel: RequestingChannel, message: Inbound): boolean {
  if (message.event !== ANSWER_EVENT) return false;
  requestsOf(channel).receive(message);
  return true;
}

function requestsOf(channel: RequestingChannel): ClientRequests {
  return channel.requests ??= new ClientRequests(channel);
}

/**
 * Asks the client of `channel`.
 *
 * @throws {TroupeError} What the contract refuses; all else is a rejection: see `ChannelContext.request`.
 */
export function askClient(
  channel: RequestingChannel,
  event: string,
  payload: unknown,
  options: RequestOptions = {},
): Promise<unknown> {
  const { topic } = channel;
  const asked = checkRequest(channel.kind.requests, topic, event, payload);
  if (channel.hasEnded) return failed(requestEnded(topic, event));
  if (!channel.isAway) return requestsOf(channel).ask(event, asked, options);
  channel.owner.ports.counters.add("requests.away");
  const message = `Cannot ask ${JSON.stringify(event)} in ${topic}: the client is not connected`;
  return failed(new TroupeError("client_away", message, { retryable: true, details: { event, topic } }));
}

/** The error of a request whose channel has ended. */
export function requestEnded(topic: string, event: string): TroupeError {
  return new TroupeError(
    "request_ended",
    `Nobody answers ${JSON.stringify(event)} in ${topic}: the channel has ended`,
    { details: { event, topic } },
  );
}

/** A rejection that nobody has to await. */
export function failed(error: TroupeError): Promise<never> {
  const rejected = Promise.reject(error);
  rejected.catch(() => {});
  return rejected;
}
