import type { TimerId } from "../base/clock.ts";
import { TroupeError } from "../base/errors.ts";
import type { SpawnOptions } from "./behavior.ts";
import type { Behavior } from "./behavior.ts";
import { type Cell, DEFAULT_STOP_TIMEOUT_MS } from "./cell.ts";
import { type Backoff, BackoffCount, type Intensity, RestartWindow } from "./restarts.ts";
import type { StopReason, SupervisedChild, Supervision } from "./supervision.ts";

/**
 * When a child is restarted. `permanent`: always, also after a normal stop. `transient`: after a failure. `temporary`:
 * never.
 */
export type Restart = "permanent" | "transient" | "temporary";

/**
 * Who is restarted when one child is. `one-for-one`: that child. `one-for-all`: all children. `rest-for-one`: that
 * child and those that were started after it.
 */
export type Strategy = "one-for-one" | "one-for-all" | "rest-for-one";

/** A child as its supervisor is to start it. */
export interface Member extends SpawnOptions<never> {
  readonly behavior: Behavior<never, never>;
  readonly restart?: Restart;
}

/** How a family of children is kept alive. */
export interface FamilyOptions {
  readonly strategy: Strategy;
  readonly intensity?: Intensity;
  readonly backoff?: Backoff;
  /** Started with the supervisor, in order. */
  readonly children: readonly Member[];
}

/** What is known of one child. */
interface Entry {
  readonly member: Member;
  readonly backoff: BackoffCount;
}

/** The children of one supervisor: starts them in order, restarts them by strategy, gives up by intensity. */
export class FamilySupervision implements Supervision {
  readonly #host: Cell;
  readonly #options: FamilyOptions;
  readonly #window: RestartWindow;
  /** In the order of their start. */
  readonly #entries = new Map<SupervisedChild, Entry>();
  /** What is still to be started or restarted, one after the other. */
  #starting: (Member | SupervisedChild)[] = [];
  /** Children that still have to end before a group restart, in the order of their start. */
  #stopping: SupervisedChild[] = [];
  #stopTimer: TimerId | null = null;
  #restartTimers = new Set<TimerId>();
  #disposed = false;

  constructor(host: Cell, options: FamilyOptions) {
    this.#host = host;
    this.#options = options;
    this.#window = new RestartWindow(options.intensity);
  }

  start(): void {
    this.#starting = [...this.#options.children];
    this.#startNext();
  }

  /** Starts a child outside the list. */
  add(member: Member): Cell {
    const cell = this.#host.adopt(member.behavior, member);
    this.#entries.set(cell, { member, backoff: new BackoffCount() });
    return cell;
  }

  childStarted(child: SupervisedChild): void {
    this.#entries.get(child)?.backoff.started(this.#nowMs());
    if (this.#starting[0] === child || this.#awaited === child) {
      this.#awaited = null;
      this.#startNext();
    }
  }

  /** The child whose `init` the next start waits for. */
  #awaited: SupervisedChild | null = null;

  #startNext(): void {
    const next = this.#starting.shift();
    if (next === undefined || this.#disposed) return;
    if ("behavior" in next) this.#awaited = this.add(next);
    else if (next.held) {
      this.#awaited = next;
      next.restart();
    } else this.#startNext();
  }

  childEnded(child: SupervisedChild, reason: StopReason): "terminate" | "hold" {
    const entry = this.#entries.get(child);
    if (this.#disposed || entry === undefined) return "terminate";
    if (this.#stopping.includes(child)) return this.#groupMemberEnded(child, entry);
    if (!mustRestart(entry.member.restart ?? "permanent", reason)) {
      if (this.#awaited === child) this.#awaitedIsGone();
      return "terminate";
    }
    if (!this.#window.allows(this.#nowMs())) {
      this.#host.fail(this.#tooManyRestarts(child, reason));
      return "terminate";
    }
    const delayMs = this.#options.backoff === undefined
      ? 0
      : entry.backoff.nextDelayMs(this.#options.backoff, this.#nowMs(), this.#host.kernel.random);
    if (this.#options.strategy === "one-for-one") this.#later(delayMs, () => child.restart());
    else this.#stopGroup(child, delayMs);
    return "hold";
  }

  childGone(child: SupervisedChild): void {
    this.#entries.delete(child);
    if (this.#stopping.includes(child)) this.#stopped(child);
  }

  dispose(): void {
    this.#disposed = true;
    this.#starting = [];
    this.#stopping = [];
    for (const timer of this.#restartTimers) this.#host.kernel.clock.clearTimer(timer);
    this.#restartTimers.clear();
    this.#clearStopTimer();
  }

  #awaitedIsGone(): void {
    this.#awaited = null;
    this.#startNext();
  }

  // ── One for all, rest for one ────────────────────────────────────────────────────────────────────────────────────

  #stopGroup(failed: SupervisedChild, delayMs: number): void {
    const all = [...this.#entries.keys()];
    const group = this.#options.strategy === "one-for-all" ? all : all.slice(all.indexOf(failed));
    for (const timer of this.#restartTimers) this.#host.kernel.clock.clearTimer(timer);
    this.#restartTimers.clear();
    const neverStarted = this.#starting.filter((each) => "behavior" in each);
    this.#starting = [];
    this.#awaited = null;
    this.#afterGroup = () =>
      this.#later(delayMs, () => {
        this.#starting = [...group, ...neverStarted];
        this.#startNext();
      });
    this.#stopping = group.filter((each) => each !== failed && !each.held);
    this.#stopLast();
  }

  #afterGroup: () => void = () => {};

  #stopLast(): void {
    const last = this.#stopping.at(-1);
    if (last === undefined) return this.#afterGroup();
    const stopTimeoutMs = this.#entries.get(last)?.member.stopTimeoutMs ?? DEFAULT_STOP_TIMEOUT_MS;
    this.#stopTimer = this.#host.kernel.clock.setTimer(() => {
      this.#stopTimer = null;
      last.abort(true);
      this.#stopped(last);
      this.#host.kernel.scheduler.drain();
    }, stopTimeoutMs);
    last.endIncarnation();
  }

  #groupMemberEnded(child: SupervisedChild, entry: Entry): "terminate" | "hold" {
    if (entry.member.restart === "temporary") return "terminate"; // childGone goes on
    this.#stopped(child);
    return "hold";
  }

  #stopped(child: SupervisedChild): void {
    const wasLast = this.#stopping.at(-1) === child;
    this.#stopping = this.#stopping.filter((each) => each !== child);
    if (!wasLast) return;
    this.#clearStopTimer();
    this.#stopLast();
  }

  #clearStopTimer(): void {
    if (this.#stopTimer !== null) this.#host.kernel.clock.clearTimer(this.#stopTimer);
    this.#stopTimer = null;
  }

  // ── ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #later(delayMs: number, restart: () => void): void {
    if (delayMs <= 0) return restart();
    const { clock, scheduler } = this.#host.kernel;
    const timer = clock.setTimer(() => {
      this.#restartTimers.delete(timer);
      restart();
      scheduler.drain();
    }, delayMs);
    this.#restartTimers.add(timer);
  }

  #nowMs(): number {
    return this.#host.kernel.clock.elapsedMs();
  }

  #tooManyRestarts(child: SupervisedChild, reason: StopReason): TroupeError {
    const { restarts = 3, withinMs = 5_000 } = this.#options.intensity ?? {};
    return new TroupeError(
      "too_many_restarts",
      `${this.#host.path} gives up: ${child.path} needed more than ${restarts} restarts within ${withinMs} ms`,
      { cause: reason.error, details: { restarts, withinMs, child: child.path } },
    );
  }
}

function mustRestart(restart: Restart, reason: StopReason): boolean {
  if (restart === "permanent") return true;
  return restart === "transient" && (reason.kind === "crashed" || reason.kind === "aborted");
}
