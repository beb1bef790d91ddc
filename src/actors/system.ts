import { type Clock, systemClock } from "../base/clock.ts";
import { type ActorInfo, Counters } from "../base/inspect.ts";
import { type Logger, silentLogger } from "../base/log.ts";
import { type Random, systemRandom } from "../base/random.ts";
import { Behavior, type SpawnOptions } from "./behavior.ts";
import { Cell } from "./cell.ts";
import { DeadLetters } from "./dead_letters.ts";
import type { Kernel } from "./kernel.ts";
import { MailboxPool } from "./mailbox.ts";
import { NameRegistry } from "./name_registry.ts";
import { type Ref, target } from "./ref.ts";
import { NOTHING, Scheduler, type SchedulerOptions } from "./scheduler.ts";
import type { StopReason } from "./supervision.ts";

/** What a {@link System} takes. Everything has a default. */
export interface SystemOptions {
  /** Time. Default: the machine's. */
  clock?: Clock;
  /** Randomness. Default: the machine's. */
  random?: Random;
  /** Log lines. Default: none. */
  logger?: Logger;
  /** How drains are bounded and where turns come from. */
  scheduler?: Omit<SchedulerOptions, "onFault">;
  /** How many empty mailboxes are kept for the next busy actor. Default: 1,024. */
  mailboxPoolSize?: number;
}

/** A handler that took too long: see {@link System.watchSlow}. */
export interface SlowHandler {
  /** Its actor's path. */
  readonly path: string;
  /** The message that it was woken with, where it is known; else `null`. */
  readonly message: unknown;
  /** How long it took, in milliseconds. */
  readonly tookMs: number;
  /** How many messages were handled in that time, by it and by those before it: 1 if there is no doubt. */
  readonly messages: number;
}

/** How {@link System.shutdown} is bounded. */
export interface ShutdownOptions {
  /** How long all actors together may take before the rest is cut off, in milliseconds. Default: 10,000. */
  deadlineMs?: number;
}

/**
 * An actor system: a root, the actors below it, their scheduler, clock, names and dead letters. Systems share nothing;
 * several live in one process.
 *
 * An actor that is spawned at the root is not restarted, and its failure ends it alone: to restart, spawn a
 * `supervisor`. Ending the system (`await using`, or {@link System.shutdown}) stops all actors in reverse order.
 *
 * @example
 * ```ts
 * import { actor, System } from "@troupe/core/actors";
 * import { assertEquals } from "@std/assert";
 *
 * await using system = new System();
 * const shout = actor<string, null>({
 *   init: () => null,
 *   receive(state, text, ctx) {
 *     ctx.reply(text.toUpperCase());
 *     return state;
 *   },
 * });
 * system.spawn(shout, { name: "shout" });
 * assertEquals(await system.find<string>("shout")?.ask("hello"), "HELLO");
 * ```
 */
export class System {
  /** Messages that were not delivered. */
  readonly deadLetters: DeadLetters;
  /** Everything that is counted, by name. */
  readonly counters: Counters;
  /** Runs the actors; I/O callbacks end with its `drain()`. */
  readonly scheduler: Scheduler;
  readonly #kernel: Kernel;
  readonly #root: Cell;
  #shutdown: Promise<void> | null = null;

  /** Starts an empty system. */
  constructor(options: SystemOptions = {}) {
    const clock = options.clock ?? systemClock;
    const logger = options.logger ?? silentLogger;
    let lastId = 0;
    this.counters = new Counters();
    this.deadLetters = new DeadLetters(this.counters);
    this.scheduler = new Scheduler(clock, {
      ...options.scheduler,
      onFault: (error) => {
        this.counters.add("scheduler.faults");
        logger.log("error", "a commit or flush task threw", { error });
      },
    });
    this.#kernel = {
      clock,
      logger,
      random: options.random ?? systemRandom,
      scheduler: this.scheduler,
      deadLetters: this.deadLetters,
      counters: this.counters,
      names: new NameRegistry(),
      mailboxes: new MailboxPool(options.mailboxPoolSize),
      startedMs: clock.elapsedMs(),
      started: 0,
      ended: 0,
      nextId: () => ++lastId,
    };
    const root = new Behavior<never>({ name: "root", init: () => null, receive: (state) => state });
    this.#root = new Cell(this.#kernel, null, root as Behavior<never, never>, undefined);
  }

  /** Time. */
  get clock(): Clock {
    return this.#kernel.clock;
  }

  /** Randomness. */
  get random(): Random {
    return this.#kernel.random;
  }

  /** Log lines. */
  get logger(): Logger {
    return this.#kernel.logger;
  }

  /**
   * Tells `report` of handlers that hold up all others for `slowMs` or more, in milliseconds: of what an actor does at
   * once, not of what it does behind a promise. It replaces what was asked for before.
   */
  watchSlow(slowMs: number, report: (slow: SlowHandler) => void): void {
    this.scheduler.watch(slowMs, (runnable, message, tookMs, steps) => {
      if (!(runnable instanceof Cell)) return;
      report({ path: runnable.path, message: message === NOTHING ? null : message, tookMs, messages: steps });
    });
  }

  /**
   * Starts an actor at the root.
   *
   * @throws {TroupeError} `name_taken`; `actor_stopped` if the system is shutting down.
   */
  spawn<M, A>(behavior: Behavior<M, A>, options?: SpawnOptions<A>): Ref<M> {
    return this.#root.spawnChild(behavior, options);
  }

  /** The actor that is registered under `name`, if any. The caller vouches for what it accepts. */
  find<M>(name: string): Ref<M> | undefined {
    return this.#kernel.names.find(name);
  }

  /** Tells the actor that is registered under `name`. If there is none: a dead letter (`unknown_name`). */
  tell(name: string, message: unknown): void {
    const ref = this.find<unknown>(name);
    if (ref === undefined) this.deadLetters.record("unknown_name", message, name);
    else ref.tell(message);
  }

  /** Asks an actor to stop after the message that it is at; resolves with the reason when it has ended for good. */
  stop(ref: Ref<never>): Promise<StopReason> {
    const cell = target(ref) as Cell;
    const ended = this.ended(ref);
    cell.requestStop();
    return ended;
  }

  /** Resolves when the actor has ended for good. */
  ended(ref: Ref<never>): Promise<StopReason> {
    return new Promise((resolve) =>
      (target(ref) as Cell).addWatcher({ terminated: (_ref, reason) => resolve(reason) })
    );
  }

  /** How many actors live, the root included. */
  get actorCount(): number {
    return this.#kernel.started - this.#kernel.ended;
  }

  /** The live tree: every actor with its path, state, mailbox length, restarts and uptime. */
  tree(): ActorInfo {
    return this.#root.inspect();
  }

  /**
   * Stops all actors, children before parents, in reverse order of their start. What has not stopped by the deadline
   * is cut off. Further calls return the same promise.
   */
  shutdown(options: ShutdownOptions = {}): Promise<void> {
    return this.#shutdown ??= new Promise((resolve) => {
      const timer = this.clock.setTimer(() => {
        this.#root.abort();
        this.scheduler.drain(); // whom it reaches with a message leaves a dead letter
      }, options.deadlineMs ?? 10_000);
      this.#root.addWatcher({
        terminated: () => {
          this.clock.clearTimer(timer);
          this.scheduler.atFlush(() => this.deadLetters.close());
          resolve();
        },
      });
      this.#root.requestStop();
    });
  }

  /** {@link System.shutdown} with its default deadline. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }
}
