import type { Random } from "../base/random.ts";
import type { LogFields, Logger, LogLevel } from "../base/log.ts";
import type { ExtendedTopic, TopicExtension } from "../topics/extension.ts";
import type { Handler } from "./handler_checks.ts";

/** The name of the extension among those of a topic. */
export const LIFE = "life";

/** The handlers of a topic's own life, put together at the start. */
export interface LifeKind {
  readonly start: Handler | null;
  readonly stop: Handler | null;
  readonly tick: Handler | null;
  readonly message: Handler | null;
  readonly tickMs: number | null;
  /** Checks what is sent. Throws what the contract refuses. */
  readonly check: (event: string, payload: unknown) => unknown;
}

/** What the handlers of a topic's life are given: the run-time side of `LifeContext`. */
export class Life implements TopicExtension {
  /** The topic's own state, from `start`. */
  state: unknown = undefined;
  readonly params: Readonly<Record<string, string>>;
  readonly ready?: Promise<void>;
  readonly #kind: LifeKind;
  readonly #topic: ExtendedTopic;
  readonly #random: Random;

  /** Begins the topic's life. Throws what `start` throws. */
  constructor(kind: LifeKind, topic: ExtendedTopic, params: Readonly<Record<string, string>>) {
    this.#kind = kind;
    this.#topic = topic;
    this.#random = topic.random;
    this.params = params;
    const state = kind.start?.(this, undefined);
    if (state instanceof Promise) this.ready = state.then((made) => this.#begin(made));
    else this.#begin(state);
  }

  #begin(state: unknown): void {
    this.state = state;
    const { tick, tickMs } = this.#kind;
    if (tick !== null) this.#topic.every(tickMs!, () => tick(this, undefined));
  }

  receive(message: unknown): void {
    const { message: handler } = this.#kind;
    if (handler === null) this.#topic.counters.add("topics.unhandled_messages");
    else handler(this, message);
  }

  stopped(): void {
    try {
      this.#kind.stop?.(this, undefined);
    } catch (error) {
      this.#topic.counters.add("topics.stop_failed");
      this.log.log("error", "a topic's stop handler failed", { error });
    }
  }

  // ── What handlers ask for ────────────────────────────────────────────────────────────────────────────────────────

  get topic(): string {
    return this.#topic.name;
  }

  get memberCount(): number {
    return this.#topic.memberCount;
  }

  get log(): Logger {
    const { logger, name } = this.#topic;
    return {
      log: (level: LogLevel, text: string, fields?: LogFields): void =>
        logger.log(level, text, { topic: name, ...fields }),
    };
  }

  now(): number {
    return this.#topic.clock.now();
  }

  uuid(): string {
    return this.#random.uuid();
  }

  broadcast(event: string, payload: unknown, options: { readonly ephemeral?: boolean } = {}): void {
    const value = this.#kind.check(event, payload);
    this.#topic.publish({ event, payload: value, kept: !options.ephemeral });
  }

  after(delayMs: number, task: () => void): () => void {
    return this.#topic.after(delayMs, task);
  }
}
