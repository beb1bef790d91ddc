/**
 * A channel's messages to the server.
 *
 * @module
 */

import type { Channel as PhoenixChannel } from "phoenix";
import type { TroupeError, TroupeErrorOptions } from "../base/errors.ts";
import { isRecord } from "../base/record.ts";
import type { Checked, ExchangeDefinition } from "../contract/mod.ts";
import { anyRecord, validate } from "../contract/schema.ts";
import { InOrder, type Step } from "./in_order.ts";
import type { Link } from "./link.ts";
import { type Outcome, Outgoing } from "./offline_queue.ts";
import { passes, refused, retryAfterMsOf } from "./refused.ts";

/** What `channel.send` can be told. */
export interface SendOptions {
  /** Gives up when it is aborted: what was not sent is never sent; what was sent may take effect all the same. */
  readonly signal?: AbortSignal;
  /** How long the answer may take once it is sent, in milliseconds. Default: that of the client. */
  readonly timeoutMs?: number;
  /** Whether it may wait while there is no connection. Default: `true`. Else it rejects with `not_joined`. */
  readonly queue?: boolean;
}

/** The key of a payload under which a message's id travels. */
export const ID_KEY = "troupe:id";

/** Checks, queues, sends and repeats what goes to one topic. */
export class Sender {
  readonly #link: Link;
  readonly #topic: string;
  readonly #events: Readonly<Record<string, ExchangeDefinition>>;
  readonly #steps = new InOrder();
  readonly #behind: (step: Step) => void;
  /** `null`: not joined now. */
  #phoenix: PhoenixChannel | null = null;
  #ended: TroupeError | null = null;

  /** `behind` does something behind what has come from the server before: an answer does not overtake events. */
  constructor(
    link: Link,
    topic: string,
    events: Readonly<Record<string, ExchangeDefinition>>,
    behind: (step: Step) => void,
  ) {
    this.#link = link;
    this.#behind = behind;
    this.#topic = topic;
    this.#events = events;
  }

  /** Sends, now or as soon as it is joined; resolves with the answer. */
  send(event: string, payload: unknown, options: SendOptions): Promise<unknown> {
    const { signal } = options;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const definition = Object.hasOwn(this.#events, event) ? this.#events[event] : undefined;
      if (definition === undefined) {
        return reject(this.#cannot("unknown_event", event, { event, accepted: Object.keys(this.#events) }));
      }
      const outcome = {
        resolve: (response: unknown) => resolve(this.#read(event, definition, response)),
        reject,
      };
      this.#steps.add(() => {
        try {
          const checked = validate(definition.payload ?? anyRecord, payload);
          const submit = (result: Checked<unknown>): void =>
            this.#submit(event, payload, result, options, outcome);
          if (!(checked instanceof Promise)) return submit(checked);
          return checked.then(submit).catch(reject);
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  /** The topic is joined. `resumed`: the session is the one that got what was sent before, and knows its ids. */
  joined(phoenix: PhoenixChannel, resumed: boolean): void {
    this.#phoenix = phoenix;
    for (const message of this.#link.queue.of(this.#topic)) {
      if (message.status === "waiting") this.#push(message);
      else if (resumed && this.#isKnown(message)) this.#repeat(message);
      else message.reject(this.#cannot("outcome_unknown", message.event));
    }
  }

  /** The topic is not joined for now: what was sent stays unanswered. */
  suspended(): void {
    this.#phoenix = null;
    for (const message of this.#link.queue.of(this.#topic)) message.forget();
  }

  /** The topic will not be joined again. */
  ended(error: TroupeError): void {
    this.#phoenix = null;
    this.#ended = error;
    for (const message of this.#link.queue.of(this.#topic)) message.reject(error);
  }

  #submit(
    event: string,
    payload: unknown,
    checked: Checked<unknown>,
    { signal, timeoutMs, queue = true }: SendOptions,
    { resolve, reject }: Outcome,
  ): void {
    if (!checked.ok) return reject(this.#cannot("invalid_payload", event, { event, issues: checked.issues }));
    if (this.#ended !== null) return reject(this.#ended);
    if (this.#phoenix === null && !queue) {
      return reject(this.#cannot("not_joined", event, {}, { retryable: true }));
    }
    const { clock, queue: messages } = this.#link;
    const given = {
      id: this.#link.newId(),
      topic: this.#topic,
      event,
      payload,
      at: clock.now(),
      timeoutMs,
    };
    const settled = (settle: (value: unknown) => void) => (value: unknown): void => {
      signal?.removeEventListener("abort", abort);
      settle(value);
    };
    const message = new Outgoing(messages, given, { resolve: settled(resolve), reject: settled(reject) });
    const abort = (): void => message.reject(signal?.reason);
    messages.add(message);
    signal?.addEventListener("abort", abort);
    if (this.#phoenix !== null) this.#push(message);
  }

  /** Whether the session knows the message, if it has come. */
  #isKnown({ payload, era }: Outgoing): boolean {
    return isRecord(payload) && era !== null && this.#link.line.isSame(era);
  }

  #repeat(message: Outgoing): void {
    this.#link.counters.add("messages.repeated");
    this.#push(message);
  }

  #push(message: Outgoing): void {
    const phoenix = this.#phoenix as PhoenixChannel;
    const { id, event, payload } = message;
    const attempt = ++message.attempts;
    message.status = "sent";
    message.era = this.#link.line.era;
    // An answer to an earlier attempt says nothing about this one.
    const current = (settle: (response: unknown) => void) => (response: unknown): void =>
      this.#behind(() => {
        if (attempt === message.attempts) settle(response);
      });
    const wire = isRecord(payload) ? { ...payload, [ID_KEY]: id } : toWire(payload);
    const push = phoenix.push(event, wire, message.timeoutMs)
      .receive("ok", current((response) => message.resolve(response)))
      .receive("error", current((response) => message.reject(this.#refused(event, response))))
      .receive(
        "timeout",
        current(() =>
          message.reject(
            this.#cannot("reply_timeout", event, { ms: message.timeoutMs ?? this.#link.timeoutMs }),
          )
        ),
      );
    // Its timer would keep a program of Deno's or Node's alive.
    message.forget = () => push.cancelTimeout();
  }

  async #read(event: string, { reply: schema }: ExchangeDefinition, response: unknown): Promise<unknown> {
    if (schema === undefined) return response;
    const checked = await validate(schema, response);
    if (checked.ok) return checked.value;
    this.#link.counters.add("replies.invalid");
    throw this.#cannot("invalid_reply", event, { issues: checked.issues });
  }

  #cannot(
    code: string,
    event: string,
    details?: Record<string, unknown>,
    options?: TroupeErrorOptions,
  ): TroupeError {
    return refused(code, `send "${event}" to ${this.#topic}`, details, options);
  }

  #refused(event: string, response: unknown): TroupeError {
    const { reason } = (response ?? {}) as { reason?: unknown };
    return this.#cannot("message_refused", event, { reason, response }, {
      retryable: passes(reason),
      retryAfterMs: retryAfterMsOf(response),
    });
  }
}

/** What the `phoenix` client takes as a payload; its type knows objects alone, its code any JSON. */
function toWire(payload: unknown): object {
  return payload as object;
}
