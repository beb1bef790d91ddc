import { TroupeError } from "../base/errors.ts";
import type { Clock, TimerId } from "../base/clock.ts";
import type { DeadLetters } from "./dead_letters.ts";

/** How long an ask waits, and what ends it early. */
export interface AskOptions {
  /** How long to wait for the answer, in milliseconds. Default: 5,000. */
  timeoutMs?: number;
  /** Ends the wait when it fires. */
  signal?: AbortSignal;
}

/** How long an ask waits if it does not say, in milliseconds. */
export const DEFAULT_ASK_TIMEOUT_MS = 5_000;

/** What an ask needs of its surroundings. */
export interface AskPorts {
  readonly clock: Clock;
  readonly deadLetters: DeadLetters;
}

/** A message on its way that wants an answer. It rides the mailbox in the message's place. */
export class Ask {
  /** The message itself. */
  readonly message: unknown;
  /** Settles with the answer. */
  readonly promise: Promise<unknown>;
  readonly #ports: AskPorts;
  readonly #to: { readonly path: string };
  readonly #signal: AbortSignal | undefined;
  #resolve!: (value: unknown) => void;
  #reject!: (error: TroupeError) => void;
  #timer: TimerId | null = null;
  #settled = false;
  #keeper: Set<Ask> | null = null;

  constructor(message: unknown, to: { readonly path: string }, options: AskOptions, ports: AskPorts) {
    this.message = message;
    this.#ports = ports;
    this.#to = to;
    this.#signal = options.signal;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const timeoutMs = options.timeoutMs ?? DEFAULT_ASK_TIMEOUT_MS;
    this.#timer = ports.clock.setTimer(() => this.#timedOut(timeoutMs), timeoutMs);
    if (this.#signal?.aborted) this.#aborted();
    else this.#signal?.addEventListener("abort", this.#aborted, { once: true });
  }

  /** Whether the answer is there, or will never be. */
  get settled(): boolean {
    return this.#settled;
  }

  /** Is in `keeper` until it settles. */
  keepIn(keeper: Set<Ask>): void {
    if (this.#settled) return;
    keeper.add(this);
    this.#keeper = keeper;
  }

  /** Hands over the answer. One that comes too late, or a second one, becomes a dead letter. */
  answer(value: unknown): void {
    if (this.#settled) {
      this.#ports.deadLetters.record("late_reply", value, this.#to.path);
      return;
    }
    this.#settle();
    this.#resolve(value);
  }

  /** Tells the asker that no answer will come. Ignored once settled. */
  fail(error: TroupeError): void {
    if (this.#settled) return;
    this.#settle();
    this.#reject(error);
  }

  #settle(): void {
    this.#settled = true;
    if (this.#timer !== null) this.#ports.clock.clearTimer(this.#timer);
    this.#timer = null;
    this.#signal?.removeEventListener("abort", this.#aborted);
    this.#keeper?.delete(this);
  }

  #timedOut(timeoutMs: number): void {
    this.fail(
      new TroupeError("ask_timeout", `${this.#to.path} did not answer within ${timeoutMs} ms`, {
        retryable: true,
        details: { path: this.#to.path, timeoutMs },
      }),
    );
  }

  #aborted = (): void => {
    this.fail(new TroupeError("aborted", `The asker of ${this.#to.path} stopped waiting`));
  };
}
