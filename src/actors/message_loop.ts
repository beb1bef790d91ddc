import { TroupeError } from "../base/errors.ts";
import { admit, type AdmitHost, type Discarded, openMailbox } from "./admission.ts";
import { Ask, type AskOptions } from "./ask.ts";
import { type Behavior, type Signal, stop } from "./behavior.ts";
import type { CellContext } from "./context.ts";
import type { Kernel } from "./kernel.ts";
import type { Mailbox } from "./mailbox.ts";
import { mailboxFull, type Target } from "./ref.ts";
import { NOTHING, type Runnable } from "./scheduler.ts";
import type { StopReason } from "./supervision.ts";

/** How many messages an actor handles before the next ready one has its turn: what a flood costs its neighbours. */
export const MESSAGES_PER_RUN = 64;

/** Where an actor is in its life, in ascending order; `ENDED` takes no message any more. */
export const NEW = 0, RUNNING = 1, SUSPENDED = 2, STARTING = 3, ENDING = 4, HELD = 5, ENDED = 6;

/** The code of the error that an asker gets. */
const REFUSALS: Partial<Record<Discarded, string>> = {
  stopped: "actor_stopped",
  stash_overflow: "stash_full",
};

/** The state of an actor whose `init` has not finished. */
export const UNSET: unique symbol = Symbol("unset");

/** Rides the system lane: stop for good. */
const STOP = Symbol("stop");

/** Whether an actor is in the run queue: not at all, not yet but it runs right now, with or without a message. */
const NOT_QUEUED = 0, HANDLING = 1, QUEUED = 2, CARRYING = 3;

/**
 * The half of an actor that handles messages: two lanes, one handler at a time, a promise suspends. The other half,
 * the `Cell`, knows its place in the tree and how it starts and ends.
 */
export abstract class MessageLoop implements Target, Runnable, AdmitHost {
  readonly kernel: Kernel;
  protected readonly behavior: Behavior<never, never>;
  protected phase: number = NEW;
  protected state: unknown = UNSET;
  protected context: CellContext<never> | null = null;
  protected mailbox: Mailbox | null = null;
  protected signals: (Signal | typeof STOP)[] | null = null;
  #queued: number = NOT_QUEUED;

  constructor(kernel: Kernel, behavior: Behavior<never, never>) {
    this.kernel = kernel;
    this.behavior = behavior;
  }

  abstract get path(): string;
  /** Begins an incarnation. */
  protected abstract start(): void;
  /** `init` has finished. */
  protected abstract started(state: unknown): void;
  /** Something that the behaviour did failed. */
  protected abstract crash(error: unknown): void;
  /** Ends the incarnation; for good unless `restartable`. */
  protected abstract end(reason: StopReason, restartable: boolean): void;
  /** The handler that an ending actor waited for has settled. */
  protected abstract proceedEnding(): void;

  post(message: unknown): boolean {
    const idle = this.phase === RUNNING && this.#queued === NOT_QUEUED && this.mailbox === null;
    if (!idle || !this.behavior.carries) return this.enqueue(message);
    // The common case: its message rides the run queue itself, and no mailbox is needed.
    this.#queued = CARRYING;
    this.kernel.scheduler.schedule(this, message);
    return true;
  }

  private enqueue(message: unknown): boolean {
    if (this.phase === ENDED) {
      this.discard("stopped", message);
      return true;
    }
    const { carries, capacity, definition } = this.behavior;
    const box = this.mailbox ??= openMailbox(definition.mailbox, this.kernel.mailboxes);
    const carried = this.#queued === CARRYING ? 1 : 0;
    if (carries && box.length + carried < capacity) box.push(message);
    else if (!admit(box, carried, definition.mailbox, message, this)) return false;
    if (this.phase === RUNNING) this.ready();
    return true;
  }

  ask(message: unknown, options: AskOptions): Promise<unknown> {
    const ask = new Ask(message, this, options, this.kernel);
    if (!ask.settled && !this.post(ask)) ask.fail(mailboxFull(this.path));
    return ask.promise;
  }

  /** A timer's message: there is no sender who could be told that the mailbox is full. */
  deliver(message: unknown): void {
    this.post(message);
    this.kernel.scheduler.drain();
  }

  receiveTimedOut(): void {
    if (this.phase !== RUNNING || this.waiting > 0) return; // it is busy, not waiting
    this.signal({ type: "receive_timeout" });
    this.kernel.scheduler.drain();
  }

  run(carried: unknown): number {
    this.#queued = HANDLING;
    // The common case: an idle actor that one message has woken.
    if (carried !== NOTHING && this.phase === RUNNING && this.signals === null) this.handle(carried);
    else this.begin(carried);
    const steps = this.mailbox === null && this.signals === null ? 1 : this.handleWaiting();
    if (this.#queued === HANDLING) this.#queued = NOT_QUEUED;
    return steps;
  }

  private begin(carried: unknown): void {
    if (this.phase === NEW) {
      if (carried !== NOTHING) this.takeBack(carried); // sent to the life before: behind what that life left over
      carried = NOTHING;
      this.start();
    }
    if (this.signals !== null) this.handleSignals();
    if (carried === NOTHING) return;
    if (this.phase === RUNNING) this.handle(carried);
    else this.takeBack(carried);
  }

  /** Handles what waits in both lanes, up to the bound of a run. Returns the steps of the whole run. */
  private handleWaiting(): number {
    let steps = 1;
    while (this.phase === RUNNING && (this.mailbox !== null || this.signals !== null)) {
      if (steps === MESSAGES_PER_RUN) {
        this.ready();
        break;
      }
      steps++;
      if (this.signals !== null) this.handleSignals();
      else this.handleNext(this.mailbox!);
    }
    return steps;
  }

  /** A carried message whose actor is not running any more. */
  private takeBack(message: unknown): void {
    if (this.phase === ENDED) this.discard("stopped", message);
    else this.putBack([message]);
  }

  private handleNext(box: Mailbox): void {
    if (box.length > 0) return this.handle(box.shift());
    this.mailbox = null;
    this.kernel.mailboxes.give(box);
  }

  private handle(message: unknown): void {
    const context = this.context!;
    context.current = message;
    const payload = message instanceof Ask ? message.message : message;
    const state = this.state;
    let next: unknown;
    try {
      next = context.receive.call(this.behavior.definition, state, payload as never, context);
    } catch (error) {
      if (this.context === context) this.crash(error);
      return;
    }
    if (next === state) return context.handled();
    if (next instanceof Promise) return this.suspend(SUSPENDED, next, context);
    context.handled();
    if (this.context === context) this.settle(next);
  }

  private settle(next: unknown): void {
    if (next === stop) this.end({ kind: "normal" }, true);
    else this.state = next;
  }

  /** Waits for `pending`, with the mailbox filling up. What comes of an incarnation that has ended is dropped. */
  protected suspend(phase: number, pending: Promise<unknown>, context: CellContext<never>): void {
    if (this.context === context) this.phase = phase;
    pending.then(
      (next) => context === this.context && this.resume(next, context),
      (error) => context === this.context && this.resumeCrashed(error),
    );
  }

  private resume(next: unknown, context: CellContext<never>): void {
    context.handled();
    if (this.phase === ENDING) {
      if (next !== stop) this.state = next; // the stop hook sees the latest state
      this.proceedEnding();
    } else {
      const starting = this.phase === STARTING;
      this.phase = RUNNING;
      if (starting) this.started(next);
      else this.settle(next);
      this.ready();
    }
    this.kernel.scheduler.drain();
  }

  private resumeCrashed(error: unknown): void {
    const ending = this.phase === ENDING;
    if (!ending) this.phase = RUNNING; // the promise has settled: the end need not wait for it
    this.crash(error);
    if (ending) this.proceedEnding();
    this.kernel.scheduler.drain();
  }

  putBack(messages: unknown[]): void {
    if (messages.length === 0) return;
    const box = this.mailbox ??= openMailbox(this.behavior.definition.mailbox, this.kernel.mailboxes);
    for (let i = messages.length - 1; i >= 0; i--) box.unshift(messages[i]);
    if (this.phase === RUNNING) this.ready();
  }

  discard(reason: Discarded, message: unknown): void {
    if (message instanceof Ask) {
      const code = REFUSALS[reason] ?? "mailbox_full";
      message.fail(
        new TroupeError(code, `${this.path} did not take the question: ${reason}`, {
          retryable: reason !== "stopped",
        }),
      );
      message = message.message;
    }
    this.kernel.deadLetters.record(reason, message, this.path);
  }

  protected signal(signal: Signal | typeof STOP): void {
    if (this.phase === ENDED) return;
    (this.signals ??= []).push(signal);
    this.ready();
  }

  /** Takes back the signals that `gone` names and that were not handled yet. A stop stays. */
  protected dropSignals(gone: (signal: Signal) => boolean): void {
    const left = this.signals?.filter((signal) => signal === STOP || !gone(signal)) ?? [];
    this.signals = left.length > 0 ? left : null;
  }

  /** Handles the signals that wait now: those that come meanwhile are a step of their own. */
  private handleSignals(): void {
    const signals = this.signals!;
    this.signals = null;
    const context = this.context;
    let deferred: Signal[] | null = null;
    for (const signal of signals) {
      if (signal === STOP) this.end({ kind: "shutdown" }, false);
      else if (this.context !== context) continue; // meant for the life that has just ended
      else if (this.phase === RUNNING) this.handleSignal(signal);
      else if (this.phase < ENDING) (deferred ??= []).push(signal); // one handler at a time: when it resumes
    }
    if (deferred !== null && this.phase < ENDING) this.signals = [...deferred, ...this.signals ?? []];
  }

  private handleSignal(signal: Signal): void {
    const { definition } = this.behavior;
    if (definition.signal === undefined) return;
    const context = this.context!;
    try {
      const next = definition.signal(this.state, signal, context);
      if ((next as unknown) instanceof Promise) throw asynchronousSignal(next as Promise<unknown>);
      if (this.context === context) this.settle(next);
    } catch (error) {
      if (this.context === context) this.crash(error);
    }
  }

  /** Asks the actor to stop for good, after the message that it is at. */
  requestStop(): void {
    this.signal(STOP);
  }

  /** Whether somebody has asked for that and it was not heard yet. */
  protected get stopRequested(): boolean {
    return this.signals !== null && this.signals.includes(STOP);
  }

  /** How many messages wait, in both lanes. */
  get waiting(): number {
    return (this.mailbox?.length ?? 0) + (this.signals?.length ?? 0) + (this.#queued === CARRYING ? 1 : 0);
  }

  protected ready(): void {
    if (this.#queued >= QUEUED) return;
    this.#queued = QUEUED;
    this.kernel.scheduler.schedule(this, NOTHING);
  }
}

function asynchronousSignal(pending: Promise<unknown>): TroupeError {
  pending.catch(() => {}); // the crash that this error makes is enough
  return new TroupeError("bad_behavior", "`signal` must be synchronous, got a promise");
}
