import { TroupeError } from "../base/errors.ts";
import { Behavior, type SpawnOptions } from "./behavior.ts";
import type { Cell } from "./cell.ts";
import { FamilySupervision, type Restart } from "./family.ts";
import { type Ref, target } from "./ref.ts";
import type { Backoff, Intensity } from "./restarts.ts";
import { checkRestartOptions } from "./supervisor.ts";

/** What {@link DynamicSupervisor} takes. */
export interface DynamicSupervisorOptions<M, A> {
  /** What all its children run. */
  child: Behavior<M, A>;
  /** Names it in paths and logs. Default: `dynamic-supervisor`. */
  name?: string;
  /** When a child is restarted. Default: `temporary`. */
  restart?: Restart;
  /** How many restarts are too many. Default: 3 within 5 s; then the supervisor fails itself. */
  intensity?: Intensity;
  /** How long to wait before a restart. Default: not at all. */
  backoff?: Backoff;
  /** How many children it has at the most. Default: 1,000,000. */
  maxChildren?: number;
}

/** Where a supervisor can be started: a `System`, or an actor's context. */
export interface Spawner {
  /** Starts an actor there. Throws {@link TroupeError} `name_taken`, or `actor_stopped` where it is too late. */
  spawn<N, A>(behavior: Behavior<N, A>, options?: SpawnOptions<A>): Ref<N>;
}

/**
 * Children of one kind, started on demand. Starting one is a plain call: it returns the child's address at once, and
 * its `init` runs in the child's own turn.
 *
 * @example
 * ```ts
 * import { actor, DynamicSupervisor, System } from "@troupe/core/actors";
 * import { assertEquals } from "@std/assert";
 *
 * const greeter = actor<string, string, string>({ init: (_ctx, name) => name, receive: (name) => name });
 * await using system = new System();
 * const greeters = new DynamicSupervisor(system, { child: greeter, restart: "transient" });
 * greeters.start({ args: "Ada" });
 * assertEquals(greeters.size, 1);
 * ```
 */
export class DynamicSupervisor<M, A = void> {
  /** The supervisor's own address, to watch or to stop it. */
  readonly ref: Ref<never>;
  readonly #cell: Cell;
  readonly #options: DynamicSupervisorOptions<M, A>;

  /**
   * Starts a supervisor without children below `parent`.
   *
   * @throws {TroupeError} `bad_supervisor` if an intensity or a backoff makes no sense.
   */
  constructor(parent: Spawner, options: DynamicSupervisorOptions<M, A>) {
    checkRestartOptions(options.intensity, options.backoff);
    const name = options.name ?? "dynamic-supervisor";
    const behavior = new Behavior<never>(
      { name, init: () => null, receive: (state) => state },
      (host: Cell) => new FamilySupervision(host, { ...options, strategy: "one-for-one", children: [] }),
    );
    this.ref = parent.spawn(behavior, { label: name });
    this.#cell = target(this.ref) as Cell;
    this.#options = options;
  }

  /** How many children it has. */
  get size(): number {
    return this.#cell.childCount;
  }

  /**
   * Starts a child and returns its address.
   *
   * @throws {TroupeError} `too_many_children` (retryable) at `maxChildren`; `actor_stopped` if the supervisor has
   * stopped; `name_taken`.
   */
  start(options?: SpawnOptions<A>): Ref<M> {
    const { maxChildren = 1_000_000, child } = this.#options;
    if (this.size >= maxChildren) {
      this.#cell.kernel.counters.add("supervisors.children_refused");
      throw new TroupeError("too_many_children", `${this.ref} has ${maxChildren} children already`, {
        retryable: true,
        details: { maxChildren },
      });
    }
    return this.#cell.spawnChild(child, options);
  }
}
