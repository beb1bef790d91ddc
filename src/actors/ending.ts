import type { TimerId } from "../base/clock.ts";
import type { StopReason } from "./supervision.ts";
import type { Kernel } from "./kernel.ts";
import type { Watcher } from "./death_watch.ts";

/** A child that has to end before its parent does. */
export interface EndingChild {
  readonly ended: boolean;
  terminate(): void;
  addWatcher(watcher: Watcher): boolean;
}

/** What an end needs of the actor that ends. */
export interface EndingHost {
  readonly kernel: Kernel;
  readonly path: string;
  /** How long its pending handler and its stop hook may take together, in milliseconds. */
  readonly stopTimeoutMs: number;
  /** Runs the behaviour's stop hook, if there is something to clean up. */
  stopHook(reason: StopReason): void | Promise<void>;
  /** The pending handler is not waited for any more: whatever it still does counts for nothing. */
  abandonHandler(): void;
  /** All is done. */
  incarnationEnded(reason: StopReason, restartable: boolean): void;
}

/**
 * The end of one incarnation, step by step: its handler settles, its children end in reverse order, its stop hook
 * runs. Each actor has a time-out of its own for its own steps; while it waits for a child, the child's counts.
 */
export class Ending {
  readonly #host: EndingHost;
  readonly #children: EndingChild[];
  #reason: StopReason;
  #restartable: boolean;
  #leftMs: number;
  #waitsSinceMs = 0;
  #timer: TimerId | null = null;
  #over = false;

  /** `children` are in the order of their start. */
  constructor(host: EndingHost, reason: StopReason, restartable: boolean, children: EndingChild[]) {
    this.#host = host;
    this.#reason = reason;
    this.#restartable = restartable;
    this.#children = children;
    this.#leftMs = host.stopTimeoutMs;
  }

  /** Begins. With `handlerPending` it waits for {@link Ending.handlerSettled} first. */
  begin(handlerPending: boolean): void {
    if (!handlerPending) return this.#endChildren();
    this.#wait(() => {
      this.#host.abandonHandler();
      this.#endChildren();
    });
  }

  /** The actor is not in the middle of a message any more. */
  handlerSettled(): void {
    this.#waited();
    this.#endChildren();
  }

  /** It will not be restarted, whatever the reason of the end. */
  forGood(): void {
    this.#restartable = false;
  }

  /** Nothing more of it happens: its owner is cut off. */
  cancel(): void {
    this.#over = true;
    this.#waited();
  }

  #endChildren(): void {
    for (let child = this.#children.at(-1); child !== undefined; child = this.#children.at(-1)) {
      child.terminate();
      if (!child.ended) {
        child.addWatcher({
          terminated: () => {
            if (!this.#over) this.#endChildren();
          },
        });
        return;
      }
      this.#children.pop();
    }
    this.#runStopHook();
  }

  #runStopHook(): void {
    try {
      const pending = this.#host.stopHook(this.#reason);
      if (!(pending instanceof Promise)) return this.#done();
      this.#wait(() => this.#done());
      pending.catch((error) => this.#failed(error)).then(() => {
        if (this.#over) return;
        this.#waited();
        this.#done();
        this.#host.kernel.scheduler.drain();
      });
    } catch (error) {
      this.#failed(error);
      this.#done();
    }
  }

  #failed(error: unknown): void {
    this.#host.kernel.counters.add("actors.stop_failed");
    this.#host.kernel.logger.log("error", "stop hook failed", { actor: this.#host.path, error });
  }

  #done(): void {
    if (this.#over) return; // cut off by its own stop hook
    this.#over = true;
    this.#host.incarnationEnded(this.#reason, this.#restartable);
  }

  /** Spends what is left of the time; if that is not enough, the actor counts as cut off and `goOn` is called. */
  #wait(goOn: () => void): void {
    const { clock, counters, scheduler } = this.#host.kernel;
    this.#waitsSinceMs = clock.elapsedMs();
    this.#timer = clock.setTimer(() => {
      this.#timer = null;
      this.#leftMs = 0;
      this.#reason = { kind: "aborted" };
      counters.add("actors.aborted");
      goOn();
      scheduler.drain();
    }, this.#leftMs);
  }

  #waited(): void {
    if (this.#timer === null) return;
    const { clock } = this.#host.kernel;
    clock.clearTimer(this.#timer);
    this.#timer = null;
    this.#leftMs -= clock.elapsedMs() - this.#waitsSinceMs;
  }
}
