/**
 * A client's answers to what the server asks.
 *
 * @module
 */

import type { Checked, ExchangeDefinition } from "../contract/mod.ts";
import { anyRecord, validate } from "../contract/schema.ts";
import { type AnswerMessage, readRequest, RequestRefused } from "../protocol/requests.ts";
import type { AnswersPart, Feature } from "./feature.ts";
import type { Failed, ListenOptions } from "./listeners.ts";
import type { Membership } from "./membership.ts";

/** Gives an answer to a question. */
export type AnswerHandler = (payload: never) => unknown;

/** Answers the questions of one topic. */
export class Answers implements AnswersPart {
  readonly #requests: Readonly<Record<string, ExchangeDefinition>>;
  readonly #failed: Failed;
  readonly #handlers = new Map<string, AnswerHandler>();

  constructor(requests: Readonly<Record<string, ExchangeDefinition>>, failed: Failed) {
    this.#requests = requests;
    this.#failed = failed;
  }

  /** From now on `handler` answers `event`, in the place of whoever did before. Gives what ends that. */
  set(event: string, handler: AnswerHandler, { signal }: ListenOptions = {}): () => void {
    if (signal?.aborted) return () => {};
    this.#handlers.set(event, handler);
    const off = (): void => {
      if (this.#handlers.get(event) === handler) this.#handlers.delete(event);
    };
    signal?.addEventListener("abort", off, { once: true });
    return off;
  }

  /** The answer to a question; `null` to what is none. Never rejects. */
  async answer(asked: unknown): Promise<AnswerMessage | null> {
    const question = readRequest(asked);
    if (question === null) return null;
    const { id, event, payload } = question;
    const refusal = (response: unknown): AnswerMessage => ({ id, status: "error", response });
    const handler = this.#handlers.get(event);
    if (handler === undefined) {
      return refusal({ reason: "unknown_event", event, accepted: [...this.#handlers.keys()] });
    }
    try {
      const definition = Object.hasOwn(this.#requests, event) ? this.#requests[event] : {};
      const checked: Checked<unknown> = await validate(definition.payload ?? anyRecord, payload);
      if (!checked.ok) return refusal({ reason: "invalid_payload", issues: checked.issues });
      const response = await handler(checked.value as never);
      return { id, status: "ok", response: response === undefined ? {} : response };
    } catch (error) {
      if (error instanceof RequestRefused) return refusal(error.response);
      this.#failed(error, event);
      return refusal({ reason: "failed" });
    }
  }
}

/** Gives channels `channel.answer`, for what the server asks: for the option `use` of `connect`. */
export const withAnswers: Feature = {
  name: "withAnswers",
  equip: ({ definition, link }: Membership) => ({
    answers: new Answers(definition.requests ?? {}, link.failed),
  }),
};
