import { TroupeError } from "../base/errors.ts";
import type { AskOptions } from "./ask.ts";

/**
 * A brand for messages that are asked: `type Get = { type: "get" } & Asks<number>` makes `ref.ask({ type: "get" })` a
 * `Promise<number>`. It exists in types alone.
 */
export interface Asks<Answer> {
  /** Never present at run time. */
  readonly __answer?: Answer;
}

/** What the question `Q` is answered with, among the messages `M` that an actor accepts: see {@link Asks}. */
export type AnswerTo<M, Q> = M extends unknown
  ? Q extends M ? M extends Asks<infer Answer> ? Answer : unknown : never
  : never;

/** What a {@link Ref} stands for. The kernel's side of an address; not for users. */
export interface Target {
  /** Where the actor is in the tree. */
  readonly path: string;
  /** Takes a message. `false`: refused, since the mailbox is full and its policy is `fail`. */
  post(message: unknown): boolean;
  /** Takes a message that wants an answer. */
  ask(message: unknown, options: AskOptions): Promise<unknown>;
}

let targetOf: (ref: Ref<never>) => Target;

/**
 * An actor's address. It can be kept, compared with `===` and sent in messages; it stays valid across restarts of its
 * actor. A message to an actor that has stopped becomes a dead letter.
 *
 * @typeParam M What the actor accepts.
 */
export class Ref<in M> {
  readonly #target: Target;

  static {
    targetOf = (ref) => ref.#target;
  }

  /** For the kernel: addresses come from `spawn`. */
  constructor(target: Target) {
    this.#target = target;
  }

  /**
   * Puts `message` into the actor's mailbox and returns at once. Messages of one sender arrive in the order in which
   * they were sent.
   *
   * @throws {TroupeError} `mailbox_full` (retryable) if the mailbox is full and its overflow policy is `fail`.
   */
  tell(message: M): void {
    if (!this.#target.post(message)) throw mailboxFull(this.#target.path);
  }

  /**
   * Sends `message` and waits for the actor's `ctx.reply`.
   *
   * @throws {TroupeError} (as a rejection) `ask_timeout` (retryable) without an answer in time; `mailbox_full`
   * (retryable); `actor_stopped` or `actor_crashed` if the actor ended before it answered; `aborted` if
   * `options.signal` fired.
   */
  ask<const Q extends M>(message: Q, options: AskOptions = {}): Promise<AnswerTo<M, Q>> {
    return this.#target.ask(message, options) as Promise<AnswerTo<M, Q>>;
  }

  /** The actor's place in the tree, for people. */
  toString(): string {
    return `Ref(${this.#target.path})`;
  }
}

/** The kernel's side of `ref`. */
export function target(ref: Ref<never>): Target {
  return targetOf(ref);
}

/** Like `ref.tell`, but answers `false` where that would throw: for callers that must not pay for an error. */
export function offer<M>(ref: Ref<M>, message: M): boolean {
  return targetOf(ref as Ref<never>).post(message);
}

/** The error of a full mailbox under the policy `fail`. */
export function mailboxFull(path: string): TroupeError {
  return new TroupeError("mailbox_full", `Cannot tell ${path}: its mailbox is full`, {
    retryable: true,
    details: { path },
  });
}
