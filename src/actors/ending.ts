import type { StopReason } from "./supervision.ts";
import type { Kernel } from "./kernel.ts";
import type { Ref } from "./ref.ts";

/** A child that has to end before its parent does. */
export interface EndingChild {
  readonly ended: boolean;
  readonly stopTimeoutMs: number;
  terminate(): void;
  abort(): void;
  addWatcher(watcher: { terminated(ref: Ref<never>, reason: StopReason): void }): boolean;
}

/** What an end needs of the actor that ends. */
export interface EndingHost {
  readonly kernel: Kernel;
  readonly path: string;
  /** Runs the behaviour's stop hook, if there is something to clean up. */
  stopHook(reason: StopReason): void | Promise<void>;
  /** All is done. */
  incarnationEnded(reason: StopReason, restartable: boolean): void;
}

/**
 * The end of one incarnation, step by step: children in reverse order, each with its time-out, then the stop hook.
 * Its owner calls {@link Ending.proceed} when the actor is not in the middle of a message.
 */
export class Ending {
  readonly #host: EndingHost;
  readonly #reason: StopReason;
  readonly #children: EndingChild[];
  #restartable: boolean;

  /** `children` are in the order of their start. */
  constructor(host: EndingHost, reason: StopReason, restartable: boolean, children: EndingChild[]) {
    this.#host = host;
    this.#reason = reason;
    this.#restartable = restartable;
    this.#children = children;
  }

  /** It will not be restarted, whatever the reason of the end. */
  forGood(): void {
    this.#restartable = false;
  }

  /** Goes on: with the last child that is left, else with the stop hook. */
  proceed(): void {
    for (let child = this.#children.at(-1); child !== undefined; child = this.#children.at(-1)) {
      child.terminate();
      if (!child.ended) return this.#await(child);
      this.#children.pop();
    }
    this.#runStopHook();
  }

  #await(child: EndingChild): void {
    const { clock, scheduler } = this.#host.kernel;
    const timer = clock.setTimer(() => {
      child.abort();
      scheduler.drain();
    }, child.stopTimeoutMs);
    child.addWatcher({
      terminated: () => {
        clock.clearTimer(timer);
        this.#children.pop();
        this.proceed();
      },
    });
  }

  #runStopHook(): void {
    try {
      const pending = this.#host.stopHook(this.#reason);
      if (!(pending instanceof Promise)) return this.#done();
      pending.catch((error) => this.#failed(error)).then(() => {
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
    this.#host.incarnationEnded(this.#reason, this.#restartable);
  }
}
