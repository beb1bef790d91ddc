import type { Clock } from "../base/clock.ts";
import { TroupeError } from "../base/errors.ts";
import type { LogFields, Logger, LogLevel } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { Discarded } from "./admission.ts";
import { Ask, type AskOptions } from "./ask.ts";
import {
  type ActorTimer,
  type Behavior,
  type Context,
  DEFAULT_STASH_CAPACITY,
  type Receive,
  type Reply,
  type SpawnOptions,
} from "./behavior.ts";
import type { Kernel } from "./kernel.ts";
import type { AnswerTo, Ref } from "./ref.ts";
import { NOTHING } from "./scheduler.ts";
import { ActorTimers } from "./timers.ts";

/** What a context needs of its actor. */
export interface ContextHost {
  readonly kernel: Kernel;
  readonly path: string;
  readonly ref: Ref<never>;
  readonly stashCapacity: number | undefined;
  /** Whether this incarnation has begun to end. */
  readonly ending: boolean;
  spawnChild<N, A>(behavior: Behavior<N, A>, options?: SpawnOptions<A>): Ref<N>;
  stopActor(ref: Ref<never>): void;
  watch(ref: Ref<never>): void;
  unwatch(ref: Ref<never>): void;
  putBack(messages: unknown[]): void;
  discard(reason: Discarded, message: unknown): void;
  deliver(message: unknown): void;
  receiveTimedOut(): void;
}

type AnyReceive = Receive<never, unknown>;

/** The handler of an incarnation that has ended: marks it, and is never called. */
const REVOKED: AnyReceive = (state) => state;

const NO_TIMER: ActorTimer = { cancel() {} };

/** What few actors use, made when it is first used: an idle actor should weigh little. */
class Extras {
  timers: ActorTimers | null = null;
  stash: unknown[] | null = null;
  /** The asks that {@link Context.defer} took along and that have not settled. */
  deferred: Set<Ask> | null = null;
  abort: AbortController | null = null;
}

/** One incarnation of an actor, as its behaviour sees it. */
export class CellContext<M> implements Context<M> {
  readonly #host: ContextHost;
  #extras: Extras | null = null;
  /** The message that is being handled, as it came: maybe an {@link Ask}. Between messages, {@link NOTHING}. */
  current: unknown = NOTHING;
  /** What the next message is handled with: the behaviour's `receive`, or what the actor has become. */
  receive: AnyReceive;

  constructor(host: ContextHost, receive: AnyReceive) {
    this.#host = host;
    this.receive = receive;
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
    if (!this.live() || this.#host.ending) extras.abort.abort();
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

  ask<N, const Q extends N>(ref: Ref<N>, message: Q, options: AskOptions = {}): Promise<AnswerTo<N, Q>> {
    if (!this.usable(message)) {
      return Promise.reject(
        new TroupeError("aborted", `${this.#host.path} cannot ask ${ref}: this incarnation has ended`),
      );
    }
    const signal = options.signal === undefined
      ? this.signal
      : AbortSignal.any([options.signal, this.signal]);
    return ref.ask(message, { ...options, signal });
  }

  reply(value: unknown): void {
    if (!this.usable(value)) return;
    if (this.current instanceof Ask) this.current.answer(value);
    else this.#host.kernel.deadLetters.record("no_asker", value, this.#host.path);
  }

  defer(): Reply {
    const ask = this.current;
    if (!this.usable("defer") || !(ask instanceof Ask)) return this.noReply();
    ask.keepIn((this.#extras ??= new Extras()).deferred ??= new Set());
    return { send: (value) => ask.answer(value) };
  }

  stash(): void {
    const message = this.current;
    if (!this.usable(message instanceof Ask ? message.message : message) || message === NOTHING) return;
    this.current = NOTHING;
    const stash = (this.#extras ??= new Extras()).stash ??= [];
    if (stash.length < (this.#host.stashCapacity ?? DEFAULT_STASH_CAPACITY)) stash.push(message);
    else this.#host.discard("stash_overflow", message);
  }

  unstash(): void {
    if (this.usable("unstash")) this.#host.putBack(this.takeStash());
  }

  become<S>(receive: Receive<M, S>): void {
    if (this.usable("become")) this.receive = receive as unknown as AnyReceive;
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

  /** For the cell: the message has been handled. */
  handled(): void {
    this.current = NOTHING; // an idle actor holds on to no message
    if (this.#extras !== null && this.#extras.timers?.watchesReceive) this.#extras.timers.touch();
  }

  /** For the cell: whether somebody waits for an answer of this incarnation. */
  get owesAnswers(): boolean {
    return this.current instanceof Ask || (this.#extras?.deferred?.size ?? 0) > 0;
  }

  /** For the cell: no ask that this incarnation has taken will be answered any more. */
  failAsks(error: TroupeError): void {
    if (this.current instanceof Ask) this.current.fail(error);
    for (const ask of this.#extras?.deferred ?? []) ask.fail(error);
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
    this.receive = REVOKED;
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

  /** What {@link Context.defer} gives where nobody asked: it behaves as {@link Context.reply} does there. */
  private noReply(): Reply {
    const { kernel, path } = this.#host;
    return { send: (value) => kernel.deadLetters.record("no_asker", value, path) };
  }

  private live(): boolean {
    return this.receive !== REVOKED;
  }

  private usable(message: unknown): boolean {
    const live = this.live();
    if (!live) this.#host.kernel.deadLetters.record("revoked", message, this.#host.path);
    return live;
  }
}
