import type { Ref } from "./ref.ts";
import type { StopReason } from "./supervision.ts";

/** Who wants to know when an actor has ended for good. */
export interface Watcher {
  /** The actor has ended. Called once, from within the end: MUST NOT throw and MUST NOT block. */
  terminated(ref: Ref<never>, reason: StopReason): void;
}

/** An actor that can be watched. */
export interface Watched {
  removeWatcher(watcher: Watcher): void;
}

/** Both sides of watching for one actor: who watches it, and whom it watches. */
export class DeathWatch {
  readonly #watchers = new Set<Watcher>();
  readonly #watching = new Set<Watched>();

  /** `watcher` is told when this actor ends. */
  add(watcher: Watcher): void {
    this.#watchers.add(watcher);
  }

  /** `watcher` is not told any more. */
  remove(watcher: Watcher): void {
    this.#watchers.delete(watcher);
  }

  /** This actor watches `watched` from now on. */
  follows(watched: Watched): void {
    this.#watching.add(watched);
  }

  /** This actor does not watch `watched` any more. */
  forgets(watched: Watched): void {
    this.#watching.delete(watched);
  }

  /** An incarnation ends: it watches nobody any more. */
  unfollowAll(self: Watcher): void {
    for (const watched of this.#watching) watched.removeWatcher(self);
    this.#watching.clear();
  }

  /** This actor has ended for good: tells its watchers. */
  announce(ref: Ref<never>, reason: StopReason): void {
    for (const watcher of this.#watchers) watcher.terminated(ref, reason);
    this.#watchers.clear();
  }
}
