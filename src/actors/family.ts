import type { TimerId } from "../base/clock.ts";
import { TroupeError } from "../base/errors.ts";
import type { Behavior, SpawnOptions } from "./behavior.ts";
import type { Cell } from "./cell.ts";
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
  /** When a child outside that list is restarted. Default: `temporary`. */
  readonly restart?: Restart;
}

/** The restarts of one child: most children never need any. */
interface Restarts {
  readonly count: BackoffCount;
  /** Until the next one, under `one-for-one`. */
  timer: TimerId | null;
}

/**
 * The children of one supervisor: starts them in order, restarts them by strategy, gives up by intensity.
 *
 * Under `one-for-one` each child is restarted by itself. Under the other strategies a group is: its members end in
 * reverse order, then the delay passes, then they start in order, each after the one before. At most one such round
 * is under way: when a child outside the group fails meanwhile, its own group, which holds the first, takes over.
 */
export class FamilySupervision implements Supervision {
  readonly #host: Cell;
  readonly #options: FamilyOptions;
  readonly #window: RestartWindow;
  /** The children from the list. All others are alike. */
  readonly #listed = new Map<SupervisedChild, Member>();
  readonly #restarts = new Map<SupervisedChild, Restarts>();
  /** Members of the list that have not been started yet, the next one last. */
  readonly #unborn: Member[];
  /** The group's members that are still to be ended, the next one first. */
  #toEnd = new Set<SupervisedChild>();
  /** The group's members that are still to be restarted, the next one last. */
  #toRestart: SupervisedChild[] = [];
  /** How long the group waits before its first restart. */
  #groupDelayMs = 0;
  #groupTimer: TimerId | null = null;
  /** Whether the group is ending its members right now, in a loop that goes on by itself. */
  #endingGroup = false;
  /** The child that has to start before the next one may. */
  #awaited: SupervisedChild | null = null;
  /** Whether the list has been started once. */
  #complete = false;
  #disposed = false;

  constructor(host: Cell, options: FamilyOptions) {
    this.#host = host;
    this.#options = options;
    this.#window = new RestartWindow(options.intensity);
    this.#unborn = [...options.children].reverse();
  }

  start(): void {
    this.#startNext();
  }

  childStarted(child: SupervisedChild): void {
    this.#restarts.get(child)?.count.started(this.#nowMs());
    this.#goOnAfter(child);
  }

  childEnded(child: SupervisedChild, reason: StopReason): "terminate" | "hold" | Error {
    if (this.#disposed) return "terminate";
    const restart = this.#restartOf(child);
    if (this.#toEnd.has(child)) {
      if (restart === "temporary") return "terminate"; // childGone goes on
      this.#endedInGroup(child);
      return "hold";
    }
    if (!isDue(restart, reason)) return "terminate";
    if (!this.#window.allows(this.#nowMs())) {
      this.dispose();
      return this.#tooManyRestarts(child, reason);
    }
    this.#restart(child);
    return "hold";
  }

  childGone(child: SupervisedChild): void {
    this.#forget(this.#restarts.get(child)?.timer ?? null);
    this.#restarts.delete(child);
    this.#listed.delete(child);
    this.#endedInGroup(child);
    this.#goOnAfter(child);
  }

  dispose(): void {
    this.#disposed = true;
    this.#forget(this.#groupTimer);
    for (const { timer } of this.#restarts.values()) this.#forget(timer);
  }

  #restartOf(child: SupervisedChild): Restart {
    const member = this.#listed.get(child);
    return member === undefined ? this.#options.restart ?? "temporary" : member.restart ?? "permanent";
  }

  #restart(child: SupervisedChild): void {
    let restarts = this.#restarts.get(child);
    if (restarts === undefined) {
      this.#restarts.set(child, restarts = { count: new BackoffCount(), timer: null });
    }
    const { backoff, strategy } = this.#options;
    const { random } = this.#host.kernel;
    const delayMs = backoff === undefined ? 0 : restarts.count.nextDelayMs(backoff, this.#nowMs(), random);
    if (strategy === "one-for-one") restarts.timer = this.#later(delayMs, () => child.restart());
    else this.#restartGroup(child, delayMs);
  }

  // ── Starting, one after the other ────────────────────────────────────────────────────────────────────────────────

  /** If the next start waited for `child`, it is next. */
  #goOnAfter(child: SupervisedChild): void {
    if (this.#awaited !== child) return;
    this.#awaited = null;
    this.#startNext();
  }

  #startNext(): void {
    if (this.#disposed) return;
    for (let child = this.#toRestart.pop(); child !== undefined; child = this.#toRestart.pop()) {
      if (!child.held) continue; // it has ended for good meanwhile
      this.#awaited = child;
      return child.restart();
    }
    const member = this.#unborn.pop();
    if (member !== undefined) return this.#startFirst(member);
    if (this.#complete) return;
    this.#complete = true;
    this.#host.childrenStarted();
  }

  #startFirst(member: Member): void {
    try {
      this.#listed.set(this.#awaited = this.#host.adopt(member.behavior, member), member);
    } catch (error) {
      this.#host.fail(error); // its name is taken
    }
  }

  // ── One for all, rest for one ────────────────────────────────────────────────────────────────────────────────────

  #restartGroup(failed: SupervisedChild, delayMs: number): void {
    const all: SupervisedChild[] = this.#host.children;
    const group = this.#options.strategy === "one-for-all" ? all : all.slice(all.indexOf(failed));
    this.#forget(this.#groupTimer);
    this.#awaited = null;
    this.#groupDelayMs = delayMs;
    this.#toRestart = group.reverse();
    this.#toEnd = new Set(group.filter((each) => !each.held));
    this.#endGroup();
  }

  #endGroup(): void {
    this.#endingGroup = true;
    for (const next of this.#toEnd) {
      next.endIncarnation();
      if (this.#toEnd.has(next)) break; // it needs time
    }
    this.#endingGroup = false;
    if (this.#toEnd.size > 0 || this.#disposed) return;
    this.#groupTimer = this.#later(this.#groupDelayMs, () => this.#startNext());
  }

  #endedInGroup(child: SupervisedChild): void {
    const [next] = this.#toEnd;
    this.#toEnd.delete(child);
    if (next === child && !this.#endingGroup && !this.#disposed) this.#endGroup();
  }

  // ── Time ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  #later(delayMs: number, restart: () => void): TimerId | null {
    if (delayMs > 0) {
      const { clock, scheduler } = this.#host.kernel;
      return clock.setTimer(() => {
        restart();
        scheduler.drain();
      }, delayMs);
    }
    restart();
    return null;
  }

  #forget(timer: TimerId | null): void {
    if (timer !== null) this.#host.kernel.clock.clearTimer(timer);
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

function isDue(restart: Restart, reason: StopReason): boolean {
  if (restart === "permanent") return true;
  return restart === "transient" && (reason.kind === "crashed" || reason.kind === "aborted");
}
