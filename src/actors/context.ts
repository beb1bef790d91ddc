import type { Clock } from "../base/clock.ts";
import { TroupeError } from "../base/errors.ts";
import type { LogFields, Logger, LogLevel } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { Ask, AskOptions } from "./ask.ts";
import {
  type ActorDefinition,
  type ActorTimer,
  type Behavior,
  type Context,
  DEFAULT_STASH_CAPACITY,
  type Receive,
  type Reply,
  type SpawnOptions,
} from "./behavior.ts";
import type { Kernel } from "./kernel.ts";
import type { Asks, Ref } from "./ref.ts";
import { ActorTimers } from "./timers.ts";

/** What a context needs of its actor. */
export interface ContextHost {
  readonly kernel: Kernel;
  readonly path: string;
  readonly ref: Ref<never>;
  readonly stashCapacity: number | undefined;
  spawnChild<N, A>(behavior: Behavior<N, A>, options?: SpawnOptions<A>): Ref<N>;
  stopActor(ref: Ref<never>): void;
  watch(ref: Ref<never>): void;
  unwatch(ref: Ref<never>): void;
  putBack(messages: unknown[]): void;
  deliver(message: unknown): void;
  receiveTimedOut(): void;
}

/** The part of a definition that `become` replaces. */
interface Handler {
  receive: Receive<never, unknown>;
}

/** The handler of an incarnation that has ended: marks it, and is never called. */
const REVOKED: Handler = { receive: (state) => state };

const NO_TIMER: ActorTimer = { cancel() {} };
const NO_REPLY: Reply = { send() {} };

/** What few actors use, made when it is first used: an idle actor should weigh little. */
class Extras {
  timers: ActorTimers | null = null;
  stash: unknown[] | null = null;
  abort: AbortController | null = null;
}

/** One incarnation of an actor, as its behaviour sees it. */
export class CellContext<M> implements Context<M> {
  readonly #host: ContextHost;
  #extras: Extras | null = null;
  /** The message that is being handled, as it came; for `stash`. */
  current: unknown = undefined;
  /** The ask that is being handled. */
  asking: Ask | null = null;

  /** What the next message is handled with: the definition, or what the actor has become. */
  handler: Handler;

  constructor(host: ContextHost, definition: ActorDefinition<never, unknown, never>) {
    this.#host = host;
    this.handler = definition as Handler;
  }

  get self(): Ref<M> {
    return this.#host.ref as Ref<M>;
  }

  get clock(): Clock {
    return this.#host.kernel.clock;
  }

  get random(): Random {
    return this.#host.kernel.random;
  }

  get log(): Logger {
    const { kernel, path } = this.#host;
    return {
      log: (level: LogLevel, message: string, fields?: LogFields): void =>
        kernel.logger.log(level, message, { actor: path, ...fields }),
    };
  }

  get signal(): AbortSignal {
    const extras = this.#extras ??= new Extras();
    extras.abort ??= new AbortController();
    if (!this.live()) extras.abort.abort();
    return extras.abort.signal;
  }

  spawn<N, A>(behavior: Behavior<N, A>, options?: SpawnOptions<A>): Ref<N> {
    if (!this.live()) {
      throw new TroupeError(
        "actor_stopped",
        `Cannot spawn a child of ${this.#host.path}: this incarnation has ended`,
      );
    }
    return this.#host.spawnChild(behavior, options);
  }

  stop(ref: Ref<never> = this.#host.ref): void {
    if (this.usable("stop")) this.#host.stopActor(ref);
  }

  watch(ref: Ref<never>): void {
    if (this.usable("watch")) this.#host.watch(ref);
  }

  unwatch(ref: Ref<never>): void {
    if (this.usable("unwatch")) this.#host.unwatch(ref);
  }

  ask<N, Answer>(ref: Ref<N>, message: N & Asks<Answer>, options: AskOptions = {}): Promise<Answer> {
    const signal = options.signal === undefined
      ? this.signal
      : AbortSignal.any([options.signal, this.signal]);
    return ref.ask(message, { ...options, signal });
  }

  reply(value: unknown): void {
    if (!this.usable(value)) return;
    if (this.asking === null) this.#host.kernel.deadLetters.record("no_asker", value, this.#host.path);
    else this.asking.answer(value);
  }

  defer(): Reply {
    const ask = this.asking;
    if (!this.usable("defer") || ask === null) return NO_REPLY;
    return { send: (value) => ask.answer(value) };
  }

  stash(): void {
    if (!this.usable(this.current)) return;
    const extras = this.#extras ??= new Extras();
    const stash = extras.stash ??= [];
    const capacity = this.#host.stashCapacity ?? DEFAULT_STASH_CAPACITY;
    if (stash.length >= capacity) {
      this.#host.kernel.deadLetters.record("stash_overflow", this.current, this.#host.path);
      this.asking?.fail(
        new TroupeError("stash_full", `${this.#host.path} has stashed ${capacity} messages already`, {
          retryable: true,
        }),
      );
    } else stash.push(this.current);
  }

  unstash(): void {
    if (this.usable("unstash")) this.#host.putBack(this.takeStash());
  }

  become<S>(receive: Receive<M, S>): void {
    if (this.usable("become")) this.handler = { receive: receive as unknown as Receive<never, unknown> };
  }

  after(delayMs: number, message: M): ActorTimer {
    return this.usable(message) ? this.timers().after(delayMs, message) : NO_TIMER;
  }

  every(periodMs: number, message: M): ActorTimer {
    return this.usable(message) ? this.timers().every(periodMs, message) : NO_TIMER;
  }

  setReceiveTimeout(timeoutMs: number | null): void {
    if (this.usable("setReceiveTimeout")) this.timers().setReceiveTimeout(timeoutMs);
  }

  /** For the cell: a message was handled. */
  touch(): void {
    if (this.#extras !== null && this.#extras.timers?.watchesReceive) this.#extras.timers.touch();
  }

  /** For the cell: the stashed messages, oldest first; the stash is empty then. */
  takeStash(): unknown[] {
    const stash = this.#extras?.stash ?? [];
    if (this.#extras !== null) this.#extras.stash = null;
    return stash;
  }

  /** For the cell: this incarnation begins to end. Its timers are gone and its signal fires. */
  beginEnd(): void {
    this.#extras?.timers?.cancelAll();
    this.#extras?.abort?.abort();
  }

  /** For the cell: this incarnation has ended. Late calls leave dead letters. */
  revoke(): void {
    this.beginEnd();
    this.handler = REVOKED;
  }

  private timers(): ActorTimers {
    const extras = this.#extras ??= new Extras();
    const host = this.#host;
    return extras.timers ??= new ActorTimers({
      clock: host.kernel.clock,
      deliver: (message) => host.deliver(message),
      receiveTimedOut: () => host.receiveTimedOut(),
    });
  }

  private live(): boolean {
    return this.handler !== REVOKED;
  }

  private usable(message: unknown): boolean {
    const live = this.live();
    if (!live) this.#host.kernel.deadLetters.record("revoked", message, this.#host.path);
    return live;
  }
}
