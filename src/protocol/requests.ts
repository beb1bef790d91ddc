/**
 * Questions of the server's to a client, and their answers, as events of ours on a channel: every client of Phoenix
 * Channels can take part.
 *
 * @module
 */

/** The event by which the server asks: `{ id, event, payload }`. */
export const REQUEST_EVENT = "troupe:request";
/** The event by which a client answers: `{ id, status, response }`. */
export const ANSWER_EVENT = "troupe:answer";

/** What {@link REQUEST_EVENT} carries. */
export interface RequestMessage {
  /** Names the question, to be repeated in the answer. */
  readonly id: string;
  /** What is asked. */
  readonly event: string;
  /** What goes with it. */
  readonly payload: unknown;
}

/** What {@link ANSWER_EVENT} carries. */
export interface AnswerMessage {
  /** Names the question. */
  readonly id: string;
  /** Whether it is answered, or refused. */
  readonly status: "ok" | "error";
  /** The answer, or why there is none. */
  readonly response: unknown;
}

/** Reads what a client has sent as an answer; `null` for what is none. */
export function readAnswer(payload: unknown): AnswerMessage | null {
  if (typeof payload !== "object" || payload === null) return null;
  const { id, status, response } = payload as Record<string, unknown>;
  if (typeof id !== "string" || (status !== "ok" && status !== "error")) return null;
  return { id, status, response };
}

/** Reads what the server has asked; `null` for what is no question: nobody could answer it. */
export function readRequest(asked: unknown): RequestMessage | null {
  if (typeof asked !== "object" || asked === null) return null;
  const { id, event, payload } = asked as Record<string, unknown>;
  return typeof id === "string" && typeof event === "string" ? { id, event, payload } : null;
}

/** The part of a `phoenix` channel that answering takes. */
export interface AnsweringChannel {
  /** Calls `callback` for each message of `event`. */
  on(event: string, callback: (payload: unknown) => void): number;
  /** Takes {@link AnsweringChannel.on} back. */
  off(event: string, ref: number): void;
  /** Sends a message. */
  push(event: string, payload: object): unknown;
}

/** Thrown by a handler to refuse: the server's request is rejected, and gets `response` to see. */
export class RequestRefused extends Error {
  /** Always `RequestRefused`. */
  override readonly name = "RequestRefused";
  /** What the server is told: JSON. */
  readonly response: unknown;

  /** Refuses with `response`. */
  constructor(response: unknown) {
    super("the request is refused");
    this.response = response;
  }
}

/** How a client answers, by event: with a reply, or a promise of one. */
export type AnswerHandlers = {
  // Each handler says itself what it expects: the server has checked it.
  readonly [event: string]: (payload: never) => unknown;
};

/** What {@link answerRequests} can be told. */
export interface AnswerOptions {
  /** Is told of a handler that throws or rejects, other than with {@link RequestRefused}. Default: nobody. */
  failed?: (error: unknown, event: string) => void;
}

/**
 * Answers what the server asks on a channel of a stock `phoenix` client: `ctx.request` and `app.request` on the server.
 * It begins with the call, and goes on across rejoins; call it before `channel.join()`, and once a channel. A handler
 * that throws refuses with `{ reason: "failed" }`, or with what {@link RequestRefused} says; an event without a handler
 * is refused with `unknown_event`.
 *
 * @param channel The channel.
 * @param handlers How to answer, by event. With a contract, `handlers satisfies RequestHandlers<typeof Room>` has the
 * compiler check them.
 * @returns Stops answering.
 *
 * @example
 * ```ts
 * import { answerRequests } from "@troupe/core/protocol";
 * import { Socket } from "phoenix";
 *
 * const channel = new Socket("ws://localhost:8000/socket").channel("room:1");
 * answerRequests(channel, {
 *   poll: ({ question }: { question: string }) => ({ yes: question.endsWith("?") }),
 * });
 * ```
 */
export function answerRequests(
  channel: AnsweringChannel,
  handlers: AnswerHandlers,
  options: AnswerOptions = {},
): () => void {
  const answer = (id: string, status: "ok" | "error", response: unknown): void => {
    const message: AnswerMessage = { id, status, response: response === undefined ? {} : response };
    channel.push(ANSWER_EVENT, message);
  };
  const failed = (id: string, event: string, error: unknown): void => {
    if (error instanceof RequestRefused) return answer(id, "error", error.response);
    answer(id, "error", { reason: "failed" });
    options.failed?.(error, event);
  };
  const ref = channel.on(REQUEST_EVENT, (asked) => {
    const request = readRequest(asked);
    if (request === null) return;
    const { id, event, payload } = request;
    if (!Object.hasOwn(handlers, event)) {
      return answer(id, "error", { reason: "unknown_event", event, accepted: Object.keys(handlers) });
    }
    try {
      const reply = handlers[event](payload as never);
      if (!(reply instanceof Promise)) return answer(id, "ok", reply);
      reply.then((value) => answer(id, "ok", value), (error) => failed(id, event, error));
    } catch (error) {
      failed(id, event, error);
    }
  });
  return () => channel.off(REQUEST_EVENT, ref);
}
