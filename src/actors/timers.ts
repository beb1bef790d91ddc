import type { Clock, TimerId } from "../base/clock.ts";
import { TroupeError } from "../base/errors.ts";
import type { ActorTimer } from "./behavior.ts";

/** What the timers of an actor need of it. */
export interface TimersHost {
  /** Time. */
  readonly clock: Clock;
  /** Takes a timer's message. */
  deliver(message: unknown): void;
  /** Takes the receive time-out. */
  receiveTimedOut(): void;
}

/** The timers of one incarnation. They end with it. */
export class ActorTimers {
  readonly #host: TimersHost;
  readonly #running = new Set<RunningTimer>();
  #receiveTimer: TimerId | null = null;
  #touchedMs = 0;

  constructor(host: TimersHost) {
    this.#host = host;
  }

  /** How many timers run, the receive time-out not counted. */
  get size(): number {
    return this.#running.size;
  }

  /** Delivers `message` once, after `delayMs`. */
  after(delayMs: number, message: unknown): ActorTimer {
    return this.#start(delayMs, message, false);
  }

  /** Delivers `message` every `periodMs`, from one period from now. */
  every(periodMs: number, message: unknown): ActorTimer {
    return this.#start(Math.max(periodMs, 1), message, true);
  }

  /** Arms, changes or (with `null`) ends the receive time-out. */
  setReceiveTimeout(timeoutMs: number | null): void {
    if (this.#receiveTimer !== null) this.#host.clock.clearTimer(this.#receiveTimer);
    this.#receiveTimer = null;
    if (timeoutMs === null) return;
    mustBeNumber(timeoutMs);
    const leastMs = Math.max(timeoutMs, 1);
    this.touch();
    this.#armReceiveTimeout(leastMs, leastMs);
  }

  /** Ends them all. */
  cancelAll(): void {
    for (const timer of this.#running) timer.cancel();
    this.setReceiveTimeout(null);
  }

  #start(delayMs: number, message: unknown, repeats: boolean): ActorTimer {
    mustBeNumber(delayMs);
    const timer = new RunningTimer(this.#host, delayMs, message, repeats, this.#running);
    this.#running.add(timer);
    timer.arm(delayMs);
    return timer;
  }

  /** A message was handled: the receive time-out counts from now. */
  touch(): void {
    this.#touchedMs = this.#host.clock.elapsedMs();
  }

  /** Whether the actor has to {@link ActorTimers.touch} at each message. */
  get watchesReceive(): boolean {
    return this.#receiveTimer !== null;
  }

  /** Not re-armed at each message, which would cost a timer each: when it fires, it waits again for what is missing. */
  #armReceiveTimeout(timeoutMs: number, delayMs: number): void {
    this.#receiveTimer = this.#host.clock.setTimer(() => {
      const leftMs = this.#touchedMs + timeoutMs - this.#host.clock.elapsedMs();
      if (leftMs > 0) return this.#armReceiveTimeout(timeoutMs, leftMs);
      this.touch();
      this.#armReceiveTimeout(timeoutMs, timeoutMs);
      this.#host.receiveTimedOut();
    }, delayMs);
  }
}

class RunningTimer implements ActorTimer {
  readonly #host: TimersHost;
  readonly #periodMs: number;
  readonly #message: unknown;
  readonly #repeats: boolean;
  readonly #running: Set<RunningTimer>;
  #dueMs: number;
  #id: TimerId | null = null;

  constructor(
    host: TimersHost,
    periodMs: number,
    message: unknown,
    repeats: boolean,
    running: Set<RunningTimer>,
  ) {
    this.#host = host;
    this.#periodMs = periodMs;
    this.#message = message;
    this.#repeats = repeats;
    this.#running = running;
    this.#dueMs = host.clock.elapsedMs() + periodMs;
  }

  arm(delayMs: number): void {
    this.#id = this.#host.clock.setTimer(() => this.#fire(), delayMs);
  }

  cancel(): void {
    if (this.#id !== null) this.#host.clock.clearTimer(this.#id);
    this.#id = null;
    this.#running.delete(this);
  }

  #fire(): void {
    this.#id = null;
    if (this.#repeats) {
      // The grid is kept: a late tick does not shift the next ones, and missed ticks are not made up for.
      const nowMs = this.#host.clock.elapsedMs();
      const missed = Math.max(Math.floor((nowMs - this.#dueMs) / this.#periodMs), 0);
      this.#dueMs += (missed + 1) * this.#periodMs;
      this.arm(this.#dueMs - nowMs);
    } else this.#running.delete(this);
    this.#host.deliver(this.#message);
  }
}

function mustBeNumber(delayMs: number): void {
  if (typeof delayMs === "number" && !Number.isNaN(delayMs)) return;
  throw new TroupeError("bad_timer", `A timer takes a number of milliseconds, got ${delayMs}`);
}
