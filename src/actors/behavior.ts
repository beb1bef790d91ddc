import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { TroupeError } from "../base/errors.ts";
import type { AskOptions } from "./ask.ts";
import { DEFAULT_MAILBOX_CAPACITY, type MailboxOptions, type Overflow } from "./mailbox.ts";
import type { AnswerTo, Ref } from "./ref.ts";
import type { StopReason, Supervise } from "./supervision.ts";

/** Returned from `receive` in the state's place: this actor is done. It stops with the reason `normal`. */
export const stop: unique symbol = Symbol("stop");

/** What the kernel tells an actor about its surroundings. Signals go before all waiting messages. */
export type Signal =
  /** A watched actor has ended for good; a restart is not an end. */
  | { readonly type: "terminated"; readonly ref: Ref<never>; readonly reason: StopReason }
  /** No message came for as long as `ctx.setReceiveTimeout` said. */
  | { readonly type: "receive_timeout" };

/** A one-shot answer to an ask, to be given later. */
export interface Reply {
  /** Answers. A second answer becomes a dead letter. */
  send(value: unknown): void;
}

/** A timer of an actor. It is gone with the actor. */
export interface ActorTimer {
  /** Forgets the timer. Its message is not sent any more; one that is in the mailbox already stays there. */
  cancel(): void;
}

/** How a child is spawned. */
export interface SpawnOptions<A> {
  /** Handed to the behaviour's `init`, at each restart again. */
  args?: A;
  /** Registers the actor under this name in its system, until it stops. Names are unique: a taken one throws. */
  name?: string;
  /** The last segment of its path. Default: the name, else the behaviour's name and a number. Need not be unique. */
  label?: string;
  /**
   * How long it may take to stop before it is cut off, in milliseconds: a pending handler and the stop hook together.
   * Its children are not counted: they stop first, one after the other, each within a time-out of its own.
   * Default: 5,000.
   */
  stopTimeoutMs?: number;
}

/**
 * What an actor can do, handed to `init`, `receive`, `signal` and `stop`. It belongs to one incarnation: after a stop
 * or a restart its calls do nothing but leave a dead letter (`revoked`), so that a late promise cannot reach into the
 * next life; `spawn` throws `actor_stopped`, an `ask` is rejected with `aborted`.
 *
 * @typeParam M What the actor accepts.
 */
export interface Context<M> {
  /** The actor's own address. */
  readonly self: Ref<M>;
  /** Time. */
  readonly clock: Clock;
  /** Randomness. */
  readonly random: Random;
  /** Log lines; the actor's path is added to each. */
  readonly log: Logger;
  /** Fires when this incarnation begins to stop, or crashes. */
  readonly signal: AbortSignal;

  /** Starts a child. It stops with its parent, and is not restarted: for that, spawn a supervisor. */
  spawn<N, A>(behavior: Behavior<N, A>, options?: SpawnOptions<A>): Ref<N>;
  /** Asks an actor to stop after the message that it is at; without `ref`, this one. */
  stop(ref?: Ref<never>): void;
  /** From now on this actor gets the signal `terminated` when `ref` ends for good; at once if it has ended already. */
  watch(ref: Ref<never>): void;
  /** Takes {@link Context.watch} back. */
  unwatch(ref: Ref<never>): void;
  /** `ref.ask`, ended early (`aborted`) when this incarnation begins to stop; in a stop hook, use `ref.ask`. */
  ask<N, const Q extends N>(ref: Ref<N>, message: Q, options?: AskOptions): Promise<AnswerTo<N, Q>>;
  /**
   * Answers the ask that is being handled. If the message was told, not asked, or its handler has returned already: a
   * dead letter (`no_asker`).
   */
  reply(value: unknown): void;
  /**
   * Takes the answer to the ask that is being handled along, to be given after `receive` has returned. If the actor
   * ends before, the asker gets `actor_stopped` or `actor_crashed`.
   */
  defer(): Reply;
  /**
   * Puts the message that is being handled aside. At most `stashCapacity` of them; beyond: a dead letter
   * (`stash_overflow`). A restarted actor finds what was stashed in front of its mailbox.
   */
  stash(): void;
  /** Puts all stashed messages back in front of the mailbox, oldest first. */
  unstash(): void;
  /** Handles the next messages with another function, until the next `become` or restart. */
  become<S>(receive: Receive<M, S>): void;
  /** Sends `message` to this actor once, after `delayMs`. */
  after(delayMs: number, message: M): ActorTimer;
  /** Sends `message` to this actor every `periodMs`, on a fixed grid. A tick that is missed is not made up for. */
  every(periodMs: number, message: M): ActorTimer;
  /**
   * Sends the signal `receive_timeout` whenever no message came for `timeoutMs` (at least 1) since the last one was
   * handled; `null` ends that.
   */
  setReceiveTimeout(timeoutMs: number | null): void;
}

/** State in, message in, state out. A promise suspends this actor alone, while its mailbox fills to its bound. */
export type Receive<M, S> = (
  state: S,
  message: M,
  ctx: Context<M>,
) => S | typeof stop | Promise<S | typeof stop>;

/** What {@link actor} takes. */
export interface ActorDefinition<M, S, A> {
  /** Names the behaviour in paths, logs and the live tree. Default: `actor`. */
  readonly name?: string;
  /** Makes the state at the start and at each restart. A throw counts as a crash. */
  init(ctx: Context<M>, args: A): S | Promise<S>;
  /** Handles one message. */
  receive(state: S, message: M, ctx: Context<M>): S | typeof stop | Promise<S | typeof stop>;
  /** Handles a signal. Synchronous. Without it, signals are ignored. */
  signal?(state: S, signal: Signal, ctx: Context<M>): S | typeof stop;
  /**
   * Cleans up when an incarnation ends, whatever the reason, after its children have ended; not when it is cut off,
   * nor when `init` failed. It sees the state of the last handler that has finished. A throw is logged and counted (`actors.stop_failed`) and changes nothing else.
   */
  stop?(state: S, reason: StopReason, ctx: Context<M>): void | Promise<void>;
  /** How its mailbox is bounded. */
  readonly mailbox?: MailboxOptions<M>;
  /** How many messages can be stashed. Default: 100. */
  readonly stashCapacity?: number;
}

/** How many messages can be stashed if the behaviour does not say. */
export const DEFAULT_STASH_CAPACITY = 100;

/**
 * How an actor reacts to messages: a value, made by {@link actor} or `supervisor`, that any number of actors can run.
 *
 * @typeParam M What the actor accepts.
 * @typeParam A What its `init` is given.
 */
export class Behavior<M, A = void> {
  /** Names the behaviour in paths, logs and the live tree. */
  readonly name: string;
  /** For the kernel. */
  readonly definition: ActorDefinition<M, unknown, A>;
  /** For the kernel: how a supervisor treats its children; `null` for every other behaviour. */
  readonly supervise: Supervise | null;
  /** How many messages its mailbox holds. */
  readonly capacity: number;
  /** For the kernel: whether a message may wait in the run queue: not where it might have to give way to a newer one. */
  readonly carries: boolean;

  /** For the kernel: use {@link actor}. */
  constructor(definition: ActorDefinition<M, unknown, A>, supervise: Supervise | null = null) {
    this.name = definition.name ?? "actor";
    this.definition = definition;
    this.supervise = supervise;
    const overflow = definition.mailbox?.overflow ?? "fail";
    this.capacity = definition.mailbox?.capacity ?? DEFAULT_MAILBOX_CAPACITY;
    this.carries = overflow === "fail" || overflow === "drop-newest";
  }
}

/**
 * Makes a behaviour: state in, state out.
 *
 * Outcomes: a throw or a rejected promise in `init`, `receive` or `signal` crashes the incarnation (its supervisor
 * decides whether there is another one); a throw in `stop` is logged and counted.
 *
 * @throws {TroupeError} `bad_behavior` at once if the mailbox or stash bound is not a positive whole number, or the
 * overflow policy is none.
 *
 * @example
 * ```ts
 * import { actor, type Asks, System } from "@troupe/core/actors";
 * import { assertEquals } from "@std/assert";
 *
 * type Message = { type: "add"; by: number } | ({ type: "get" } & Asks<number>);
 *
 * const counter = actor<Message, number>({
 *   name: "counter",
 *   init: () => 0,
 *   receive(count, message, ctx) {
 *     if (message.type === "add") return count + message.by;
 *     ctx.reply(count);
 *     return count;
 *   },
 * });
 *
 * await using system = new System();
 * const ref = system.spawn(counter);
 * ref.tell({ type: "add", by: 2 });
 * assertEquals(await ref.ask({ type: "get" }), 2);
 * ```
 */
export function actor<M, S, A = void>(definition: ActorDefinition<M, S, A>): Behavior<M, A> {
  mustBeBound("mailbox.capacity", definition.mailbox?.capacity);
  mustBeBound("stashCapacity", definition.stashCapacity);
  mustBeOverflow(definition.mailbox?.overflow);
  return new Behavior(definition as ActorDefinition<M, unknown, A>);
}

function mustBeBound(name: string, value: number | undefined): void {
  if (value === undefined || (Number.isSafeInteger(value) && value > 0)) return;
  throw new TroupeError("bad_behavior", `${name} must be a whole number of at least 1, got ${value}`, {
    details: { name, value },
  });
}

function mustBeOverflow(value: Overflow<never> | undefined): void {
  if (value === undefined || value === "fail" || value === "drop-newest" || value === "drop-oldest") return;
  if (typeof value === "object" && typeof value?.conflate === "function") return;
  throw new TroupeError(
    "bad_behavior",
    `mailbox.overflow must be "fail", "drop-newest", "drop-oldest" or { conflate: (message) => key }, got ${
      JSON.stringify(value)
    }`,
    { details: { value } },
  );
}
