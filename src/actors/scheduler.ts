/**
 * Who runs when. One flat queue of ready actors; a drain runs them until none is ready or its budget is spent. Each
 * turn of the event loop has three phases: run (actors handle messages; also inside I/O callbacks), commit (topics
 * append and fan out what the run phase published), flush (connections hand the turn's frames to their sockets, once).
 * A flush may go on over several turns: actors run in between, and what they publish waits for its end.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import { type SlowReport, SlowWatch } from "./slow_watch.ts";

/** Something that can be ready to run. The scheduler holds it at most once at a time: that is the caller's duty. */
export interface Runnable {
  /**
   * Does a bounded amount of work and returns how many steps that took. `carried` is the message that it was scheduled
   * with, or {@link NOTHING}. MUST NOT throw.
   */
  run(carried: unknown): number;
}

/** Scheduled without a message. */
export const NOTHING: unique symbol = Symbol("nothing");

/** Something to do once, in the phase that it was asked for. Asked for again from within, it is done in the next turn. */
export type PhaseTask = () => void;

/** How the scheduler gets the next turn of the event loop. The real one is `setImmediate`. */
export interface Turns {
  /** Calls `turn` once, soon, not now. The scheduler asks again only after that call. */
  request(turn: () => void): void;
}

/** Turns of the real event loop, after the I/O that is ready: what arrives together is handled and sent together. */
export const immediateTurns: Turns = {
  request(turn) {
    setImmediate(turn);
  },
};

/** How a drain is bounded, and where its turns and order come from. */
export interface SchedulerOptions {
  /** Where turns come from. Default: {@link immediateTurns}. */
  turns?: Turns;
  /** If given, the next actor is drawn at random among the ready ones: for tests that look for races. */
  order?: Random;
  /**
   * How many messages one drain handles before it yields to I/O. Default: 16,384. The actor at which it is reached
   * finishes its run of at most 64.
   */
  maxSteps?: number;
  /**
   * How long one drain runs before it yields to I/O, in milliseconds. Default: 8. Looked at between two actors: often
   * where handlers are slow, at least every 256 messages elsewhere. A handler is never interrupted.
   */
  maxMs?: number;
  /** Is told of a throw in a phase task. Default: nobody; the throw ends that task alone either way. */
  onFault?: (error: unknown) => void;
}

/** The size of a fresh run queue. A power of two, as every size of it. */
const FIRST_SIZE = 64;

/** How many steps may pass between two looks at the clock. */
const LONGEST_STRIDE = 256;

/** Runs ready actors, then commits, then flushes. One per system. */
export class Scheduler {
  readonly #clock: Clock;
  readonly #turns: Turns;
  readonly #order: Random | null;
  readonly #maxSteps: number;
  readonly #maxMs: number;
  readonly #onFault: (error: unknown) => void;
  readonly #turn = (): void => this.#takeTurn();
  #runnables: (Runnable | null)[] = new Array(FIRST_SIZE).fill(null);
  #carried: unknown[] = new Array(FIRST_SIZE).fill(NOTHING);
  #mask = FIRST_SIZE - 1;
  #head = 0;
  #length = 0;
  #watch: SlowWatch<Runnable> | null = null;
  #draining = false;
  #entered = false;
  #requested = false;
  #settlements: PhaseTask[] = [];
  #commits: PhaseTask[] = [];
  #flushes: PhaseTask[] = [];
  /** What a flush phase goes on with. */
  #unfinished: PhaseTask[] = [];
  #committing = false;

  /** Makes a scheduler with nothing to run. `clock` measures its drains. */
  constructor(clock: Clock, options: SchedulerOptions = {}) {
    this.#clock = clock;
    this.#turns = options.turns ?? immediateTurns;
    this.#order = options.order ?? null;
    this.#maxSteps = options.maxSteps ?? 16_384;
    this.#maxMs = options.maxMs ?? 8;
    this.#onFault = options.onFault ?? (() => {});
  }

  /** Whether nothing is ready, and nothing waits to be committed or flushed. */
  get idle(): boolean {
    return this.#length === 0 && this.#settlements.length === 0 && this.#commits.length === 0 &&
      this.#flushes.length === 0 && this.#unfinished.length === 0;
  }

  /** Whether this is the commit phase: a flush follows, and costs no turn of its own. */
  get committing(): boolean {
    return this.#committing;
  }

  /** How many actors are ready to run. */
  get ready(): number {
    return this.#length;
  }

  /** Puts `runnable` behind all that are ready. `carried` is handed to its `run`: a message, or {@link NOTHING}. */
  schedule(runnable: Runnable, carried: unknown): void {
    if (this.#length === this.#mask + 1) this.#grow();
    const tail = (this.#head + this.#length++) & this.#mask;
    this.#runnables[tail] = runnable;
    this.#carried[tail] = carried;
    if (!this.#draining && !this.#entered && !this.#requested) this.#request();
  }

  /**
   * Tells `report` from now on of actors that hold up all others for `slowMs` or more: of what they do at once, not of
   * what they do behind a promise. While there are several drains in a millisecond, only some of them are timed.
   */
  watch(slowMs: number, report: SlowReport<Runnable>): void {
    this.#watch = new SlowWatch(this.#clock, slowMs, report);
  }

  /** Times the next drain, however many there are: called now and then, one that is slow after a rush is seen. */
  watchNext(): void {
    this.#watch?.wake();
  }

  /**
   * An I/O callback begins that ends with {@link Scheduler.drain}, whatever happens in it: no turn has to be asked for
   * to run what it makes ready, which would cost more than the message.
   */
  enter(): void {
    this.#entered = true;
  }

  /**
   * Runs `task` when the current drain has run its actors, before any turn: for a commit that gains nothing by waiting
   * for what else the turn brings. Asked for outside of a drain, it is done in the next one.
   */
  atSettled(task: PhaseTask): void {
    this.#settlements.push(task);
    if (!this.#draining && !this.#entered && !this.#requested) this.#request();
  }

  /** Runs `task` in the next commit phase. */
  atCommit(task: PhaseTask): void {
    this.#commits.push(task);
    if (!this.#requested) this.#request();
  }

  /** Runs `task` in the next flush phase, which follows the next commit phase. */
  atFlush(task: PhaseTask): void {
    this.#flushes.push(task);
    if (!this.#requested) this.#request();
  }

  /**
   * Goes on with a flush in the next turn, so that the runtime writes and hears others in between: `task`, asked for from
   * within the flush phase, which is not over until then. What is asked for the next phases waits for that.
   */
  continueFlush(task: PhaseTask): void {
    this.#unfinished.push(task);
    if (!this.#requested) this.#request();
  }

  /**
   * Runs ready actors now: called at the end of every I/O and timer callback, so that a message is handled in the
   * callback that brought it. What the budget leaves over goes on in the next turn. Inside a drain it does nothing.
   */
  drain(): void {
    this.#entered = false;
    if (this.#draining || (this.#length === 0 && this.#settlements.length === 0)) return;
    this.#draining = true;
    try {
      this.#runReady();
      const settlements = this.#settlements;
      if (settlements.length > 0) {
        this.#settlements = [];
        this.#perform(settlements);
      }
    } finally {
      this.#draining = false;
      if (!this.#requested && (this.#length > 0 || this.#settlements.length > 0)) this.#request();
    }
  }

  #runReady(): void {
    const eighthMs = this.#maxMs / 8;
    let startMs = -1; // a drain of one run never looks at this clock, which costs more than a message
    let lookedMs = 0;
    const watch = this.#watch !== null && this.#watch.begin() ? this.#watch : null;
    let stride = 1;
    let nextLook = 0;
    let steps = 0;
    while (this.#length > 0) {
      if (this.#order !== null) this.#shuffle(this.#order);
      const head = this.#head;
      const runnable = this.#runnables[head]!;
      const carried = this.#carried[head];
      this.#runnables[head] = null;
      this.#carried[head] = NOTHING;
      this.#head = (head + 1) & this.#mask;
      this.#length--;
      steps += runnable.run(carried);
      if (steps < nextLook && this.#length > 0) continue;
      if (watch !== null) watch.look(runnable, carried, steps);
      if (this.#length === 0) return;
      const nowMs = this.#clock.elapsedMs();
      if (startMs < 0) startMs = lookedMs = nowMs;
      if (steps >= this.#maxSteps || nowMs - startMs >= this.#maxMs) return;
      stride = nowMs - lookedMs < eighthMs ? Math.min(stride * 2, LONGEST_STRIDE) : 1; // slow handlers: look often
      lookedMs = nowMs;
      nextLook = Math.min(steps + stride, this.#maxSteps);
    }
  }

  #takeTurn(): void {
    this.#requested = false;
    this.drain();
    const unfinished = this.#unfinished;
    if (unfinished.length > 0) {
      this.#unfinished = [];
      this.#perform(unfinished);
    }
    if (this.#unfinished.length === 0) this.#endTurn();
    if (!this.idle && !this.#requested) this.#request();
  }

  #endTurn(): void {
    const commits = this.#commits;
    if (commits.length > 0) {
      this.#commits = [];
      this.#committing = true;
      this.#perform(commits);
      this.#committing = false;
    }
    const flushes = this.#flushes;
    if (flushes.length > 0) {
      this.#flushes = [];
      this.#perform(flushes);
    }
  }

  #perform(tasks: PhaseTask[]): void {
    for (let i = 0; i < tasks.length; i++) {
      try {
        tasks[i]();
      } catch (error) {
        this.#onFault(error);
      }
    }
  }

  #request(): void {
    this.#requested = true;
    this.#turns.request(this.#turn);
  }

  /** Brings one of the ready, drawn at random, to the head. */
  #shuffle(order: Random): void {
    const head = this.#head;
    const chosen = (head + order.integer(this.#length)) & this.#mask;
    [this.#runnables[head], this.#runnables[chosen]] = [this.#runnables[chosen], this.#runnables[head]];
    [this.#carried[head], this.#carried[chosen]] = [this.#carried[chosen], this.#carried[head]];
  }

  #grow(): void {
    const size = this.#mask + 1;
    const runnables: (Runnable | null)[] = new Array(size * 2).fill(null);
    const carried: unknown[] = new Array(size * 2).fill(NOTHING);
    for (let i = 0; i < size; i++) {
      runnables[i] = this.#runnables[(this.#head + i) & this.#mask];
      carried[i] = this.#carried[(this.#head + i) & this.#mask];
    }
    this.#runnables = runnables;
    this.#carried = carried;
    this.#mask = size * 2 - 1;
    this.#head = 0;
  }
}
